"""Who may do what to an order: every state, role and action, against a table written by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, get_args

import pytest

from services.audit import domain
from services.audit.chain import Entry, Head, LogDraft, extend
from services.audit.domain import ACTIONS, STATES, Action, Order, OrderDraft, Role, Rules, State
from shared.seals.keys import Key

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = Key("0" * 16, NOW, bytes(range(32)))
RULES = Rules(timedelta(days=10), timedelta(hours=8), timedelta(hours=24))
LEAK = "ab" * 16
DRAFT = OrderDraft(
    authority="Tribunal",
    authorised_by="Juge Martin",
    reference="24/0817",
    ground="serious-crime",
    leak_id=LEAK,
    fields=("ip", "time"),
    urgency="ordinary",
    received_at=NOW,
    called_back="greffe",
)
PEOPLE: dict[Role, str] = {"enterer": "ada", "approver": "ben", "other": "cleo"}

# Everything that is not in this table is refused.
ALLOWED: dict[tuple[State, Action], set[Role]] = {
    ("entered", "approve"): {"approver", "other"},
    ("entered", "refuse"): {"enterer", "approver", "other"},
    ("approved", "refuse"): {"enterer", "approver", "other"},
    ("approved", "open"): {"enterer", "approver"},
    ("lapsed", "approve"): {"approver", "other"},
    ("lapsed", "refuse"): {"enterer", "approver", "other"},
    ("opened", "open"): {"enterer", "approver"},
    ("opened", "close"): {"enterer", "approver", "other"},
    ("spent", "close"): {"enterer", "approver", "other"},
}
WAY: dict[State, list[str]] = {
    "entered": [],
    "approved": ["approved"],
    "lapsed": ["approved"],
    "opened": ["approved", "opened"],
    "spent": ["approved", "opened"],
    "closed": ["approved", "opened", "closed"],
    "refused": ["refused"],
}


def written(*acts: str, by: str = "ben", **changes: Any) -> list[Entry]:
    """The log of one order that Ada entered and Ben carried on."""
    drafts = [LogDraft("order.entered", "ada", NOW, domain.facts_of(DRAFT, domain.due_at(DRAFT, RULES)), LEAK)]
    facts = {"fields": list(DRAFT.fields), "lapses_at": (NOW + RULES.approval).isoformat(), **changes}
    drafts += [LogDraft(f"order.{act}", by, NOW, facts, LEAK, 1) for act in acts]
    entries: list[Entry] = []
    for draft in drafts:
        entries.append(extend(entries[-1].head if entries else Head(), draft, KEY))
    return entries


def order_in(state: State) -> tuple[Order, datetime]:
    """An order in a state, and the time at which it is in it."""
    order = domain.orders(written(*WAY[state]))[1]
    now = NOW + RULES.approval if state in {"lapsed", "spent"} else NOW
    assert order.state(now) == state
    return order, now


@pytest.mark.parametrize(("state", "role", "action"), list(product(STATES, get_args(Role), ACTIONS)))
def test_what_is_not_expressly_allowed_is_refused(state: State, role: Role, action: Action) -> None:
    order, now = order_in(state)
    allowed = domain.why_not(order, action, PEOPLE[role], now) is None
    assert allowed == (role in ALLOWED.get((state, action), set()))


@pytest.mark.parametrize(("state", "action"), list(product(STATES, ACTIONS)))
def test_the_log_check_agrees_with_the_desk(state: State, action: Action) -> None:
    order, now = order_in(state)
    act = next(act for act, found in domain.ACTION_OF.items() if found == action)
    for role, name in PEOPLE.items():
        draft = LogDraft(act, name, now, {"fields": ["ip"]}, LEAK, 1)
        fault = domain.fault(order, extend(order.entries[-1].head, draft, KEY))
        assert (fault is None) == (role in ALLOWED.get((state, action), set()))


def test_a_step_about_another_leak_is_a_fault() -> None:
    order, _ = order_in("approved")
    entry = extend(order.entries[-1].head, LogDraft("order.opened", "ada", NOW, {}, "cd" * 16, 1), KEY)
    assert domain.fault(order, entry) == "entry 3 is about another leak than its order"


def test_a_step_of_an_order_that_nobody_entered_is_a_fault() -> None:
    entry = extend(Head(), LogDraft("order.opened", "ada", NOW, {}, LEAK, 7), KEY)
    assert domain.fault(None, entry) == "entry 1 is a step of an order that nobody entered"


def test_an_approval_lives_one_day_and_not_a_second_more() -> None:
    order, _ = order_in("approved")
    lapses_at = NOW + RULES.approval
    assert domain.why_not(order, "open", "ada", lapses_at - timedelta(microseconds=1)) is None
    assert domain.why_not(order, "open", "ada", lapses_at) == "approval_lapsed"


def test_who_approves_again_replaces_who_approved_first() -> None:
    entries = written("approved")
    again = LogDraft(
        "order.approved",
        "cleo",
        NOW + timedelta(days=1),
        {
            "fields": ["time"],
            "lapses_at": (NOW + timedelta(days=2)).isoformat(),
        },
        LEAK,
        1,
    )
    order = domain.orders([*entries, extend(entries[-1].head, again, KEY)])[1]
    assert (order.approved_by, order.granted) == ("cleo", ("time",))
    assert domain.why_not(order, "open", "ben", NOW + timedelta(days=1)) == "not_one_of_the_two"


def test_an_ordinary_order_has_ten_days_and_an_emergency_eight_hours() -> None:
    assert domain.due_at(DRAFT, RULES) == NOW + timedelta(days=10)
    assert domain.due_at(replace(DRAFT, urgency="emergency"), RULES) == NOW + timedelta(hours=8)


def test_a_draft_is_complete_only_with_everything() -> None:
    assert domain.problems(DRAFT, ["serious-crime"], NOW) == {}
    assert set(domain.problems(OrderDraft(), ["serious-crime"], NOW)) == {
        "authority",
        "authorised_by",
        "reference",
        "called_back",
        "ground",
        "leak_id",
        "fields",
        "urgency",
        "received_at",
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"authority": "  "}, ("authority", "missing")),
        ({"reference": "x" * 301}, ("reference", "too_long")),
        ({"ground": "curiosity"}, ("ground", "missing")),
        ({"leak_id": "AB" * 16}, ("leak_id", "not_an_id")),
        ({"leak_id": "ab" * 16 + "\n"}, ("leak_id", "not_an_id")),
        ({"fields": ("ip", "everything")}, ("fields", "missing")),
        ({"urgency": "soon"}, ("urgency", "missing")),
        ({"received_at": NOW + timedelta(minutes=1)}, ("received_at", "in_the_future")),
    ],
)
def test_a_draft_with_a_fault_names_it(change: dict[str, Any], problem: tuple[str, str]) -> None:
    assert domain.problems(replace(DRAFT, **change), ["serious-crime"], NOW) == dict([problem])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (("ip",), None),
        (("time", "ip"), None),
        ((), "no_fields"),
        (("sender",), "field_not_asked"),
        (("ip", "sender"), "field_not_asked"),
    ],
)
def test_an_approval_grants_what_is_asked_or_less(fields: tuple[str, ...], why: str | None) -> None:
    assert domain.fields_not_grantable(order_in("entered")[0], fields) == why


def test_an_order_that_has_not_ended_holds_its_leak_for_a_while() -> None:
    hold = timedelta(days=60)
    for state in STATES:
        order, now = order_in(state)
        assert domain.holds([order], now, hold) == ({} if order.ended else {LEAK: NOW + hold})
    order, _ = order_in("entered")
    assert domain.holds([order], NOW + hold, hold) == {}
