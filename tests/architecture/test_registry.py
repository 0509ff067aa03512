"""The registry is what the code does: who publishes, who reads, and in which direction."""

from dataclasses import replace

import pytest

from shared.events.topics import SERVICES, TOPICS
from tests.architecture.conftest import Plant
from tests.architecture.guards import direction, registry
from tests.architecture.guards.source import ROOT

CODE, DOCSTRING = "services/mailer/code.py", "services/mailer/__init__.py"


def as_registered() -> dict[str, str]:
    """A tree that does exactly what the registry says."""
    files = {}
    for service in SERVICES:
        published, read = registry.published_by_service(service), registry.read_by_service(service)
        lines = [f"service.subscribe({topic.model.__name__}, {registry.handler_of(topic.name)})" for topic in read]
        lines += [f"{topic.model.__name__}(leak_id=leak_id)" for topic in published]
        files[f"services/{service}/code.py"] = "\n".join(lines)
        reads, publishes = (" ".join(topic.name for topic in topics) for topics in (read, published))
        files[f"services/{service}/__init__.py"] = f'"""Reads {reads}. Publishes {publishes}."""'
    return files


def changed(plant: Plant, path: str, old: str, new: str) -> list[str]:
    files = as_registered()
    assert old in files[path]
    files[path] = files[path].replace(old, new)
    return registry.violations(plant(files))


def test_the_code_does_what_the_registry_says():
    assert registry.violations(ROOT) == []


def test_a_tree_as_registered_is_let_through(plant: Plant):
    assert registry.violations(plant(as_registered())) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "complaint"),
    [
        (CODE, "LeakBounced(leak_id=leak_id)", "", "mailer never publishes leak.bounced.v1"),
        (CODE, "LeakBounced(", "OriginCaptured(", "mailer publishes origin.captured.v1"),
        (CODE, "LeakBounced(", "LeakBounced(**x), LeakExpired.model_construct(", "mailer publishes leak.expired.v1"),
        (CODE, "service.subscribe(LeakDecided, on_leak_decided)", "", "mailer never subscribes to leak.decided.v1"),
        (
            CODE,
            "LeakDecided, on_leak_decided",
            "OriginCaptured, on_origin_captured",
            "subscribes to origin.captured.v1",
        ),
        (CODE, "LeakDecided, on_leak_decided", "LeakDecided, handle", "is called on_leak_decided"),
        (CODE, "LeakDecided,", "EVENT,", "name the event class itself"),
        (CODE, "LeakBounced(", "service.caught_up(OriginCaptured), LeakBounced(", "waits for origin.captured.v1"),
        (DOCSTRING, "Reads ", "Reads origin.captured.v1 ", "__init__.py reads: origin.captured.v1"),
        (DOCSTRING, "leak.bounced.v1", "", "__init__.py publishes: leak.bounced.v1"),
    ],
)
def test_code_that_differs_from_the_registry_is_refused(plant: Plant, path: str, old: str, new: str, complaint: str):
    assert any(complaint in found for found in changed(plant, path, old, new))


def test_events_flow_one_way():
    assert direction.violations(ROOT) == []


def test_a_topic_at_another_stage_than_its_owner_is_refused():
    topic = replace(TOPICS["leak.decided.v1"], owner="mailer-letters")
    assert direction.misplaced((topic,)) == ["leak.decided.v1 stands at stage 2, its owner mailer-letters at 3"]


@pytest.mark.parametrize("answer", ["await self._publisher.publish(event)", "LeakDecided(leak_id=event.leak_id)"])
def test_an_answer_to_a_later_stage_is_refused(plant: Plant, answer: str):
    files = {f"services/{service}/handlers.py": "" for service in SERVICES}
    files["services/gateway/handlers.py"] = f"async def on_leak_confirmed(self, event):\n    {answer}\n"
    assert direction.violations(plant(files)) == [
        "services/gateway/handlers.py:1: on_leak_confirmed answers what comes after gateway"
    ]
