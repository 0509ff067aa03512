"""Times are cut off, never rounded up: nothing is dated later than it happened."""

from datetime import UTC, datetime

from shared.runtime.clock import to_the_millisecond, to_the_minute, utc_now

LATE = datetime(2026, 11, 20, 12, 59, 59, 999_999, tzinfo=UTC)


def test_a_millisecond_is_cut_off_as_the_database_does() -> None:
    assert to_the_millisecond(LATE) == LATE.replace(microsecond=999_000)
    assert to_the_millisecond(to_the_millisecond(LATE)) == to_the_millisecond(LATE)


def test_a_minute_keeps_neither_seconds_nor_less() -> None:
    assert to_the_minute(LATE) == datetime(2026, 11, 20, 12, 59, tzinfo=UTC)


def test_the_time_now_is_in_utc() -> None:
    assert utc_now().tzinfo is UTC
