"""Reads the tree as text and syntax, importing nothing of it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = ("services", "shared", "deploy", "local")


def python_files(root: Path, *tops: str) -> Iterator[Path]:
    """Every Python file below the given top-level folders, in order."""
    for top in tops or CODE:
        yield from sorted(path for path in (root / top).rglob("*.py") if "__pycache__" not in path.parts)


def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def place(root: Path, path: Path, node: ast.AST | None = None) -> str:
    """Where something stands, as an editor takes it."""
    return f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}"


def services(root: Path) -> list[str]:
    """The folders of services, by name."""
    folders = (root / "services").iterdir()
    return sorted(folder.name for folder in folders if folder.is_dir() and folder.name[0].isalpha())


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def imports(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every imported module's full name; relative imports do not occur here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node
