"""Judges a run from outside: what clients were answered, what mails came, what every topic says, what audit holds."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakConfirmed, LeakSubmitted
from shared.events.origins import OriginCaptured
from tests.crash.fates import Leak
from tests.crash.sightings import Record, Seen

CLOCKS_APART = timedelta(milliseconds=5)
"""Kafka keeps whole milliseconds."""

RETOLD_ANEW = frozenset(
    {
        OriginCaptured.TOPIC,
        LeakSubmitted.TOPIC,
        "confirmation.clicked.v1",
        "recipient.blocked.v1",
        "sender.stopped.v1",
        "leak.cancelled.v1",
        "leak.reported.v1",
    }
)
"""Acts of people: a request tried again is sealed again, and has its own time."""


@dataclass(frozen=True)
class Violation:
    """What must never happen, and did."""

    what: str
    mark: str
    details: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that was seen of one run."""

    leaks: Sequence[Leak]
    records: Sequence[Record]
    mails: Sequence[Seen]
    origins: frozenset[str]
    """The leak_ids whose sealed origin audit holds."""
    unknown_ends: int = 0
    """Attempts that the mailer's own metric counted as unknown."""
    cuts: int = 0
    """Times that an attempt may have been cut off: the mailer killed or frozen, its store or its relay away."""
    connections: int = 1
    strange: Sequence[str] = ()
    """Processes that ended unasked."""


@dataclass(frozen=True)
class Judgement:
    """`twice`: mails beyond the first with the same Message-ID, all within I4's window unless a violation says not."""

    leaks: int
    lost: int
    twice: int
    unknown_ends: int
    violations: tuple[Violation, ...]

    def of(self, what: str) -> set[str]:
        """The marks of the leaks that were wronged in this way."""
        return {one.mark for one in self.violations if one.what == what}

    @property
    def kinds(self) -> set[str]:
        """The ways in which something went wrong."""
        return {one.what for one in self.violations}


class Case:
    """The evidence, in the order in which questions are asked of it."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.told: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
        for record in evidence.records:
            if record.leak_id and not record.topic.endswith(".dead.v1"):
                self.told[record.topic][record.leak_id].append(record)
        self.by_recipient: dict[str, list[Seen]] = defaultdict(list)
        for mail in evidence.mails:
            self.by_recipient[mail.to].append(mail)

    def letters(self, leak: Leak) -> list[Seen]:
        """The mails that carry this leak's words: two leaks may go to one recipient."""
        return [mail for mail in self.by_recipient[leak.recipient] if leak.mark in mail.text]

    def has(self, topic: str, leak: Leak) -> bool:
        """Whether an event of this leak stands in the topic."""
        return bool(self.told[topic][leak.leak_id])

    def approved(self, leak: Leak) -> bool:
        """Whether moderation's last word is yes."""
        words = [record.says for record in self.told[LeakDecided.TOPIC][leak.leak_id]]
        return bool(words) and max(words, key=lambda word: word["revision"])["outcome"] == "approved"


def judge(evidence: Evidence) -> Judgement:
    """Ask every question."""
    case = Case(evidence)
    violations = tuple(found for question in QUESTIONS for found in question(case))
    counts = Counter((mail.to, mail.message_id) for mail in evidence.mails)
    return Judgement(
        leaks=len(evidence.leaks),
        lost=len({one.mark for one in violations if one.what == "lost"}),
        twice=counts.total() - len(counts),
        unknown_ends=evidence.unknown_ends,
        violations=violations,
    )


def none_is_lost(case: Case) -> Iterator[Violation]:
    """Every leak meets its fate: its event, its letter."""
    for leak in case.evidence.leaks:
        if leak.stuck:
            yield Violation("lost", leak.mark, f"{leak.fate} waited in vain for {leak.stuck}")
        elif not any(case.has(end, leak) for end in leak.plan.endings):
            yield Violation("lost", leak.mark, f"{leak.fate}: nothing in {leak.plan.ends.TOPIC}")
        elif leak.plan.letters and not case.letters(leak):
            yield Violation("lost", leak.mark, f"{leak.fate}: no letter came")


def none_is_sent_unapproved(case: Case) -> Iterator[Violation]:
    """A letter needs moderation's last word (I3), and a fate that allows it."""
    for leak in case.evidence.leaks:
        if case.letters(leak) and not case.approved(leak):
            yield Violation("unapproved sent", leak.mark, "no approval is its last word")
        elif case.letters(leak) and not leak.plan.letters and leak.fate != "unwanted":
            yield Violation("unapproved sent", leak.mark, f"{leak.fate}, and a letter came")


