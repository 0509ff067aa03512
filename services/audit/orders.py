"""The order desk: reads the log, asks the rules, appends the step, and only then lets it take effect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from services.audit import domain, export
from services.audit.chain import Entry, Fact, LogDraft
from services.audit.domain import Action, Order, OrderDraft, Rules, Why
from services.audit.evidence import NotSigned
from services.audit.export import Fault, FaultyRecord
from services.audit.log import Log
from services.audit.opening import OriginOpener
from services.audit.retention import Retention
from services.audit.store.origins import OriginStore
from services.audit.store.values import LeakOrigins, StoredOrigin
from services.audit.watch import Watch
from shared.digests import sha256
from shared.runtime import logs, metrics
from shared.runtime.clock import Clock
from shared.seals.contents import Origin
from shared.seals.errors import SealBroken
from shared.seals.keys import KeySource

log = logs.get("audit")

_STEP: Final[Mapping[Action, str]] = {
    "approve": "order.approved",
    "refuse": "order.refused",
    "open": "order.opened",
    "close": "order.closed",
}


class StepRefused(Exception):
    """The rules don't allow it; the attempt is in the log."""

    def __init__(self, why: Why, order: Order | None) -> None:
        super().__init__(why)
        self.why = why
        self.order = order


class OpeningFailed(Exception):
    """Allowed and logged, but no record could be opened: nothing was handed out, and the log says so."""


class OrderDesk:
    """What an auditor can do to an order. StepRefused when the rules refuse; ChainBroken while the log is not whole."""

    def __init__(  # noqa: PLR0917  # wiring passes what is used
        self,
        audit_log: Log,
        store: OriginStore,
        retention: Retention,
        opener: OriginOpener,
        watch: Watch,
        answer_keys: KeySource,
        rules: Rules,
        grounds: Sequence[str],
        clock: Clock,
    ) -> None:
        self._log = audit_log
        self._store = store
        self._retention = retention
        self._opener = opener
        self._watch = watch
        self._answer_keys = answer_keys
        self._rules = rules
        self._grounds = grounds
        self._clock = clock

    async def orders(self) -> dict[int, Order]:
        """Every order, by number."""
        return domain.orders(await self._log.read())

    async def enter(self, by: str, draft: OrderDraft) -> Order:
        """A new order from a draft without problems (else ValueError); from now on its leak's record is held."""
        if domain.problems(draft, self._grounds, self._clock()):
            raise ValueError("the draft is not complete")
        draft = replace(draft, fields=domain.in_order(draft.fields))
        facts = domain.facts_of(draft, domain.due_at(draft, self._rules))
        entry = await self._log.append(LogDraft("order.entered", by, self._clock(), facts, draft.leak_id))
        await self._retention.apply_holds()
        return (await self.orders())[entry.seq]

    async def approve(self, by: str, number: int, fields: Sequence[str]) -> None:
        """A second person grants all of the fields asked, or fewer; runs out by itself."""
        lapses_at = self._clock() + self._rules.approval
        facts: dict[str, Fact] = {"fields": list(domain.in_order(fields)), "lapses_at": lapses_at.isoformat()}
        await self._step(
            by, number, "approve", lambda _: facts, lambda order: domain.fields_not_grantable(order, fields)
        )

    async def refuse(self, by: str, number: int, reason: str) -> None:
        """The order will not be answered; nothing of it can follow."""
        await self._step(by, number, "refuse", lambda _: {"reason": reason}, lambda _: _worded(reason))
        await self._retention.apply_holds()

    async def close(self, by: str, number: int, note: str) -> None:
        """The answer was handed over: to whom and how is in the note."""
        await self._step(by, number, "close", lambda _: {"note": note}, lambda _: _worded(note))
        await self._retention.apply_holds()

    async def open(self, by: str, number: int) -> bytes:
        """Open the order's one leak and give the signed answer. It is kept nowhere: repeat until the approval runs out.

        The whole log is checked first, and the entry in it is durable before anything is opened. A record that isn't
        the gateway's, or doesn't open, is a fault in the answer; OpeningFailed when none opens.
        """
        await self._watch.require_whole()
        # Before the log has the opening: without a key to sign the answer with, nothing is opened.
        self._answer_keys().current(self._clock())
        order = (await self.orders()).get(number)
        found = await self._store.origins(order.leak_id) if order else LeakOrigins()
        # Which sealed records are opened is in the log; their digests tell nothing about what is in them.
        digests = [sha256(record.sealed_origin) for record in found.records] + [sha256(key) for key in found.malformed]
        entry = await self._step(
            by,
            number,
            "open",
            lambda order: {"fields": list(order.granted), "records": digests},
            lambda _: None if found else "no_origin",
        )
        return await self._answer(entry, found)

    async def _answer(self, entry: Entry, found: LeakOrigins) -> bytes:
        order = (await self.orders())[entry.order or 0]
        results = [self._opened(record) for record in found.records]
        results += [_faulty(key, "not_a_record", order.leak_id) for key in found.malformed]
        opened = sum(isinstance(result, Origin) for result in results)
        if not opened:
            faults: list[str] = [result.fault for result in results if isinstance(result, FaultyRecord)]
            facts: dict[str, Fact] = {"faults": faults}
            failed = LogDraft("order.failed", entry.by, self._clock(), facts, order.leak_id, order.number)
            await self._log.append(failed)
            raise OpeningFailed(", ".join(faults))
        metrics.ORIGINS_OPENED.inc(opened)
        log.warning("an origin was opened", order_id=order.number, leak_id=order.leak_id, seq=entry.seq)
        return export.answer(order, entry, results, self._answer_keys().current(self._clock()))

    def _opened(self, record: StoredOrigin) -> Origin | FaultyRecord:
        try:
            return self._opener.open(record)
        except NotSigned:
            return _faulty(record.sealed_origin, "not_signed_by_the_gateway", record.leak_id)
        except SealBroken:
            return _faulty(record.sealed_origin, "does_not_open", record.leak_id)

    async def _step(
        self,
        by: str,
        number: int,
        action: Action,
        facts: Callable[[Order], Mapping[str, Fact]],
        also: Callable[[Order], Why | None],
    ) -> Entry:
        """Decide on the log as it ends now, and append only if it still ends there: two at once can't both be right."""
        while True:
            order, now = (await self.orders()).get(number), self._clock()
            head = self._log.head
            if order is None:
                raise await self._refused(by, action, "no_such_order", None)
            if why := domain.why_not(order, action, by, now) or also(order):
                raise await self._refused(by, action, why, order)
            step = LogDraft(_STEP[action], by, now, facts(order), order.leak_id, number)
            if entry := await self._log.append_next(head, step):
                return entry

    async def _refused(self, by: str, action: Action, why: Why, order: Order | None) -> StepRefused:
        facts: dict[str, Fact] = {"tried": action, "why": why}
        about = (order.leak_id, order.number) if order else (None, None)
        await self._log.append(LogDraft("attempt.refused", by, self._clock(), facts, *about))
        metrics.ATTEMPTS_REFUSED.inc()
        return StepRefused(why, order)


def _faulty(record: str, fault: Fault, leak_id: str) -> FaultyRecord:
    log.error("a stored origin is not what it claims to be", leak_id=leak_id, reason=fault)
    return FaultyRecord(sha256(record), fault)


def _worded(text: str) -> Why | None:
    return None if text.strip() else "not_said"
