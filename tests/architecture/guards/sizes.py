"""Files and functions stay short enough to be read at once."""

from pathlib import Path

from tests.architecture.guards.source import CODE, functions, parsed, place, python_files

FILE_LINES = 350
FUNCTION_LINES = 50


def violations(root: Path) -> list[str]:
    """Files and functions past the limits."""
    found = []
    for path in python_files(root, *CODE, "tests"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found.append(f"{place(root, path)}: {lines} lines; {FILE_LINES} is the limit")
        for function in functions(parsed(path)):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > FUNCTION_LINES:
                found.append(
                    f"{place(root, path, function)}: {function.name} has {length} lines; {FUNCTION_LINES} is the limit"
                )
    return found
