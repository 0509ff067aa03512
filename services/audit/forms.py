"""What the console's forms send, read into a draft; and which part of it each step of the entry page asks for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import FormData, QueryParams

from services.audit.domain import OrderDraft, in_order

STEPS: Final[Sequence[tuple[str, ...]]] = (
    ("authority", "authorised_by", "reference", "received_at", "urgency"),
    ("ground", "called_back"),
    ("leak_id", "fields"),
)
REVIEW: Final = len(STEPS)
"""The step after the last one that asks: everything is shown once more, then entered."""
_TEXTS: Final = ("authority", "authorised_by", "reference", "ground", "leak_id", "urgency", "called_back")
MAIL_HEADER_MAX: Final = 16_000
"""Characters of a mail's header that can be pasted; each may take three bytes of the 64 KB that a console takes."""
_IN_HEADER: Final = re.compile(r"(?<!-)message-id:\s*<([^<>\s]+)>", re.IGNORECASE)
_ALONE: Final = re.compile(r"<?([^<>\s:@]+@[^<>\s:@]+)>?")
LOCAL_TIME: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True)
class EntryForm:
    """A draft and the step its sender was at."""

    draft: OrderDraft
    step: int
    go: str
    confirmed: bool


def entry_form(form: FormData) -> EntryForm:
    """Read the entry form. Anything strange becomes empty, and the rules then say that it is missing."""
    step = text(form, "step")
    return EntryForm(
        draft=_draft(form),
        step=min(int(step), REVIEW) if step.isdecimal() and len(step) == 1 else 0,
        go=text(form, "go"),
        confirmed=text(form, "confirmed") == "yes",
    )


def message_ids(typed: str) -> tuple[str, ...]:
    """The Message-IDs, without their brackets, in a mail's header, or one that stands alone. Empty when there is none.

    There are several when a mail is pasted that carries another one.
    """
    alone = _ALONE.fullmatch(typed)
    return (alone[1],) if alone else tuple(_IN_HEADER.findall(typed))


def started(query: QueryParams) -> OrderDraft:
    """An empty draft, or one begun on a threat's page. No time is suggested: the clock starts with what is typed."""
    return OrderDraft(leak_id=query.get("leak_id", ""), urgency=query.get("urgency", ""))


def text(form: FormData, name: str) -> str:
    """One text field, without the spaces around it."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def ticked(form: FormData, name: str) -> tuple[str, ...]:
    """The known fields that are ticked."""
    return in_order(str(value) for value in form.getlist(name))


def first_wrong(problems: Mapping[str, str], until: int) -> int | None:
    """The first step before or at `until` that has a problem."""
    return next((step for step in range(min(until + 1, REVIEW)) if set(STEPS[step]) & set(problems)), None)


def _draft(form: FormData) -> OrderDraft:
    texts = {name: text(form, name) for name in _TEXTS}
    if not message_ids(texts["leak_id"]):
        texts["leak_id"] = texts["leak_id"].lower()
    return OrderDraft(**texts, fields=ticked(form, "fields"), received_at=_utc(text(form, "received_at")))


def _utc(typed: str) -> datetime | None:
    try:
        return datetime.strptime(typed[:16], LOCAL_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
