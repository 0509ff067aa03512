"""Builds the audit service: the only place that constructs its clients."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from shared.unsealing import Opener

from services.audit import views
from services.audit.domain import Rules
from services.audit.entry_routes import EntryRoutes
from services.audit.handlers import Handlers
from services.audit.log import HeadFile, Log
from services.audit.log_routes import LogRoutes
from services.audit.opening import OriginOpener, refuse_exposed
from services.audit.orders import Desk
from services.audit.page import Pages
from services.audit.reconcile import Reconciler
from services.audit.retention import Retention
from services.audit.routes import OrderRoutes
from services.audit.settings import Settings
from services.audit.store import LogStore, Store
from services.audit.threats import ThreatDesk
from services.audit.verify import public_key
from services.audit.watch import Watch
from shared.console.console import Console, Site
from shared.console.sessions import Limits
from shared.digests import to_base64url
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakSuppressed
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.events.recipients import LeakReported
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service

OPENING_KEY = "opening.key"


@dataclass(frozen=True)
class Parts:
    """What the service is made of."""

    store: Store
    log: Log
    retention: Retention
    reconciler: Reconciler
    desk: Desk
    threats: ThreatDesk
    watch: Watch
    handlers: Handlers
    console: Console


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The service, ready to run; tests pass what stands in for the world."""
    service = Service(settings, publisher)
    made = parts(settings, service.database() if database is None else database, service.health.degraded, clock)
    handlers = made.handlers
    service.on_start(made.store.create_indexes)
    service.on_start(made.console.create_indexes)
    service.subscribe(OriginCaptured, handlers.on_origin_captured, batch=True)
    service.subscribe(LeakConfirmed, handlers.on_leak_confirmed, batch=True)
    service.subscribe(LeakExpired, handlers.on_leak_expired, batch=True)
    service.subscribe(LeakWithdrawn, handlers.on_leak_withdrawn, batch=True)
    service.subscribe(LeakDecided, handlers.on_leak_decided, batch=True)
    service.subscribe(LeakDelivered, handlers.on_leak_delivered, batch=True)
    service.subscribe(LeakBounced, handlers.on_leak_bounced, batch=True)
    service.subscribe(LeakSuppressed, handlers.on_leak_suppressed, batch=True)
    service.subscribe(LeakReported, handlers.on_leak_reported, batch=True)
    service.subscribe(ThreatEscalated, handlers.on_threat_escalated, batch=True)
    service.every(settings.reconcile_s, made.reconciler.look, name="reconcile")
    service.every(settings.sweep_s, made.retention.sweep, name="retention")
    service.every(settings.check_s, made.watch.look, name="log check")
    service.serve(console_app(settings, made, clock), settings.console_host, settings.console_port)
    return service


def parts(settings: Settings, database: Database, degraded: set[str], clock: Clock) -> Parts:
    """Everything but Kafka and the listeners. Refuses an opening key that others can read."""
    refuse_exposed(settings.secrets_dir / OPENING_KEY)
    opening_key, keyring, head_file = settings.secret(OPENING_KEY), settings.keyring(), HeadFile(settings.head_file)
    store, log_store = Store(database), LogStore(database)
    audit_log = Log(log_store, settings.secret("log.key"), head_file)
    log_key = Ed25519PublicKey.from_public_bytes(public_key(settings, "log.key"))
    retention = Retention(store, audit_log, clock, origin_days=settings.origin_days, hold_days=settings.hold_days)
    reconciler = Reconciler(store, retention, clock, degraded)
    watch = Watch(log_store, audit_log, log_key, head_file, clock, degraded)
    desk = Desk(
        audit_log,
        store,
        retention,
        OriginOpener(opening_key, keyring),
        watch,
        settings.secret("answer.key"),
        rules(settings),
        list(views.load_grounds(settings.grounds_file)),
        clock,
    )
    threats = ThreatDesk(store, audit_log, Opener(settings.SERVICE, opening_key, keyring), clock)
    handlers = Handlers(store, retention, reconciler, keyring, settings.threat_days)
    console = _console(settings, database, clock)
    return Parts(store, audit_log, retention, reconciler, desk, threats, watch, handlers, console)


def rules(settings: Settings) -> Rules:
    """The operator's periods, as the rules take them."""
    emergency, approval = timedelta(hours=settings.emergency_h), timedelta(hours=settings.approval_h)
    return Rules(timedelta(days=settings.answer_days), emergency, approval)


def console_app(settings: Settings, made: Parts, clock: Clock) -> object:
    """The console as an ASGI application."""
    grounds = views.load_grounds(settings.grounds_file)
    pages = Pages(made.console, made.watch, grounds, clock)
    entry = EntryRoutes(pages, made.desk, made.store, rules(settings), list(grounds))
    orders = OrderRoutes(pages, made.desk, made.store, made.threats, settings.approval_h)
    log_pages = LogRoutes(pages, made.log, made.threats, to_base64url(public_key(settings, "answer.key")))
    return made.console.app([*entry.routes(), *orders.routes(), *log_pages.routes()])


def _console(settings: Settings, database: Database, clock: Clock) -> Console:
    limits = Limits(idle_s=settings.session_idle_s, absolute_s=settings.session_absolute_s)
    site = Site(settings.SERVICE, settings.console_url, Path(__file__).parent / "pages", limits)
    return Console(site, database, clock)
