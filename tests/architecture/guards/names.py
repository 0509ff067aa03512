"""The same file name means the same in every service; no name that means anything; nothing new at the top."""

from collections import Counter
from pathlib import Path

from tests.architecture.guards.source import place, python_files, services

TOP = {
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
    "leak",
    "pyproject.toml",
    "requirements.lock",
    ".env.example",
    ".gitignore",
    ".gitattributes",
    ".dockerignore",
    "docker-compose.yml",
    ".ci",
    "services",
    "shared",
    "deploy",
    "local",
    "tests",
    "bench",
    "docs",
}
OURS_ALONE = {".git", ".leak", ".env", ".hypothesis", "__pycache__"}
"""What a checkout may hold that is never committed; tools' caches end in `_cache`."""
EMPTY_WORDS = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
REQUIRED = ("__init__.py", "main.py", "settings.py", "wiring.py", "handlers.py", "domain.py")
MEANINGS = {
    "__init__.py": "what the service owns, reads and publishes",
    "main.py": "the whole entry point",
    "settings.py": "pydantic-settings",
    "wiring.py": "build(settings, **fakes): the only place that constructs clients",
    "handlers.py": "Kafka in: one function an event, on_<event>",
    "routes.py": "HTTP in: parse, decide, store, answer",
    "domain.py": "pure decisions",
    "store.py": "every query, index and document shape",
    "store": "the same, when it is more than one file's worth",
    "views.py": "what pages show, made from what is stored",
    "pages": "templates, static files, texts",
    "texts": "words in English and French",
    "templates": "what is filled in",
    "addresses.py": "what is known of an address while it is in memory",
    "opening.py": "what is sealed to the service, opened in memory",
    "tokens.py": "tokens in mail: a PRF of the service's key",
    "intake.py": "what is done with what comes in, before it is kept",
    "accounts.py": "the command that says who may sign in to the console",
    "forms.py": "HTML forms, read and checked",
}
"""Every name that two services or more use."""
MAIN_LINES = 25


def violations(root: Path) -> list[str]:
    """Strangers at the top, missing or doubtful files in services, and names that say nothing."""
    return [*_top(root), *_empty_words(root), *_services(root), *_doubles(root)]


def _top(root: Path) -> list[str]:
    entries = {entry.name for entry in root.iterdir()} - OURS_ALONE
    return [
        f"{name}: not in the tree that house style draws"
        for name in sorted(entries - TOP)
        if not name.endswith("_cache") and not name.startswith(".coverage")
    ]


def _empty_words(root: Path) -> list[str]:
    return [
        f"{place(root, path)}: a name that says nothing"
        for path in python_files(root)
        if {*path.relative_to(root).with_suffix("").parts} & EMPTY_WORDS
    ]


def _services(root: Path) -> list[str]:
    found = []
    for service in services(root):
        folder = root / "services" / service
        missing = [name for name in REQUIRED if not (folder / name).exists()]
        if not (folder / "store.py").exists() and not (folder / "store").is_dir():
            missing.append("store.py")
        found += [f"services/{service}/{name} is missing: {MEANINGS[name]}" for name in missing]
        main = folder / "main.py"
        if main.exists() and len(main.read_text().splitlines()) > MAIN_LINES:
            found.append(f"services/{service}/main.py: a contents page has at most {MAIN_LINES} lines")
    return found


def _doubles(root: Path) -> list[str]:
    names = Counter(
        entry.name
        for service in services(root)
        for entry in (root / "services" / service).iterdir()
        if entry.suffix == ".py" or (entry.is_dir() and entry.name != "__pycache__")
    )
    return [
        f"services/*/{name} stands in {count} services: say what it means in MEANINGS, or rename one"
        for name, count in sorted(names.items())
        if count > 1 and name not in MEANINGS
    ]
