"""What the pages show: an order with its clock and steps, times and spans as people read them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.audit.domain import ACTIONS, Action, Order, State, Why, why_not
from shared.web.languages import LANGUAGES
from shared.web.texts import Texts

SOON: Final = timedelta(hours=24)
LOG_PAGE: Final = 50
Grounds = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class StepView:
    """One thing that could be done to an order, and why not."""

    action: Action
    why_not: Why | None


@dataclass(frozen=True)
class OrderView:
    """An order as one auditor sees it now."""

    order: Order
    state: State
    steps: tuple[StepView, ...]
    left: timedelta

    @property
    def pressing(self) -> bool:
        """Whether less than a day is left, or none."""
        return not self.order.ended and self.left < SOON

    @property
    def next(self) -> StepView | None:
        """The step that carries the order on, for whoever may take it."""
        onward: Mapping[State, Action] = {
            "entered": "approve",
            "lapsed": "approve",
            "approved": "open",
            "opened": "close",
            "spent": "close",
        }
        action = onward.get(self.state)
        return next((step for step in self.steps if step.action == action), None)


def view(order: Order, name: str, now: datetime) -> OrderView:
    """The order for `name`."""
    steps = tuple(StepView(action, why_not(order, action, name, now)) for action in ACTIONS)
    return OrderView(order, order.state(now), steps, order.due_at - now)


def queue(orders: Sequence[Order], name: str, now: datetime) -> tuple[list[OrderView], list[OrderView]]:
    """What is to be done, by deadline; and what has ended, the latest first."""
    views = [view(order, name, now) for order in orders]
    waiting = sorted((one for one in views if not one.order.ended), key=lambda one: one.order.due_at)
    ended = sorted((one for one in views if one.order.ended), key=lambda one: -one.order.number)
    return waiting, ended


def utc(moment: datetime | str) -> str:
    """To the minute, with its zone: an auditor copies it onto paper."""
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span(t: Texts, length: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = abs(int(length.total_seconds())) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return t("span.days", days=days, hours=hours) if hours else t("span.only_days", days=days)
    if hours:
        return t("span.hours", hours=hours, minutes=minutes) if minutes else t("span.only_hours", hours=hours)
    return t("span.minutes", minutes=minutes)


def load_grounds(path: Path) -> Grounds:
    """The legal grounds to choose from: code → language → name. KeyError when one has no name in a language."""
    with path.open("rb") as file:
        grounds: Grounds = tomllib.load(file)
    return {code: {language: names[language] for language in LANGUAGES} for code, names in grounds.items()}
