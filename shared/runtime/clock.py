"""The process's clock, passed as an argument wherever a decision depends on time, so that a test can move it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, aware, in UTC."""
    return datetime.now(UTC)


def to_the_millisecond(moment: datetime) -> datetime:
    """As the database keeps it: what is cut off now does not differ from what is read back."""
    return moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)


def to_the_minute(moment: datetime) -> datetime:
    """The minute's begin. Exact times pair events that must not be joined."""
    return moment.replace(second=0, microsecond=0)
