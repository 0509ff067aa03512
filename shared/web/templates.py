"""The one way in which templates become pages and mails."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from shared.web import look


def environment(*folders: Path) -> Environment:
    """An undefined name is an error, not a blank. What is filled in is escaped, but for templates that end in .txt."""
    return Environment(
        loader=FileSystemLoader([*folders, look.TEMPLATES]),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
