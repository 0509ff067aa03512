"""An order's life, as pure decisions: what is still missing, who may do what next, and why not."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from services.audit.chain import Entry, Fact

State = Literal["entered", "approved", "lapsed", "opened", "spent", "closed", "refused"]
"""lapsed: approved, not opened in time. spent: opened, and the approval has run out since."""
Action = Literal["approve", "refuse", "open", "close"]
Role = Literal["enterer", "approver", "other"]
Why = Literal[
    "same_person",
    "not_approved",
    "already_approved",
    "approval_lapsed",
    "not_one_of_the_two",
    "already_opened",
    "not_opened",
    "ended",
    "no_such_order",
    "no_fields",
    "field_not_asked",
    "no_origin",
    "not_said",
    "seal_broken",
]
Urgency = Literal["ordinary", "emergency"]

FIELDS: Final = ("ip", "time", "destination", "claimed_ip", "sender", "content_digest")
"""What an order can ask for. `ip` brings the port: without it an address behind carrier NAT names hundreds."""
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)
STATES: Final[tuple[State, ...]] = get_args(State)
ENDED: Final = frozenset({"closed", "refused"})
TEXT_MAX: Final = 300
LEAK_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Rules:
    """The periods an operator sets; the law's figures are the settings' defaults."""

    ordinary: timedelta
    emergency: timedelta
    approval: timedelta


@dataclass(frozen=True)
class OrderDraft:
    """An order as it is typed in from the paper. `fields` are in FIELDS' order once it is clean."""

    authority: str = ""
    authorised_by: str = ""
    reference: str = ""
    ground: str = ""
    leak_id: str = ""
    fields: tuple[str, ...] = ()
    urgency: str = ""
    received_at: datetime | None = None
    called_back: str = ""


@dataclass(frozen=True)
class Order:
    """One order for one leak, as its entries in the log make it."""

    number: int
    draft: OrderDraft
    entered_by: str
    entered_at: datetime
    due_at: datetime
    last_step: Literal["entered", "approved", "opened", "closed", "refused"] = "entered"
    approved_by: str | None = None
    granted: tuple[str, ...] = ()
    lapses_at: datetime | None = None
    entries: tuple[Entry, ...] = field(default=(), compare=False)

    @property
    def leak_id(self) -> str:
        """The one leak it is about."""
        return self.draft.leak_id

    @property
    def ended(self) -> bool:
        """Whether nothing can follow."""
        return self.last_step in ENDED

    def state(self, now: datetime) -> State:
        """Where it stands; an approval runs out by itself."""
        lapsed = self.lapses_at is not None and now >= self.lapses_at
        if self.last_step == "approved" and lapsed:
            return "lapsed"
        return "spent" if self.last_step == "opened" and lapsed else self.last_step

    def role(self, name: str) -> Role:
        """What somebody is to this order."""
        if name == self.entered_by:
            return "enterer"
        return "approver" if name == self.approved_by else "other"


def problems(draft: OrderDraft, grounds: Collection[str], now: datetime) -> dict[str, str]:
    """What keeps a draft from being an order: field → code. Empty when nothing does."""
    found = {
        name: "missing" if not value.strip() else "too_long"
        for name in ("authority", "authorised_by", "reference", "called_back")
        if not (value := str(getattr(draft, name))).strip() or len(value) > TEXT_MAX
    }
    if draft.ground not in grounds:
        found["ground"] = "missing"
    if not LEAK_ID.fullmatch(draft.leak_id):
        found["leak_id"] = "not_an_id" if draft.leak_id else "missing"
    if not draft.fields or not set(draft.fields) <= set(FIELDS):
        found["fields"] = "missing"
    if draft.urgency not in get_args(Urgency):
        found["urgency"] = "missing"
    if draft.received_at is None:
        found["received_at"] = "missing"
    elif draft.received_at > now:
        found["received_at"] = "in_the_future"
    return found


def due_at(draft: OrderDraft, rules: Rules) -> datetime:
    """When the answer is due; the clock starts when the order came in, not when it was typed. Needs a clean draft."""
    if draft.received_at is None:
        raise ValueError("a draft without the time the order came in")
    return draft.received_at + (rules.emergency if draft.urgency == "emergency" else rules.ordinary)


_DENIED: Final[Mapping[tuple[State, Action], Why]] = {
    ("entered", "open"): "not_approved",
    ("entered", "close"): "not_opened",
    ("approved", "approve"): "already_approved",
    ("approved", "close"): "not_opened",
    ("lapsed", "open"): "approval_lapsed",
    ("lapsed", "close"): "not_opened",
    ("opened", "approve"): "already_opened",
    ("opened", "refuse"): "already_opened",
    ("spent", "approve"): "already_opened",
    ("spent", "refuse"): "already_opened",
    ("spent", "open"): "approval_lapsed",
    **{(state, action): "ended" for state in ("closed", "refused") for action in ACTIONS},
}


