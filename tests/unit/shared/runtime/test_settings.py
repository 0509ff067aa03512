"""Settings from the environment, as every service reads them."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from local import env_example
from services.audit.settings import Settings as AuditSettings

NEEDED: dict[str, Any] = {"secrets_dir": Path("/nowhere"), "admin_dir": Path("/nowhere")}
SETTINGS = [pytest.param(settings, id=name) for name, settings in env_example.sections()]


def optional_paths(settings: type[BaseSettings]) -> list[str]:
    return [name for name, field in settings.model_fields.items() if Path in get_args(field.annotation)]


def read(settings: type[BaseSettings]) -> Any:
    needed = {name: value for name, value in NEEDED.items() if name in settings.model_fields}
    if role := settings.model_fields.get("role"):
        needed["role"] = get_args(role.annotation)[0]
    return settings(**needed)


@pytest.mark.parametrize("settings", SETTINGS)
def test_an_empty_path_is_no_path(settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    names = optional_paths(settings)
    assert names
    for name in names:
        monkeypatch.setenv(f"{settings.model_config['env_prefix']}{name.upper()}", "")
    found = read(settings)
    assert {name: getattr(found, name) for name in names} == dict.fromkeys(names)


@pytest.mark.parametrize("settings", SETTINGS)
def test_an_empty_value_is_the_default(settings: type[BaseSettings], monkeypatch: pytest.MonkeyPatch) -> None:
    as_they_are = read(settings)
    for name in settings.model_fields:
        monkeypatch.setenv(f"{settings.model_config['env_prefix']}{name.upper()}", "")
    assert read(settings) == as_they_are


def test_what_must_be_set_is_missing_when_it_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    setup = dict(env_example.sections())["set-up step"]
    monkeypatch.setenv("SETUP_ADMIN_DIR", "")
    with pytest.raises(ValidationError, match="Field required"):
        setup(secrets_dir=Path("/nowhere"))


def test_a_wrong_value_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_ORIGIN_DAYS", "many")
    with pytest.raises(ValidationError, match="origin_days"):
        AuditSettings()
