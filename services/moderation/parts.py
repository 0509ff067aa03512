"""What moderation's sides are made of: the one that faces Kafka and the one that faces people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.moderation.judging import Judge
from services.moderation.names import Names
from services.moderation.policy.catalogue import Policy
from services.moderation.report_links import ReportLinks
from services.moderation.statements import Statements
from services.moderation.store import Store
from shared.runtime.clock import Clock
from shared.runtime.kafka import Publisher
from shared.runtime.outbox import Outbox
from shared.seals.sealing import Sealer


@dataclass(frozen=True)
class Parts:
    """Made once, by wiring. `delay_s` gives the random wait before an approved leak is sent, seconds."""

    store: Store
    publisher: Publisher
    outbox: Outbox
    judge: Judge
    sealer: Sealer
    statements: Statements
    report_links: ReportLinks
    names: Names
    policies: Mapping[str, Policy]
    clock: Clock
    delay_s: Callable[[], float]
