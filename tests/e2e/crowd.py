"""People like nobody else, whose leaks stand at every point of a life at once."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass

from local.visitor import Page, Visitor
from tests.e2e.doors import Doors, found
from tests.e2e.people import Caller, Sent, mail_to, mails_to, token_in

AGENT = "Quagga-Lantern/83.41"
SPOOFED = "203.0.113.241"
DETAILS = "The okapi in the third row knows my street"
STRAY = "astray-quillfeather"
# What the rules hold, refuse and approve.
CALL_ME = "Call me, the pangolin is asleep: 06 44 55 66 77"
PAY_ME = "Pay me 500 euros in bitcoin or I publish your photos with the axolotl"
THANKS = "The tamarin on your desk is wonderful, thank you"
ORDER = {
    "authority": "Tribunal judiciaire de Lyon",
    "authorised_by": "Ms Arnaud",
    "reference": "26/99",
    "received_at": "2026-01-01T00:00",
    "urgency": "ordinary",
    "ground": "serious-crime",
    "called_back": "yes",
}


@dataclass(frozen=True)
class Teller:
    """Somebody whose addresses and words are like nobody's."""

    sender: str
    recipient: str
    message: str
    address: str

    @classmethod
    def at(cls, stage: str, number: int, message: str = THANKS, recipient: str = "") -> "Teller":
        """Named by how far the leak gets."""
        recipient = recipient or f"{stage}-quillfeather"
        return cls(
            sender=f"{stage}-quillfeather@inkwell-meadow.example.org",
            recipient=f"{recipient}@velvet-harbour.example.net",
            message=f"{message} {stage}-nightjar-é",
            address=f"127.83.41.{number}",
        )


TELLERS = {
    "unconfirmed": Teller.at("unconfirmed", 111),
    "held": Teller.at("held", 112, CALL_ME),
    "refused": Teller.at("refused", 113, PAY_ME),
    "delivered": Teller.at("delivered", 114),
    "suppressed": Teller.at("suppressed", 115, recipient="delivered-quillfeather"),
    "cancelled": Teller.at("cancelled", 116),
    "bounced": Teller.at("bounced", 117, recipient="refuse-550.quillfeather"),
    "retried": Teller.at("retried", 118, recipient="later-451-9.quillfeather"),
    "stopped": Teller.at("stopped", 119),
    "escalated": Teller.at("escalated", 120, CALL_ME),
}
# These end before they are confirmed.
STAY_UNCONFIRMED = {"unconfirmed", "cancelled", "stopped"}
STATES = {"held": "in_review", "refused": "refused", "cancelled": "cancelled", "stopped": "cancelled"}


