"""What programs say: log lines are constant, with fields from the allow-list, as are errors' texts; nobody prints."""

import ast
from pathlib import Path

from shared.runtime.logs import FIELDS
from tests.architecture.guards.source import parsed, place, python_files

EXPLAINED = "error"
"""An exception, which the log replaces by its class, cause and place."""
ROOT_OF_ERRORS = "LeakError"
"""What derives from it is logged with its text."""
LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "bind"}
LOGGERS = {"log", "_log", "logger", "_logger"}
RESIDENT = ("services", "shared", "deploy")
"""Code that runs unattended. Verbs in local/ talk to a person, so they print."""
COMMANDS = {"services/gateway/clients.py", "services/audit/verify.py"}
"""Commands for a person that live beside what they command; so does every `__main__.py`."""


def violations(root: Path) -> list[str]:
    """Log calls and errors with a text made up at run time, log calls with an unknown field, and prints."""
    trees = {path: parsed(path) for path in python_files(root, *RESIDENT)}
    errors = _errors(list(trees.values()))
    found = []
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                faults = _faults(node, str(path.relative_to(root))) + _faults_of_errors(node, errors)
                found += [f"{place(root, path, node)}: {fault}" for fault in faults]
    return found


def _errors(trees: list[ast.Module]) -> set[str]:
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    errors = {ROOT_OF_ERRORS}
    while more := {name for name, of in bases.items() if of & errors} - errors:
        errors |= more
    return errors


def _faults_of_errors(call: ast.Call, errors: set[str]) -> list[str]:
    if ast.unparse(call.func).rpartition(".")[2] not in errors:
        return []
    texts = [*call.args, *(field.value for field in call.keywords)]
    constant = all(isinstance(text, ast.Constant) for text in texts)
    return [] if constant else ["an error's text is constant, for it is logged"]


def _faults(call: ast.Call, path: str) -> list[str]:
    if isinstance(call.func, ast.Name) and call.func.id == "print" and not _is_command(path):
        return ["prints; log it, with fields"]
    if not _logs(call):
        return []
    strangers = [field.arg or "**" for field in call.keywords if field.arg not in FIELDS | {EXPLAINED}]
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
