"""The contract's frozen JSON Schemas: what a version promised stays promised; more may be said, optionally."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shared.events.dead import DeadLetter
from shared.events.topics import TOPICS, Topic
from shared.seals.contents import Note
from shared.seals.purposes import PURPOSES

Schema = Mapping[str, Any]
SCHEMAS = Path("shared/events/schemas")
SEAL_SCHEMAS = Path("shared/seals/schemas")
SAYS_NOTHING = {"title", "description", "default", "examples"}
"""Keywords that describe; readers do not depend on them."""


@dataclass(frozen=True)
class Frozen:
    """A model whose shape others rely on, and where its schema is kept."""

    name: str
    model: type[BaseModel]
    folder: Path

    @property
    def path(self) -> Path:
        """In the tree."""
        return self.folder / f"{self.name}.json"


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of an event or of what is inside a seal, as the code has it now."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def everything() -> list[Frozen]:
    """Every event, and every content of a seal."""
    events = {name_of(topic): topic.model for topic in TOPICS.values()}
    contents: dict[str, type[BaseModel]] = {name: purpose.content for name, purpose in PURPOSES.items()}
    contents["note"] = Note
    return [
        *(Frozen(name, model, SCHEMAS) for name, model in events.items()),
        *(Frozen(name, model, SEAL_SCHEMAS) for name, model in contents.items()),
    ]


def text(schema: Schema) -> str:
    """As it is kept."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def frozen(root: Path, one: Frozen) -> dict[str, Any] | None:
    """The schema that was promised; None for what is new."""
    path = root / one.path
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def name_of(topic: Topic) -> str:
    """Under which schema and example are kept: the topic's own name, one for all dead letters."""
    return "dead.v1" if topic.model is DeadLetter else topic.name


def breaks(old: Schema, new: Schema) -> list[str]:
    """Why services of before and after can't run side by side; empty when they can.

    Old readers meet new events and new readers old ones, since replicas are replaced one by one. So only a new
    optional field is let through.
    """
    before, after = old.get("properties", {}), new.get("properties", {})
    must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
    found = [f"{name} is gone" for name in before.keys() - after.keys()]
    found += [f"{name} is new and required" for name in (after.keys() - before.keys()) & must_after]
    for name in before.keys() & after.keys():
        if (name in must_before) != (name in must_after):
            found.append(f"{name} was {'required' if name in must_before else 'optional'} before")
        if _promise(before[name]) != _promise(after[name]):
            found.append(f"{name} means something else")
    if _promise(old.get("$defs", {})) != _promise(new.get("$defs", {})):
        found.append("a shared definition means something else")
    return sorted(found)


def freeze(root: Path) -> list[str]:
    """Write what is new or only says more; what would break a reader is left as it was, and said."""
    refused = []
    for one in everything():
        old, new = frozen(root, one), schema_of(one.model)
        broken = breaks(old, new) if old else []
        if broken:
            refused.append(f"{one.name}: {', '.join(broken)}; make a new version beside it")
            continue
        path = root / one.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(new), encoding="utf-8")
    return refused


def _promise(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        # Below `properties` these words are names of fields; events are flat, so it does not happen there.
        return {name: _promise(value) for name, value in schema.items() if name not in SAYS_NOTHING}
    if isinstance(schema, list):
        return [_promise(value) for value in schema]
    return schema
