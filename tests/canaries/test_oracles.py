"""Public answers are no oracle (I12): the same bytes whatever a token or an address means, and no telling time."""

import json
import re
import secrets
import statistics
import time
from collections.abc import Callable

import pytest

from tests.canaries.client import Answer, ask, ask_form, ask_json
from tests.canaries.lives import Lives
from tests.canaries.people import Canary, Fate

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ROUNDS, REPEATS = 25, 2
APART = 1.5
"""Medians of interleaved requests: a look-up that only some tokens cost would show as more, beside Kafka's own time."""
NOISE_S = 0.003
PATHS = {"confirm": "/v1/confirmations", "stop": "/v1/stops", "block": "/v1/blocks", "report": "/v1/reports"}
_ID = re.compile(rb"[0-9a-f]{32}|\d{4}-\d\d-\d\dT[0-9:]+Z")


def _of(lives: Lives, fate: Fate) -> Canary:
    return next(one for one in lives.canaries if one.fate == fate)


def _tokens(lives: Lives, purpose: str) -> dict[str, str]:
    """What a token of this purpose can be: used, unused, too late, another purpose's, or nobody's."""
    theirs = _of(lives, "delivered").tokens
    forged = re.sub(r"[\w-]", lambda _: secrets.choice("abcdef0123456789"), theirs[purpose])
    strange = {"unknown": secrets.token_urlsafe(16), "another's": theirs["stop"], "forged": forged}
    if purpose in ("confirm", "stop"):
        fates: tuple[Fate, ...] = ("delivered", "unconfirmed", "expired", "stopped", "cancelled", "rejected")
    else:
        fates = ("delivered", "blocked", "reported", "approved by hand")
    return {**strange, **{fate: _of(lives, fate).tokens[purpose] for fate in fates}}


def _asks(lives: Lives, purpose: str) -> dict[str, Callable[[str], Answer]]:
    """Each way to use such a token; every one from an address of its own, since what is limited is the origin."""
    to = lives.world.gateway
    body = {"reason": "other", "details": ""} if purpose == "report" else {}
    form = {**body, "good_faith": "yes"} if purpose == "report" else {}

    def from_() -> str:
        return f"127.55.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}"

    ways: dict[str, Callable[[str], Answer]] = {
        "by program": lambda token: ask_json(to, PATHS[purpose], {"token": token, **body}, from_=from_()),
        "by form": lambda token: ask_form(to, f"/{purpose}", {"token": token, **form}, from_=from_()),
        "looked at": lambda token: ask(to, "GET", f"/{purpose}/{token}", from_=from_()),
    }
    if purpose == "block":
        one_click = b"List-Unsubscribe=One-Click"
        kind = {"content-type": "application/x-www-form-urlencoded"}
        ways["one click"] = lambda token: ask(to, "POST", f"/one-click/{token}", one_click, from_=from_(), headers=kind)
    return ways


def _without(token: str, answer: bytes) -> bytes:
    """The page repeats the token that it was asked for, so its length differs as the token's does."""
    short = answer.replace(token.encode(), b"TOKEN")
    said = re.search(rb"content-length: (\d+)", short)
    return short.replace(said[0], b"%d" % (int(said[1]) - len(answer) + len(short))) if said else short


@pytest.mark.parametrize("purpose", PATHS)
def test_every_token_gets_the_same_bytes(few: Lives, purpose: str) -> None:
    for way, use in _asks(few, purpose).items():
        answers = {
            what: (answer.status, _without(token, answer.all))
            for what, token in _tokens(few, purpose).items()
            for answer in [use(token)]
        }
        assert len(set(answers.values())) == 1, (way, answers)


@pytest.mark.parametrize("purpose", PATHS)
def test_every_token_takes_the_same_time(few: Lives, purpose: str) -> None:
    use, tokens = _asks(few, purpose)["by program"], _tokens(few, purpose)
    assert _apart(use, tokens) == {}


def test_a_leak_to_somebody_who_blocked_or_does_not_exist_looks_like_any_other(few: Lives) -> None:
    told = {}
    for fate in ("delivered", "blocked", "bounced"):
        one = _of(few, fate)
        bearer = {"authorization": f"Bearer {one.receipt}"}
        answer = ask(few.world.gateway, "GET", "/v1/leaks/mine", from_="127.54.1.1", headers=bearer)
        told[fate] = _ID.sub(b"", answer.all)
    assert len(set(told.values())) == 1, told


def test_an_address_takes_the_same_time_and_answer_whatever_we_know_of_it(few: Lives) -> None:
    known = {fate: _of(few, fate).recipient for fate in ("delivered", "blocked", "bounced")}
    leak = _of(few, "delivered").leak()

    def send(recipient: str) -> Answer:
        whence = f"127.53.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}"
        # Nobody confirms it, so nothing comes of it; one sender each, for there are limits.
        sender = f"{secrets.token_hex(6)}@from.example.org"
        told = {**leak, "recipient": recipient, "sender": sender}
        return ask_json(few.world.gateway, "/v1/leaks", told, from_=whence)

    unknown = f"{secrets.token_hex(6)}@nobody.example.net"
    assert _apart(send, {**known, "unknown": unknown}) == {}
    shapes = {json.dumps({name: len(value) for name, value in send(to).json().items()}) for to in known.values()}
    assert len(shapes) == 1


def test_an_answer_that_takes_longer_is_seen() -> None:
    def use(token: str) -> Answer:
        time.sleep(0.03 if token == "known" else 0.005)
        return Answer(202, b"", b"", "", 0)

    assert "known" in _apart(use, {"known": "known", "unknown": "unknown", "other": "other"})


def _apart(use: Callable[[str], Answer], tokens: dict[str, str]) -> dict[str, float]:
    """What takes longer or shorter than the others; it must show again and again, since a busy machine errs."""
    apart = _measured(use, tokens)
    for _ in range(REPEATS):
        again = _measured(use, tokens) if apart else {}
        apart = {what: again[what] for what, by in apart.items() if what in again and (by > 1) == (again[what] > 1)}
    return apart


def _measured(use: Callable[[str], Answer], tokens: dict[str, str]) -> dict[str, float]:
    """By how much a median is off the median of all; asked in turn, so that load is shared."""
    times: dict[str, list[float]] = {what: [] for what in tokens}
    for _ in range(ROUNDS):
        for what, token in tokens.items():
            began = time.perf_counter()
            use(token)
            times[what].append(time.perf_counter() - began)
    medians = {what: statistics.median(each) for what, each in times.items()}
    usual = statistics.median(medians.values())
    return {
        what: median / usual
        for what, median in medians.items()
        if abs(median - usual) > NOISE_S and not usual / APART < median < usual * APART
    }
