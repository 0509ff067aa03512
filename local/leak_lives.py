"""Walks leaks through a running system from outside, over HTTP, with nothing but what each person is given."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from local.failures import Failure
from local.visitor import NotFound, Page, Visitor

PATIENCE_S = 60
POLL_S = 0.2
MODERATOR = "mod-a"
T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """What is sent, and how it must end: `closed` with a mail at the recipient's, or `refused` with none."""

    title: str
    relation: str
    kind: str
    message: str
    ends: str
    held: bool = False


class Life:
    """One leak on its way, and its timeline."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        # Tells this leak from every other one, for a moderator who can't know who sent it.
        self.mark = secrets.token_hex(3)
        self.sender = f"sender-{self.mark}@example.org"
        self.recipient = f"recipient-{self.mark}@example.net"
        self.message = f"{scene.message} ({self.mark})"
        self.receipt = ""
        self._began = datetime.now(UTC)
        self._timeline: list[tuple[datetime, str]] = []

    def note(self, what: str, at: datetime | None = None) -> None:
        """Something happened: now, or when a service says so."""
        self._timeline.append((at or datetime.now(UTC), what))

    def told(self) -> str:
        """The timeline, in seconds from its begin."""
        lines = [f"  {max(0.0, (at - self._began).total_seconds()):5.1f} s  {what}" for at, what in self._timeline]
        return "\n".join([self.scene.title, *lines])


class Walk:
    """The people of a scene: who sends, who moderates, and the mailbox where all mail arrives. Use it `with`."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self._gateway = Visitor(facts["gateway"])
        self._mailbox = Visitor(facts["mailbox"])
        self._moderator = Visitor(facts["moderation_console"])
        self._password = facts["sign_ins"]["moderation"][MODERATOR]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for visitor in (self._gateway, self._mailbox, self._moderator):
            visitor.close()

    def through(self, life: Life) -> None:
        """From the form to the end; raises Failure when it ends otherwise."""
        self.send(life)
        self.on_from_confirmation(life)

    def on_from_confirmation(self, life: Life) -> None:
        """What comes after `send`."""
        self._confirm(life)
        if life.scene.held:
            self._decide(life)
        self._see_the_end(life)

    def send(self, life: Life) -> None:
        """Hand the leak in, and keep its receipt."""
        people = {"sender": life.sender, "recipient": life.recipient, "relation": life.scene.relation}
        words = {"message": life.message, "kind": life.scene.kind, "consent": True}
        life.receipt = self._gateway.post_json("/v1/leaks", {**people, **words})["receipt"]
        life.note("sent; the sender has a receipt")

    def _confirm(self, life: Life) -> None:
        links = _until(lambda: self._links_in_mail(life.sender), "the confirmation mail arrives")
        life.note("the confirmation mail is in the sender's mailbox")
        page = self._gateway.open(next(link for link in links if "/confirm/" in link))
        self._gateway.press(page, "/confirm")
        life.note("the sender opened its link and pressed the button")

    def _decide(self, life: Life) -> None:
        page = self._moderator.open("/")
        if page.has_button("/sign-in"):
            self._moderator.press(page, "/sign-in", name=MODERATOR, password=self._password)
        case = _until(lambda: self._find_case(life), "the leak is in the moderators' queue")
        life.note(f"held; {MODERATOR} has claimed and read it")
        self._moderator.press(case, "/approve")
        life.note(f"{MODERATOR} approved it")

    def _find_case(self, life: Life) -> Page | None:
        """Claim and read cases until it is ours; others' are given back."""
        for link in self._moderator.open("/").links:
            if not link.startswith("/cases/"):
                continue
            page = self._moderator.open(link)
            if page.has_button("/claim"):
                page = self._moderator.press(page, "/claim")
            if not page.has_button("/release"):
                continue
            page = self._moderator.open(f"{link}?show")
            if life.mark in page.words:
                return page
            self._moderator.press(page, "/release")
        return None

    def _see_the_end(self, life: Life) -> None:
        status = _until(lambda: self._ended(life), f"the sender sees {life.scene.ends}")
        steps = ", ".join(f"{step['state']} {step['since'][11:19]}" for step in status["timeline"])
        life.note(f"the sender sees: {steps}")
        if life.scene.ends == "closed":
            _until(lambda: self._links_in_mail(life.recipient), "the leak arrives")
            life.note("the leak is in the recipient's mailbox")
        else:
            self._see_the_refusal(life, status.get("decision"))

    def _see_the_refusal(self, life: Life, decision: dict[str, Any] | None) -> None:
        if decision is None:
            raise Failure("the sender isn't told why")
        if self._links_in_mail(life.recipient):
            raise Failure("the recipient got a mail")
        life.note(f"and why ({decision['policy']}): {decision['facts']}")
        life.note("nothing is in the recipient's mailbox")

    def _ended(self, life: Life) -> dict[str, Any] | None:
        try:
            status = self._gateway.get_json("/v1/leaks/mine", receipt=life.receipt)
        except NotFound:
            # The status is written by a process of its own, which may have more to catch up than the others.
            return None
        return status if status["state"] == life.scene.ends else None

    def _links_in_mail(self, recipient: str) -> list[str]:
        """Of the newest mail to somebody; empty while there is none."""
        mails = self._mailbox.get_json(f"/api/mails?to={recipient}")["mails"]
        links: list[str] = self._mailbox.get_json(f"/api/mails/{mails[0]['id']}")["links"] if mails else []
        return links


def _until(attempt: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := attempt()):
        if time.monotonic() > deadline:
            raise Failure(f"not within {PATIENCE_S} s: {what}")
        time.sleep(POLL_S)
    return found
