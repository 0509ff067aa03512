"""What the pages say to people is what the services do, however they are deployed."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from local import programs
from local.programs import Stack
from services.audit.settings import Settings as Audit
from services.gateway.settings import Settings as Gateway
from services.moderation.settings import Settings as Moderation
from shared.runtime.settings import ServiceSettings

ROOT = Path(__file__).resolve().parents[2]
SAID = {"origin_days": Audit, "delay_max_s": Moderation}
"""A setting of the gateway's pages, and the service that does it."""


def value(service: type[ServiceSettings], name: str, environment: Mapping[str, str]) -> float:
    return float(environment.get(f"{service.SERVICE.upper()}_{name.upper()}", service.model_fields[name].default))


def disagreements(environment: Mapping[str, str]) -> list[str]:
    return [name for name, doer in SAID.items() if value(Gateway, name, environment) != value(doer, name, environment)]


def composed() -> dict[str, str]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    return {name: text for one in services for name, text in one.get("environment", {}).items()}


def clustered() -> dict[str, str]:
    found = [one for path in (ROOT / "deploy/k8s/base").glob("*.yaml") for one in yaml.safe_load_all(path.read_text())]
    maps = [one["data"] for one in found if one and one["kind"] == "ConfigMap"]
    return {name: text for data in maps for name, text in data.items()}


def local_stack() -> dict[str, str]:
    stack = Stack(Path("/nowhere"), 20_000, delay_max_s=7)
    return {
        name: text
        for process in ("gateway-accept", "moderation", "audit")
        for name, text in programs.own_settings(stack, process).items()
    }


@pytest.mark.parametrize("environment", [dict, composed, clustered, local_stack], ids=lambda made: made.__name__)
def test_the_pages_say_what_the_services_do(environment) -> None:
    assert disagreements(environment()) == []


def test_a_page_that_says_something_else_is_found() -> None:
    assert disagreements({"MODERATION_DELAY_MAX_S": "5"}) == ["delay_max_s"]
    assert disagreements({"GATEWAY_ORIGIN_DAYS": "30"}) == ["origin_days"]
