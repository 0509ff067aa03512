"""The words of the auditors' pages: in both languages, none missing, none left over."""

import re
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any, get_args

from services.audit import domain
from services.audit.export import Fault
from services.audit.store.values import What
from shared.console.account_log import AccountAct
from shared.events.deliveries import LeakSuppressed
from shared.events.leaks import LeakWithdrawn
from shared.web.texts import Texts

PAGES = Path(__file__).parents[3] / "services" / "audit" / "pages"


def test_every_reason_state_field_and_fault_has_words() -> None:
    words = Texts("en", PAGES / "texts")
    wanted = {f"why.{why}" for why in get_args(domain.Why)} | {f"state_means.{state}" for state in domain.STATES}
    wanted |= {f"life.{what}" for what in get_args(What)} | {f"fault.{fault}" for fault in get_args(Fault)}
    reasons = (model.model_fields["reason"].annotation for model in (LeakWithdrawn, LeakSuppressed))
    wanted |= {f"life.reason.{reason}" for reason in chain.from_iterable(map(get_args, reasons))}
    wanted |= {f"field.{name}" for name in domain.FIELDS} | {f"act.account.{act}" for act in get_args(AccountAct)}
    assert all(words(key) for key in wanted)


def test_no_words_are_left_over() -> None:
    """A text that no template asks for is dead; texts whose key is put together are asked for by their beginning."""
    templates = "".join(path.read_text() for path in (PAGES / "templates").iterdir())
    code = "".join(path.read_text() for path in PAGES.parent.rglob("*.py"))
    asked = set(re.findall(r"t\(\s*['\"]([a-z_.0-9]+)['\"]", templates + code))
    asked |= set(re.findall(r"link\('[^']*', '([a-z.]+)'", templates))
    begun = set(re.findall(r"t\(['\"]([a-z_.]+)['\"] ~", templates))
    with (PAGES / "texts" / "en.toml").open("rb") as file:
        own = {".".join(path) for path in leaves(tomllib.load(file))}
    assert not [key for key in own if key not in asked and not any(key.startswith(start) for start in begun)]


def leaves(table: dict[str, Any], *path: str) -> list[tuple[str, ...]]:
    return [
        leaf
        for key, value in table.items()
        for leaf in (leaves(value, *path, key) if isinstance(value, dict) else [(*path, key)])
    ]