def none_is_sent_unconfirmed(case: Case) -> Iterator[Violation]:
    """A letter needs its sender's click (I2)."""
    for leak in case.evidence.leaks:
        if case.letters(leak) and not (leak.clicked and case.has(LeakConfirmed.TOPIC, leak)):
            yield Violation("unconfirmed sent", leak.mark)


def none_is_sent_to_who_blocked(case: Case) -> Iterator[Violation]:
    """A block accepted before wins (I8)."""
    for leak in case.evidence.leaks:
        if leak.fate == "unwanted" and case.letters(leak):
            yield Violation("blocked sent", leak.mark)


def what_is_told_delivered_may_have_been(case: Case) -> Iterator[Violation]:
    """A mail that was blocked or refused counts as delivered only when an attempt at one was cut off."""
    told = [leak for leak in case.evidence.leaks if leak.plan.cut_off and case.has(leak.plan.cut_off.TOPIC, leak)]
    for leak in told[case.evidence.unknown_ends :]:
        yield Violation("told delivered", leak.mark, leak.fate)


def none_is_mailed_twice(case: Case) -> Iterator[Violation]:
    """Only an attempt whose end is unknown may repeat (I4): same Message-ID, one a connection and cut, and counted."""
    copies = Counter((mail.to, mail.message_id) for mail in case.evidence.mails)
    for leak in case.evidence.leaks:
        for name, mails in (("letter", case.letters(leak)), ("confirmation", case.by_recipient[leak.sender])):
            ids = {mail.message_id for mail in mails}
            if len(ids) > 1:
                yield Violation("mailed twice", leak.mark, f"the {name} has {len(ids)} Message-IDs")
    twice = copies.total() - len(copies)
    allowed = min(case.evidence.unknown_ends, case.evidence.cuts * case.evidence.connections)
    if twice > allowed:
        repeated = sorted(to for (to, _), times in copies.items() if times > 1)
        yield Violation("mailed twice", repeated[0], f"{twice} repeats, {allowed} unknown ends: {repeated[:5]}")


def every_accepted_leak_has_its_origin(case: Case) -> Iterator[Violation]:
    """I1: the origin is durable first, before the leak and before the answer; audit holds it."""
    for leak_id, submitted in case.told[LeakSubmitted.TOPIC].items():
        origins = [record.at for record in case.told[OriginCaptured.TOPIC][leak_id]]
        if not origins or min(origins) > min(record.at for record in submitted) + CLOCKS_APART:
            yield Violation("no origin first", leak_id)
    for leak in case.evidence.leaks:
        if leak.leak_id and not (case.has(OriginCaptured.TOPIC, leak) and case.has(LeakSubmitted.TOPIC, leak)):
            yield Violation("answered, not durable", leak.mark)
        if leak.leak_id and leak.leak_id not in case.evidence.origins:
            yield Violation("no origin at audit", leak.mark)


def every_sender_sees_the_truth(case: Case) -> Iterator[Violation]:
    """The state that the receipt shows, and for a refusal its reasons."""
    for leak in case.evidence.leaks:
        if not leak.stuck and leak.status.get("state") != leak.plan.state:
            yield Violation("wrong state", leak.mark, f"{leak.fate} shows {leak.status.get('state')}")
        if leak.status.get("state") == "refused" and not leak.status.get("decision"):
            yield Violation("wrong state", leak.mark, "refused without reasons")


def a_repeat_says_the_same(case: Case) -> Iterator[Violation]:
    """Delivery law 1: what is told again is what was stored."""
    values: dict[str, set[bytes]] = defaultdict(set)
    for record in case.evidence.records:
        if record.topic not in RETOLD_ANEW and record.event_id:
            values[record.event_id].add(record.value)
    for event_id, told in values.items():
        if len(told) > 1:
            yield Violation("told differently", event_id, f"{len(told)} versions")


def nothing_died(case: Case) -> Iterator[Violation]:
    """No dead letter, and no process that ended by itself."""
    for record in case.evidence.records:
        if record.topic.endswith(".dead.v1"):
            yield Violation("dead letter", record.topic, record.says.get("error_class", ""))
    for strange in case.evidence.strange:
        yield Violation("ended by itself", strange)


QUESTIONS: tuple[Callable[[Case], Iterator[Violation]], ...] = (
    none_is_lost,
    none_is_sent_unapproved,
    none_is_sent_unconfirmed,
    none_is_sent_to_who_blocked,
    what_is_told_delivered_may_have_been,
    none_is_mailed_twice,
    every_accepted_leak_has_its_origin,
    every_sender_sees_the_truth,
    a_repeat_says_the_same,
    nothing_died,
)
