"""What is checked of a sealed origin before it is stored. Opens nothing, and cannot."""

from datetime import date, timedelta

from shared.sealing import Keyring, SealBroken, parse, verify

from shared.events.origins import OriginCaptured

WRITER = "gateway"
# The seal's window names its day; an act just before midnight may be sealed just after.
DAY_APART = timedelta(days=1)


def refuse_forged(captured: OriginCaptured, keyring: Keyring) -> None:
    """SealBroken unless the gateway signed the record's window, for an origin, on the day the event claims.

    The day matters because retention counts from it: whoever can write the topic could else make an origin die early.
    """
    seal = parse(captured.origin)
    if seal.purpose != "origin":
        raise SealBroken("another purpose")
    verify(seal, keyring, writer=WRITER)
    try:
        sealed_on = date.fromisoformat(str(seal.header["day"]))
    except (KeyError, ValueError) as strange:
        raise SealBroken("a window without a day") from strange
    if abs(captured.captured_at.date() - sealed_on) > DAY_APART:
        raise SealBroken("claims another day than its window's")
