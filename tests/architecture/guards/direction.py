"""Events flow one way: a service answers what stands before it, and only listens to what stands behind it."""

import ast
from pathlib import Path

from shared.events.topics import PROCESSES, SERVICES, TOPICS, Topic
from tests.architecture.guards.registry import EVENTS, handler_of, read_by_service
from tests.architecture.guards.source import functions, parsed, place, python_files

STAGES = {service: stage for stage, service in enumerate(SERVICES)}
TELLING = {"publish", "send", "flush"}


def violations(root: Path) -> list[str]:
    """Topics that stand at another stage than their owner, and handlers that answer backwards."""
    return [*misplaced(tuple(TOPICS.values())), *_backwards(root)]


def misplaced(topics: tuple[Topic, ...]) -> list[str]:
    """Topics whose stage is not their owner's; dead letters stand outside of the flow."""
    return [
        f"{topic.name} stands at stage {topic.stage}, its owner {topic.owner} at {_stage(topic)}"
        for topic in topics
        if topic.name in EVENTS.values() and topic.stage != _stage(topic)
    ]


def _stage(topic: Topic) -> int:
    return STAGES[PROCESSES[topic.owner].service]


def _backwards(root: Path) -> list[str]:
    found = []
    for service in SERVICES:
        listening = {
            handler_of(name)
            for name, topic in TOPICS.items()
            if topic in read_by_service(service) and topic.stage >= STAGES[service]
        }
        for path in python_files(root, f"services/{service}"):
            found += [
                f"{place(root, path, handler)}: {handler.name} answers what comes after {service}"
                for handler in functions(parsed(path))
                if handler.name in listening and _tells(handler)
            ]
    return found


def _tells(handler: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and (
            (isinstance(node.func, ast.Attribute) and node.func.attr in TELLING)
            or (isinstance(node.func, ast.Name) and node.func.id in EVENTS)
        )
        for node in ast.walk(handler)
    )
