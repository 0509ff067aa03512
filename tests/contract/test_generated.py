"""What is generated from the contract and the settings is current, and true."""

import json
import re
from pathlib import Path

import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from pydantic_settings import BaseSettings

from local import contract, env_example
from shared.events.topics import SERVICES, TOPICS
from tests.architecture.guards.source import ROOT

GENERATED = contract.generated(ROOT)
ASYNCAPI = json.loads(GENERATED["docs/asyncapi.json"])


def stale(root: Path) -> list[str]:
    """The generated files that are not what the code says."""
    return [
        name
        for name, text in GENERATED.items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != text
    ]


def test_the_committed_files_are_what_the_code_says():
    assert stale(ROOT) == [], "run ./leak contract and commit"


def test_a_stale_file_and_a_missing_one_are_noticed(tmp_path: Path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/asyncapi.json").write_text(GENERATED["docs/asyncapi.json"])
    (tmp_path / "docs/events.md").write_text(GENERATED["docs/events.md"].replace("30 days", "31 days"))
    assert stale(tmp_path) == ["docs/events.md", "docs/seals.md", ".env.example"]


def test_the_page_names_every_topic_with_its_owner():
    for topic in TOPICS.values():
        assert f"| `{topic.name}` | {topic.owner} |" in GENERATED["docs/events.md"]


def test_the_asyncapi_document_has_asyncapis_shape():
    ApplicationSchema.model_validate(ASYNCAPI)


def test_every_reference_in_the_asyncapi_document_leads_somewhere():
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', GENERATED["docs/asyncapi.json"]):
        place = ASYNCAPI
        for part in reference.split("/"):
            place = place[part]


def test_operations_are_the_registrys_producers_and_readers():
    said = {
        (name.split(".")[0], operation["action"], operation["channel"]["$ref"].split("/", 2)[2])
        for name, operation in ASYNCAPI["operations"].items()
    }
    tells = {(topic.owner, "send", topic.name) for topic in TOPICS.values()}
    reads = {(reader, "receive", topic.name) for topic in TOPICS.values() for reader in topic.readers}
    assert said == tells | reads


def settings_shown() -> dict[str, str]:
    lines = GENERATED[".env.example"].splitlines()
    return dict(line.lstrip("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line))


def values(settings: BaseSettings) -> dict[str, object]:
    return {
        name: value.resolve() if isinstance(value, Path) else value for name, value in settings.model_dump().items()
    }


def test_every_setting_is_explained_and_shows_its_default():
    shown = settings_shown()
    for _, settings in env_example.sections():
        prefix = settings.model_config["env_prefix"]
        for field, info in settings.model_fields.items():
            assert info.description, f"{settings.__module__}.{field} needs a description"
            assert prefix + field.upper() in shown


def test_the_defaults_shown_are_the_defaults(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GATEWAY_ROLE", "accept")
    monkeypatch.setenv("MAILER_ROLE", "letters")
    services = [settings for name, settings in env_example.sections() if name in SERVICES]
    defaults = [values(settings()) for settings in services]
    monkeypatch.chdir(ROOT)
    for name, value in settings_shown().items():
        if value:
            monkeypatch.setenv(name, value)
    assert [values(settings()) for settings in services] == defaults


def test_no_machine_path_is_shown():
    assert str(ROOT) not in GENERATED[".env.example"]
