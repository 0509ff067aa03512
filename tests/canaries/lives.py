"""Leads canaries through their lives from outside, and keeps every answer that anybody got on the way."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, TypeVar

from pymongo import MongoClient

from local.visitor import Page, Visitor
from tests.canaries.client import Answer, ask, ask_form, ask_json
from tests.canaries.people import HELD_FATES, TRUSTED_PROXY, Canary
from tests.canaries.places import Piece
from tests.canaries.world import MODERATOR, World

AT_ONCE = 8
PATIENCE_S = 90
POLL_S = 0.1
LINK = re.compile(r"/(confirm|stop|block|report|one-click)/([A-Za-z0-9_.-]{22,})")
PATHS = {"confirm": "/v1/confirmations", "stop": "/v1/stops", "block": "/v1/blocks"}
# The wait for clicks on their way, after a leak's time, is on top of it.
LONG_PAST_S = 3_600
ENDS = {
    "delivered": "closed",
    "blocked": "closed",
    "reported": "closed",
    "bounced": "closed",
    "approved by hand": "closed",
    "rejected": "refused",
    "rejected by hand": "refused",
    "held": "in_review",
    "escalated": "in_review",
    "cancelled": "cancelled",
    "stopped": "awaiting_confirmation",
    "unconfirmed": "awaiting_confirmation",
}
Found = TypeVar("Found")


class Lives:
    """All canaries at once, each to its fate."""

    def __init__(self, world: World, canaries: list[Canary]) -> None:
        self.world = world
        self.canaries = canaries
        self.answers: list[Piece] = []
        self._mailbox = Mailbox(world.parts.layout.paths.mail)

    def live(self) -> None:
        """Return when each has come to its end, and every mail that must come is there."""
        self._each(self.begin)
        if late := [one for one in self.canaries if one.fate == "expired"]:
            self._expire(late)
        self._judge()
        self._each(self.end)

    def begin(self, one: Canary) -> None:
        """Hand it in, twice by program and once by the form's preview; confirm, unless its fate is another."""
        self._preview(one)
        self.send(one)
        letter = self._mailbox.to(one.sender)
        one.tokens |= dict(LINK.findall(letter))
        self._keep(one, ask(self.world.gateway, "GET", f"/confirm/{one.tokens['confirm']}", **self.whence(one)))
        if one.fate in ("unconfirmed", "expired"):
            return
        if one.fate == "cancelled":
            bearer = {"authorization": f"Bearer {one.receipt}"}
            until(lambda: self._status(one), f"the status of {one.number}")
            self._keep(one, ask(self.world.gateway, "DELETE", "/v1/leaks/mine", **self.whence(one, bearer)), 202)
            return
        self.use(one, "stop" if one.fate == "stopped" else "confirm")

    def send(self, one: Canary) -> Answer:
        """POST /v1/leaks from where it is."""
        answer = ask_json(self.world.gateway, "/v1/leaks", one.leak(), **self.whence(one))
        self._keep(one, answer, 202)
        one.leak_id, one.receipt = answer.json()["leak_id"], answer.json()["receipt"]
        if not one.by_proxy:
            one.port = answer.port
        return answer

    def use(self, one: Canary, purpose: str) -> None:
        """Follow a link and press its button, as its mail's reader."""
        self._keep(one, ask(self.world.gateway, "GET", f"/{purpose}/{one.tokens[purpose]}", **self.whence(one)))
        told = {"token": one.tokens[purpose]}
        self._keep(one, ask_json(self.world.gateway, PATHS[purpose], told, **self.whence(one)), 202)

    def end(self, one: Canary) -> None:
        """Wait for its end, then do what its recipient does."""
        if one.fate in ENDS:
            until(lambda: self._status(one) == ENDS[one.fate], f"{one.number}, {one.fate}, is {ENDS[one.fate]}")
        if one.fate in ("delivered", "blocked", "reported", "approved by hand"):
            one.tokens |= dict(LINK.findall(self._mailbox.to(one.recipient)))
        if one.fate == "blocked":
            self.use(one, "block")
        if one.fate == "reported":
            told = {"token": one.tokens["report"], "reason": "threat", "details": one.details}
            self._keep(one, ask_json(self.world.gateway, "/v1/reports", told, **self.whence(one)), 202)

    def _preview(self, one: Canary) -> None:
        # The form's own pages show what was typed to who typed it; the answer is not looked into.
        typed = {name: value for name, value in one.leak().items() if isinstance(value, str)}
        ask_form(self.world.gateway, "/preview", typed, **self.whence(one))

    def _status(self, one: Canary) -> str | None:
        bearer = {"authorization": f"Bearer {one.receipt}"}
        answer = ask(self.world.gateway, "GET", "/v1/leaks/mine", **self.whence(one, bearer))
        self.answers.append((f"answer to {one.number}", answer.all))
        state: str | None = answer.json().get("state")
        return state

    def _expire(self, late: list[Canary]) -> None:
        """Move their time back in the store: twenty-four hours are more than a test has."""
        ids = [one.leak_id for one in late]
        with MongoClient[dict[str, Any]](tz_aware=True, **self.world.parts.mongo_admin("verifier")) as client:
            pending, outcomes = client["verifier"]["pending"], client["verifier"]["outcomes"]
            for leak in pending.find({"_id": {"$in": ids}}):
                past = leak["expires_at"].fromtimestamp(time.time() - 2 * LONG_PAST_S, leak["expires_at"].tzinfo)
                pending.update_one({"_id": leak["_id"]}, {"$set": {"expires_at": past}})
            until(lambda: outcomes.count_documents({"_id": {"$in": ids}}) == len(ids), "they have expired")

    def _judge(self) -> None:
        waiting = {one.word: one for one in self.canaries if one.fate in HELD_FATES}
        if waiting:
            with Moderator(self) as moderator:
                until(lambda: moderator.work_through(waiting), "every held leak is found and decided")

    def whence(self, one: Canary, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """Which end a request comes from, and what the sender's program says along with it."""
        address = TRUSTED_PROXY if one.by_proxy else one.address
        return {"from_": address, "headers": {**one.headers(), **(headers or {})}}

    def _keep(self, one: Canary, answer: Answer, status: int = 200) -> None:
        self.answers.append((f"answer to {one.number}", answer.all))
        assert answer.status == status, (one.number, one.fate, answer.status, answer.body)

    def _each(self, do: Callable[[Canary], None]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(do, self.canaries))


class Moderator:
    """Somebody at the moderators' console, whose pages are looked into as well."""

    def __init__(self, lives: Lives) -> None:
        self._lives = lives
        self._desk = Visitor(lives.world.parts.layout.url("moderation console"))

    def __enter__(self) -> Self:
        page = self._desk.open("/")
        self._desk.press(page, "/sign-in", name=MODERATOR, password=self._lives.world.password)
        return self

    def __exit__(self, *_: object) -> None:
        self._desk.close()

    def work_through(self, waiting: dict[str, Canary]) -> bool:
        """One round over the queue; True when nobody of `waiting` is left."""
        for link in self._seen(self._desk.open("/")).links:
            if not link.startswith("/cases/"):
                continue
            page = self._seen(self._desk.open(link))
            if not page.has_button("/claim"):
                continue
            self._seen(self._desk.press(page, "/claim"))
            shown = self._seen(self._desk.open(f"{link}?show"))
            found = next((word for word in waiting if word in shown.words), None)
            if found:
                self._decide(link, shown, waiting.pop(found))
        return not waiting

    def _decide(self, link: str, shown: Page, one: Canary) -> None:
        if one.fate == "approved by hand":
            self._seen(self._desk.press(shown, "/approve"))
        elif one.fate == "rejected by hand":
            words = {"policy": "harassment", "statement": "It asks for a call that nobody wanted."}
            self._seen(self._desk.press(self._desk.open(f"{link}/reject"), "/reject", **words))
        elif one.fate == "escalated":
            self._seen(self._desk.press(self._desk.open(f"{link}/escalate"), "/escalate", policy="threat"))

    def _seen(self, page: Page) -> Page:
        self._lives.answers.append(("moderators' page", page.words.encode()))
        return page


class Mailbox:
    """The local mailbox's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._to: dict[Path, tuple[str, ...]] = {}

    def to(self, address: str) -> str:
        """The first mail to somebody, once it is there: its text."""
        return until(lambda: self._find(address), f"a mail to {address}")

    def _find(self, address: str) -> str | None:
        for file in self._folder.glob("*.json"):
            if file not in self._to:
                self._to[file] = tuple(json.loads(file.read_bytes())["to"])
        file = next((file for file, to in list(self._to.items()) if address in to), None)
        if file is None:
            return None
        mail = message_from_bytes(file.with_suffix(".eml").read_bytes(), _class=EmailMessage, policy=policy.default)
        plain = mail.get_body(("plain",))
        return str(plain.get_content()) + str(mail["List-Unsubscribe"]) if plain else None


def until(attempt: Callable[[], Found | None], what: str) -> Found:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := attempt()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(POLL_S)
    return found
