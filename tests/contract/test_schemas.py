"""What a version of an event promised stays promised."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from local import schemas
from shared.events.dead import DeadLetter
from shared.events.leaks import LeakSubmitted
from shared.events.topics import TOPICS, Topic
from tests.architecture.guards.source import ROOT

EVENTS = {schemas.name_of(topic): topic for topic in TOPICS.values()}
FROZEN = {str(one.path): one for one in schemas.everything()}
SEALED = [one for one in FROZEN.values() if one.folder == schemas.SEAL_SCHEMAS]
EXAMPLES = ROOT / "shared/events/examples"
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
SUBMITTED = TOPICS[LeakSubmitted.TOPIC]


def topic_of(golden: Path) -> Topic:
    return EVENTS[golden.stem.rsplit(".", 1)[0]]


@pytest.mark.parametrize("path", sorted(FROZEN))
def test_the_code_still_has_the_frozen_schema(path: str):
    one = FROZEN[path]
    frozen = schemas.frozen(ROOT, one)
    assert frozen is not None, "run ./leak contract and commit the schema of what is new"
    assert schemas.breaks(frozen, schemas.schema_of(one.model)) == [], "make a new version beside this one"
    assert frozen == schemas.schema_of(one.model), "run ./leak contract and commit what it says more"


def test_no_schema_and_no_example_is_left_of_what_is_gone():
    assert sorted(path.stem for path in EXAMPLES.iterdir()) == sorted(EVENTS)
    kept = [path for folder in (schemas.SCHEMAS, schemas.SEAL_SCHEMAS) for path in (ROOT / folder).iterdir()]
    assert sorted(str(path.relative_to(ROOT)) for path in kept) == sorted(FROZEN)


@pytest.mark.parametrize("one", SEALED, ids=lambda one: one.name)
def test_a_field_inside_a_seal_that_is_renamed_removed_or_retyped_is_refused(one: schemas.Frozen):
    old = schemas.schema_of(one.model)
    for name in old["properties"]:
        renamed, removed, retyped = copy.deepcopy(old), copy.deepcopy(old), copy.deepcopy(old)
        renamed["properties"][f"{name}_2"] = renamed["properties"].pop(name)
        del removed["properties"][name]
        retyped["properties"][name] = {"type": "boolean", "const": True}
        for new in (renamed, removed, retyped):
            assert schemas.breaks(old, new) != []


def narrowed(schema: dict[str, Any]) -> None:
    schema["properties"]["relation"]["enum"].pop()


def widened(schema: dict[str, Any]) -> None:
    schema["properties"]["relation"]["enum"].append("stranger")


def dropped(schema: dict[str, Any]) -> None:
    del schema["properties"]["kind"]
    schema["required"].remove("kind")


def demanded(schema: dict[str, Any]) -> None:
    schema["properties"]["mood"] = {"type": "string"}
    schema["required"].append("mood")


def no_longer_demanded(schema: dict[str, Any]) -> None:
    schema["required"].remove("kind")


def retyped(schema: dict[str, Any]) -> None:
    schema["properties"]["submitted_at"] = {"type": "integer"}


@pytest.mark.parametrize("change", [narrowed, widened, dropped, demanded, no_longer_demanded, retyped])
def test_a_change_that_breaks_a_reader_is_refused(change: Callable[[dict[str, Any]], None]):
    old = schemas.schema_of(SUBMITTED.model)
    new = copy.deepcopy(old)
    change(new)
    assert schemas.breaks(old, new) != []


def test_a_new_optional_field_and_a_better_word_are_let_through():
    old = schemas.schema_of(SUBMITTED.model)
    new = copy.deepcopy(old)
    new["description"] = "said better"
    new["properties"]["mood"] = {"type": "string", "default": "fine"}
    assert schemas.breaks(old, new) == []


def test_freezing_refuses_a_breaking_change_and_leaves_the_promise(tmp_path: Path):
    assert schemas.freeze(tmp_path) == []
    path = tmp_path / schemas.SCHEMAS / f"{SUBMITTED.name}.json"
    promised = json.loads(path.read_text())
    promised["properties"]["mood"] = {"type": "string"}
    path.write_text(json.dumps(promised))
    assert schemas.freeze(tmp_path) == [f"{SUBMITTED.name}: mood is gone; make a new version beside it"]
    assert json.loads(path.read_text()) == promised


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_example_fits_schema_and_model(name: str):
    example = json.loads((EXAMPLES / f"{name}.json").read_text())
    Draft202012Validator(schemas.schema_of(EVENTS[name].model)).validate(example)
    event = EVENTS[name].model.model_validate(example)
    assert json.loads(event.model_dump_json(exclude_none=True)) == example


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.stem)
def test_what_was_once_published_can_still_be_read(golden: Path):
    topic_of(golden).model.model_validate_json(golden.read_bytes())


def test_every_event_has_an_old_payload():
    assert {schemas.name_of(topic_of(golden)) for golden in GOLDEN} == set(EVENTS)


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.stem)
def test_a_reader_ignores_what_it_does_not_know(golden: Path):
    newer = json.loads(golden.read_bytes()) | {"from_the_future": {"x": 1}}
    event = topic_of(golden).model.model_validate_json(json.dumps(newer))
    assert "from_the_future" not in event.model_dump()


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_of_one_subject_has_one_id(name: str):
    payload = (EXAMPLES / f"{name}.json").read_bytes()
    one, repeat = (EVENTS[name].model.model_validate_json(payload) for _ in range(2))
    assert one.event_id == repeat.event_id
    assert one.topic in one.event_id


def test_topics_are_named_noun_participle_version():
    for topic in TOPICS.values():
        noun, participle, version = topic.name.split(".")
        assert (noun + participle).replace("-", "").isalpha()
        assert version.startswith("v")
        assert topic.model is DeadLetter or topic.name == topic.model.TOPIC
