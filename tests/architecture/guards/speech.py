"""What programs say: log lines are constant, with fields from the allow-list; nobody prints."""

import ast
from pathlib import Path

from shared.runtime.logs import FIELDS
from tests.architecture.guards.source import parsed, place, python_files

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "bind"}
LOGGERS = {"log", "_log", "logger", "_logger"}
RESIDENT = ("services", "shared", "deploy")
"""Code that runs unattended. Verbs in local/ talk to a person, so they print."""
COMMANDS = {"services/gateway/clients.py", "services/audit/verify.py"}
"""Commands for a person that live beside what they command; so does every `__main__.py`."""


def violations(root: Path) -> list[str]:
    """Log calls with a message made up at run time or an unknown field, and prints."""
    found = []
    for path in python_files(root, *RESIDENT):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                found += [f"{place(root, path, node)}: {fault}" for fault in _faults(node, str(path.relative_to(root)))]
    return found


def _faults(call: ast.Call, path: str) -> list[str]:
    if isinstance(call.func, ast.Name) and call.func.id == "print" and not _is_command(path):
        return ["prints; log it, with fields"]
    if not _logs(call):
        return []
    strangers = [field.arg or "**" for field in call.keywords if field.arg not in FIELDS]
    faults = [f"{field} is not a field that a log line may have" for field in strangers]
    message = call.args[0] if call.args else None
    if len(call.args) > 1 or (message is not None and not isinstance(message, ast.Constant)):
        faults.append("a log message is constant; facts go into fields")
    return faults


def _is_command(path: str) -> bool:
    return path in COMMANDS or path.endswith("/__main__.py")


def _logs(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LEVELS:
        return False
    owner = call.func.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in LOGGERS
