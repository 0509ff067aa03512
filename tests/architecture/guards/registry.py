"""What the code publishes, subscribes to and says in its docstrings is what the registry says."""

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.events.topics import SERVICES, TOPICS, Topic, processes_of, published_by, read_by
from tests.architecture.guards.source import parsed, place, python_files

EVENTS = {topic.model.__name__: name for name, topic in TOPICS.items() if not name.endswith(".dead.v1")}
"""Event class → topic. Dead letters are left out: the runtime publishes them, for every service alike."""
TOPIC_NAME = re.compile(r"\b[a-z]+\.[a-z]+\.v\d+\b")


def violations(root: Path) -> list[str]:
    """Where code, docstring and registry differ, service by service."""
    found = []
    for service in SERVICES:
        files = list(python_files(root, f"services/{service}"))
        trees = {path: parsed(path) for path in files}
        owned = {topic.name for topic in published_by_service(service)}
        read = {topic.name for topic in read_by_service(service)}
        found += _differences(service, "publishes", published(trees.values()), owned)
        found += _differences(service, "subscribes to", subscribed(trees.values()), read)
        found += [f"{service} waits for {name}, which it may not read" for name in waited_for(trees.values()) - read]
        found += _doubtful(root, trees)
        found += _docstring(root / "services" / service / "__init__.py", service, owned, read)
    return found


def published_by_service(service: str) -> list[Topic]:
    """The topics that any process of a service may write, dead letters apart."""
    return [
        topic
        for process in processes_of(service)
        for topic in published_by(process.name)
        if topic.name in EVENTS.values()
    ]


def read_by_service(service: str) -> list[Topic]:
    """The topics that any process of a service may read, each once, dead letters apart."""
    topics = {topic.name: topic for process in processes_of(service) for topic in read_by(process.name)}
    return [topic for name, topic in topics.items() if name in EVENTS.values()]


def published(trees: Iterable[ast.Module]) -> set[str]:
    """Topics whose event is constructed: the only use of that is to publish it."""
    return {EVENTS[name] for call in _calls(trees) if (name := _constructed(call)) in EVENTS}


def subscribed(trees: Iterable[ast.Module]) -> set[str]:
    """Topics named in a call of `subscribe`."""
    return _named_in("subscribe", trees)


def waited_for(trees: Iterable[ast.Module]) -> set[str]:
    """Topics whose end is waited for."""
    return _named_in("caught_up", trees)


def _differences(service: str, verb: str, does: set[str], may: set[str]) -> list[str]:
    return [
        *(f"{service} {verb} {name}; the registry doesn't say so" for name in sorted(does - may)),
        *(f"{service} never {verb} {name}; the registry says it does" for name in sorted(may - does)),
    ]


def handler_of(topic: str) -> str:
    """The name of the function that a topic's events are given to, in every service."""
    return "on_" + topic.rsplit(".", 1)[0].replace(".", "_")


def _doubtful(root: Path, trees: Mapping[Path, ast.Module]) -> list[str]:
    found = []
    calls = ((path, call) for path, tree in trees.items() for call in _calls([tree]))
    for path, call in calls:
        if not _is_method(call, "subscribe"):
            continue
        topic = EVENTS.get(_first(call) or "")
        if topic is None:
            found.append(f"{place(root, path, call)}: name the event class itself, so that this can be read")
        elif _handler(call) != handler_of(topic):
            found.append(f"{place(root, path, call)}: what handles {topic} is called {handler_of(topic)}")
    return found


def _handler(call: ast.Call) -> str:
    given = call.args[1] if len(call.args) > 1 else None
    return given.attr if isinstance(given, ast.Attribute) else given.id if isinstance(given, ast.Name) else ""


def _docstring(path: Path, service: str, owned: set[str], read: set[str]) -> list[str]:
    text = (ast.get_docstring(parsed(path)) or "") if path.exists() else ""
    reads, _, publishes = text.partition("ublishes")
    said = {"reads": (set(TOPIC_NAME.findall(reads)), read), "publishes": (set(TOPIC_NAME.findall(publishes)), owned)}
    return [
        f"services/{service}/__init__.py {verb}: {', '.join(sorted(says ^ should))} differ from the registry"
        for verb, (says, should) in said.items()
        if says != should
    ]


def _named_in(method: str, trees: Iterable[ast.Module]) -> set[str]:
    named = (_first(call) for call in _calls(trees) if _is_method(call, method))
    return {EVENTS[name] for name in named if name in EVENTS}


def _calls(trees: Iterable[ast.Module]) -> Iterable[ast.Call]:
    return (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))


def _constructed(call: ast.Call) -> str | None:
    named = call.func
    if isinstance(named, ast.Attribute) and named.attr == "model_construct":
        named = named.value
    return named.id if isinstance(named, ast.Name) else None


def _is_method(call: ast.Call, name: str) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == name


def _first(call: ast.Call) -> str | None:
    return call.args[0].id if call.args and isinstance(call.args[0], ast.Name) else None
