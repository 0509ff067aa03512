"""Builds moderation: the only place that constructs its clients."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from starlette.types import ASGIApp

from services.moderation.desk import Desk
from services.moderation.handlers import Handlers
from services.moderation.judging import Evaluate, Judge
from services.moderation.names import Names
from services.moderation.parts import Parts
from services.moderation.policy.catalogue import catalogue
from services.moderation.policy.decision import evaluate as by_the_rules
from services.moderation.report_links import ReportLinks
from services.moderation.report_routes import ReportRoutes
from services.moderation.routes import Routes
from services.moderation.settings import Settings
from services.moderation.statements import Statements
from services.moderation.store import Store
from services.moderation.sweeping import Sweeper
from shared.console.account_log import FAILED_EVERY_S
from shared.console.console import Console
from shared.console.site import ConsoleSite
from shared.events.leaks import LeakCancelled, LeakConfirmed
from shared.events.recipients import LeakReported
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.outbox import Outbox
from shared.runtime.service import Service
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer

PAGES = Path(__file__).parent / "pages"
ERASE_EVERY_S = 300.0
COUNT_EVERY_S = 15.0
DROP_WINDOWS_S = 1.0


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    clock: Clock = utc_now,
    evaluate: Evaluate = by_the_rules,
    delay_s: Callable[[], float] | None = None,
) -> Service:
    """The service, ready to run; tests pass what stands in for the world, for chance and for the rules."""
    service = Service(settings, publisher)
    database = service.database() if database is None else database
    keyring = settings.keyring()
    sealer = Sealer(settings.process, settings.keys("signing"), keyring, now=clock)
    policies = {policy.id: policy for policy in catalogue()}
    store = Store(database, record=timedelta(days=settings.record_days))
    parts = Parts(
        store=store,
        publisher=service.publisher,
        outbox=Outbox(store.cases.collection, service.publisher),
        judge=Judge(Opener(settings.process, settings.keys("opening"), keyring, now=clock), evaluate),
        sealer=sealer,
        statements=Statements(policies),
        report_links=ReportLinks(settings.keys("report-token"), sealer),
        names=Names(settings.keys("names")),
        policies=policies,
        clock=clock,
        delay_s=delay_s or (lambda: random.SystemRandom().uniform(0, settings.delay_max_s)),
    )
    site = ConsoleSite(settings.SERVICE, settings.console_url, PAGES, settings.session_limits())
    console = Console(site, database, clock, store.account_log.add)

    async def drop_windows() -> None:
        parts.sealer.drop_stale()

    service.on_start(store.create_indexes)
    service.on_start(parts.outbox.create_indexes)
    service.on_start(console.create_indexes)
    service.on_stop(console.close)
    service.ready_when("its rules", parts.judge.check)
    _consume(service, parts, settings)
    service.every(DROP_WINDOWS_S, drop_windows, name="drop_windows")
    service.every(FAILED_EVERY_S, console.write_failed, name="failed_sign_ins")
    service.serve(_pages(console, parts, settings), settings.console_host, settings.console_port)
    return service


def _consume(service: Service, parts: Parts, settings: Settings) -> None:
    handlers = Handlers(parts)
    service.subscribe(LeakConfirmed, handlers.on_leak_confirmed, batch=True)
    service.subscribe(LeakCancelled, handlers.on_leak_cancelled, batch=True)
    service.subscribe(LeakReported, handlers.on_leak_reported, batch=True)
    sweeper = Sweeper(parts, readable=timedelta(days=settings.appeal_days))
    service.every(settings.sweep_every_s, sweeper.publish_what_was_left, name="outbox")
    service.every(COUNT_EVERY_S, sweeper.count, name="count")
    service.every(ERASE_EVERY_S, sweeper.erase, name="erase")


def _pages(console: Console, parts: Parts, settings: Settings) -> ASGIApp:
    desk = Desk(parts, lease=timedelta(seconds=settings.lease_s))
    return console.app([*Routes(console, desk, parts).all(), *ReportRoutes(console, parts).all()])