def why_not(order: Order, action: Action, name: str, now: datetime) -> Why | None:
    """Why `name` may not do this now; None when it is allowed."""
    if denied := _DENIED.get((order.state(now), action)):
        return denied
    role = order.role(name)
    if action == "approve" and role == "enterer":
        return "same_person"
    if action == "open" and role == "other":
        return "not_one_of_the_two"
    return None


def fields_not_grantable(order: Order, fields: Iterable[str]) -> Why | None:
    """An approval grants at least one field, and none that the order doesn't ask for."""
    granted = set(fields)
    if not granted:
        return "no_fields"
    return None if granted <= set(order.draft.fields) else "field_not_asked"


def in_order(fields: Iterable[str]) -> tuple[str, ...]:
    """Known fields, once each, in the order in which they are always given."""
    given = set(fields)
    return tuple(name for name in FIELDS if name in given)


def holds(orders: Iterable[Order], now: datetime, hold: timedelta) -> dict[str, datetime]:
    """Leak → until when its record is held, for orders that have not ended: at most `hold` from their entry."""
    held: dict[str, datetime] = {}
    for order in orders:
        until = order.entered_at + hold
        if not order.ended and until > now:
            held[order.leak_id] = max(until, held.get(order.leak_id, until))
    return held


def facts_of(draft: OrderDraft, due: datetime) -> dict[str, Fact]:
    """What the log keeps of an order."""
    return {
        "authority": draft.authority,
        "authorised_by": draft.authorised_by,
        "reference": draft.reference,
        "ground": draft.ground,
        "fields": list(draft.fields),
        "urgency": draft.urgency,
        "received_at": draft.received_at.isoformat() if draft.received_at else "",
        "called_back": draft.called_back,
        "due_at": due.isoformat(),
    }


def orders(entries: Iterable[Entry]) -> dict[int, Order]:
    """Every order in the log, by number. It trusts the log: `fault` says what the rules say of a step."""
    found: dict[int, Order] = {}
    for entry in entries:
        add(found, entry)
    return found


def add(found: dict[int, Order], entry: Entry) -> None:
    """Put one more entry to the orders found so far."""
    if entry.act == "order.entered":
        found[entry.seq] = _entered(entry)
    elif entry.order in found:
        found[entry.order] = _after(found[entry.order], entry)


def fault(before: Order | None, entry: Entry) -> str | None:
    """What the rules say against a step that the log has; None when they allow it, or it is no step of an order."""
    action = ACTION_OF.get(entry.act)
    if action is None:
        return None
    if before is None:
        return f"entry {entry.seq} is a step of an order that nobody entered"
    if entry.leak_id != before.leak_id:
        return f"entry {entry.seq} is about another leak than its order"
    denied = why_not(before, action, entry.by, datetime.fromisoformat(entry.at))
    if denied is None and action == "approve":
        denied = fields_not_grantable(before, _texts(entry, "fields"))
    return f"entry {entry.seq} ({entry.act}) was not allowed: {denied}" if denied else None


ACTION_OF: Final[Mapping[str, Action]] = {
    "order.approved": "approve",
    "order.refused": "refuse",
    "order.opened": "open",
    "order.closed": "close",
}


def _entered(entry: Entry) -> Order:
    names = ("authority", "authorised_by", "reference", "ground", "urgency", "called_back")
    texts = {name: str(entry.facts[name]) for name in names}
    received_at = datetime.fromisoformat(str(entry.facts["received_at"]))
    draft = OrderDraft(**texts, leak_id=entry.leak_id or "", fields=_texts(entry, "fields"), received_at=received_at)
    due = datetime.fromisoformat(str(entry.facts["due_at"]))
    return Order(entry.seq, draft, entry.by, datetime.fromisoformat(entry.at), due, entries=(entry,))


def _after(order: Order, entry: Entry) -> Order:
    order = replace(order, entries=(*order.entries, entry))
    match entry.act:
        case "order.approved":
            lapses_at = datetime.fromisoformat(str(entry.facts["lapses_at"]))
            granted = _texts(entry, "fields")
            return replace(order, last_step="approved", approved_by=entry.by, granted=granted, lapses_at=lapses_at)
        case "order.opened":
            return replace(order, last_step="opened")
        case "order.closed":
            return replace(order, last_step="closed")
        case "order.refused":
            return replace(order, last_step="refused")
    return order


def _texts(entry: Entry, name: str) -> tuple[str, ...]:
    value = entry.facts.get(name)
    return tuple(value) if isinstance(value, list) else ()