class Crowd:
    """Lives all lives; `secrets` then says what nobody may find."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.sent: dict[str, Sent] = {}

    def live(self) -> None:
        """Bring each leak to its point, and wait until it stands there."""
        self._lose_the_way()
        for stage in TELLERS:
            self.sent[stage] = self._by_form(stage) if stage == "held" else self._by_program(stage)
        for stage in TELLERS.keys() - STAY_UNCONFIRMED - {"suppressed"}:
            self._confirm(stage)
        self._caller("cancelled").cancel(self.sent["cancelled"])
        self._press_the_link("stopped")
        self._report_and_block()
        self._confirm("suppressed")
        self._escalate()
        for stage in TELLERS.keys() - STAY_UNCONFIRMED - {"escalated"}:
            self._caller(stage).wait_for(STATES.get(stage, "closed"), self.sent[stage])

    def secrets(self) -> dict[str, str]:
        """Everything that was told in confidence, by name."""
        words = {f"{field} of {stage}": text for stage, who in TELLERS.items() for field, text in asdict(who).items()}
        receipts = {f"receipt of {stage}": sent.receipt for stage, sent in self.sent.items()}
        network = {"network": "127.83.41.", "agent": AGENT, "spoofed address": SPOOFED}
        parts = {"details": DETAILS, "stray": STRAY, "domain": "velvet-harbour", "own domain": "inkwell-meadow"}
        return words | receipts | network | parts

    def open_origin(self, stage: str) -> str:
        """Two auditors do; what the answer says."""
        with self._signed_in("audit", "auditor-a") as first, self._signed_in("audit", "auditor-b") as second:
            facts = {**ORDER, "leak_id": self.sent[stage].leak_id, "step": "3", "go": "on", "confirmed": "yes"}
            asked = {"fields": ["ip", "sender"]}
            order = first.press(first.open("/orders/new"), "/orders/new", **facts, **asked).address
            second.press(second.open(f"{order}/approve"), "/approve", confirmed="yes", **asked)
            return first.press(first.open(f"{order}/open"), "/open", confirmed="yes").words

    def _caller(self, stage: str) -> Caller:
        headers = {"user-agent": AGENT, "x-forwarded-for": SPOOFED, "forwarded": f"for={SPOOFED}"}
        return Caller(self.doors, TELLERS[stage].address, **headers)

    def _lose_the_way(self) -> None:
        """What is refused may not be kept either."""
        with self._caller("unconfirmed").client() as client:
            broken = f'{{"recipient": "{STRAY}@velvet-harbour.example.net", "sender": 7'
            answer = client.post("/v1/leaks", content=broken, headers={"content-type": "application/json"})
            assert answer.is_client_error
            assert client.get(f"/{STRAY}?to={STRAY}").is_client_error

    def _by_program(self, stage: str) -> Sent:
        who = TELLERS[stage]
        return self._caller(stage).send(who.sender, who.recipient, who.message)

    def _by_form(self, stage: str) -> Sent:
        who = TELLERS[stage]
        draft = {**asdict(who), "kind": "crush", "relation": "admirer", "language": "fr", "consent": "yes"}
        caller = self._caller(stage)
        with caller.client() as client:
            page = client.post("/leaks", data=draft, headers={"sec-fetch-site": "same-origin"}).text
        receipt = "".join(re.findall(r"<span>([0-9A-Z-]+)</span>", page))
        return Sent(caller.status(receipt)["leak_id"], receipt, who.address, 0)

    def _confirm(self, stage: str) -> None:
        self._caller(stage).act("confirm", TELLERS[stage].sender)

    def _press_the_link(self, stage: str) -> None:
        """`This wasn't me`, which has a page and no API."""
        token = token_in(mail_to(self.doors, TELLERS[stage].sender), "stop")
        with closing(Visitor(self.doors.gateway)) as visitor:
            visitor.press(visitor.open(f"/stop/{token}"), "/stop")

    def _report_and_block(self) -> None:
        reader = TELLERS["delivered"].recipient
        self._caller("delivered").act("report", reader, reason="threat", details=DETAILS)
        self._caller("delivered").act("block", reader)

    def _escalate(self) -> None:
        message = TELLERS["escalated"].message
        with self._signed_in("moderation", "mod-a") as moderator:
            case = found(lambda: self._take_case(moderator, message), "the leak is in the queue")
            moderator.press(moderator.open(f"{case}/escalate"), "/escalate", policy="threat")

    def _take_case(self, moderator: Visitor, message: str) -> str | None:
        for link in moderator.open("/").links:
            if link.startswith("/cases/") and self._shows(moderator, link, message):
                return link
        return None

    def _shows(self, moderator: Visitor, case: str, message: str) -> bool:
        page = moderator.open(case)
        if not page.has_button("/claim"):
            return False
        moderator.press(page, "/claim")
        shown: Page = moderator.open(f"{case}?show")
        if message.rpartition(" ")[2] in shown.words:
            return True
        moderator.press(shown, "/release")
        return False

    @contextmanager
    def _signed_in(self, console: str, name: str) -> Iterator[Visitor]:
        password = self.doors.password(console, name)
        with closing(Visitor(self.doors.console(console))) as visitor:
            visitor.press(visitor.open("/sign-in"), "/sign-in", name=name, password=password)
            yield visitor


def nothing_more_came(doors: Doors) -> bool:
    """The second leak to somebody who blocked us did not arrive."""
    return len(mails_to(doors, TELLERS["suppressed"].recipient)) == 1
