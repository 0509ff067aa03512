"""Builds the audit service: the only place that constructs its clients."""

from datetime import timedelta
from pathlib import Path

from starlette.types import ASGIApp

from services.audit import views
from services.audit.account_log import recorder
from services.audit.domain import Rules
from services.audit.handlers import AuditHandlers
from services.audit.log import HeadFile, Log
from services.audit.opening import OriginOpener, refuse_exposed
from services.audit.orders import OrderDesk
from services.audit.page import AuditPages
from services.audit.reconcile import Reconciler
from services.audit.retention import Retention
from services.audit.routes.entry import EntryRoutes
from services.audit.routes.log import LogRoutes
from services.audit.routes.orders import OrderRoutes
from services.audit.routes.threats import ThreatRoutes
from services.audit.settings import Settings
from services.audit.store.log import LogStore
from services.audit.store.origins import OriginStore
from services.audit.threats import ThreatDesk
from services.audit.watch import Watch
from shared.console.account_log import FAILED_EVERY_S
from shared.console.console import Console
from shared.console.site import ConsoleSite
from shared.events.decisions import LeakDecided, ThreatEscalated
from shared.events.deliveries import LeakBounced, LeakDelivered, LeakStopped, LeakSuppressed
from shared.events.leaks import LeakConfirmed, LeakExpired, LeakWithdrawn
from shared.events.origins import OriginCaptured
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service
from shared.seals.opening import Opener

OPENING_KEYS = "opening.json"


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The service, ready to run; tests pass what stands in for the world. Refuses keys that others can read."""
    refuse_exposed(settings.secrets_dir / OPENING_KEYS)
    service = Service(settings, publisher)
    database = service.database() if database is None else database
    store, audit_log = OriginStore(database), log(settings, database)
    retained = retention(settings, store, audit_log, clock)
    reconciler = Reconciler(store, retained, clock, service.health.degraded)
    watched = watch(settings, database, audit_log, service.health.degraded, clock)
    threats_kept = timedelta(days=settings.threat_days)
    handlers = AuditHandlers(store, retained, reconciler, settings.keyring(), threats_kept, clock)
    own_console = console(settings, database, audit_log, clock)

    service.on_start(store.create_indexes)
    service.on_start(own_console.create_indexes)
    service.on_stop(own_console.close)
    _subscribe(service, handlers)
    service.every(settings.reconcile_s, reconciler.look, name="reconcile")
    service.every(settings.sweep_s, retained.sweep, name="retention")
    service.every(settings.check_s, watched.look, name="log_check")
    service.every(FAILED_EVERY_S, own_console.write_failed, name="failed_sign_ins")
    opener = OriginOpener(settings.keys("opening"), settings.keyring())
    orders = order_desk(settings, opener, store, audit_log, retained, watched, clock)
    threats = threat_desk(settings, store, audit_log, clock)
    pages = AuditPages(own_console, watched, views.load_grounds(settings.grounds_file), clock)
    app = _application(settings, own_console, pages, orders, threats, store, audit_log)
    service.serve(app, settings.console_host, settings.console_port)
    return service


def log(settings: Settings, database: Database) -> Log:
    """The log, under the keys in the secrets."""
    return Log(LogStore(database), settings.keys("log"), HeadFile(settings.head_file))


def retention(settings: Settings, store: OriginStore, audit_log: Log, clock: Clock) -> Retention:
    """With the operator's periods."""
    origins_kept, held_for = timedelta(days=settings.origin_days), timedelta(days=settings.hold_days)
    return Retention(store, audit_log, clock, origins_kept=origins_kept, held_for=held_for)


def watch(settings: Settings, database: Database, audit_log: Log, degraded: set[str], clock: Clock) -> Watch:
    """What checks the whole log."""
    return Watch(LogStore(database), audit_log, HeadFile(settings.head_file), clock, degraded)


def order_desk(  # noqa: PLR0917  # what is used
    settings: Settings,
    opener: OriginOpener,
    store: OriginStore,
    audit_log: Log,
    retained: Retention,
    watched: Watch,
    clock: Clock,
) -> OrderDesk:
    """Everything that can be done to an order."""
    return OrderDesk(
        audit_log,
        store,
        retained,
        opener,
        watched,
        settings.keys("answer"),
        _rules(settings),
        list(views.load_grounds(settings.grounds_file)),
        clock,
    )


def threat_desk(settings: Settings, store: OriginStore, audit_log: Log, clock: Clock) -> ThreatDesk:
    """What opens threats, and nothing else."""
    opener = Opener(settings.process, settings.keys("opening"), settings.keyring(), clock)
    return ThreatDesk(store, audit_log, opener, clock)


def console(settings: Settings, database: Database, audit_log: Log, clock: Clock) -> Console:
    """The console's people and looks."""
    pages = Path(__file__).parent / "pages"
    site = ConsoleSite(settings.SERVICE, settings.console_url, pages, settings.session_limits())
    return Console(site, database, clock, recorder(audit_log))


def _subscribe(service: Service, handlers: AuditHandlers) -> None:
    service.subscribe(OriginCaptured, handlers.on_origin_captured, batch=True)
    service.subscribe(LeakConfirmed, handlers.on_leak_confirmed, batch=True)
    service.subscribe(LeakExpired, handlers.on_leak_expired, batch=True)
    service.subscribe(LeakWithdrawn, handlers.on_leak_withdrawn, batch=True)
    service.subscribe(LeakDecided, handlers.on_leak_decided, batch=True)
    service.subscribe(LeakDelivered, handlers.on_leak_delivered, batch=True)
    service.subscribe(LeakBounced, handlers.on_leak_bounced, batch=True)
    service.subscribe(LeakSuppressed, handlers.on_leak_suppressed, batch=True)
    service.subscribe(LeakStopped, handlers.on_leak_stopped, batch=True)
    service.subscribe(ThreatEscalated, handlers.on_threat_escalated, batch=True)


def _rules(settings: Settings) -> Rules:
    emergency, approval = timedelta(hours=settings.emergency_h), timedelta(hours=settings.approval_h)
    return Rules(timedelta(days=settings.answer_days), emergency, approval)


def _application(  # noqa: PLR0917  # what is used
    settings: Settings,
    own_console: Console,
    pages: AuditPages,
    orders: OrderDesk,
    threats: ThreatDesk,
    store: OriginStore,
    audit_log: Log,
) -> ASGIApp:
    grounds = list(views.load_grounds(settings.grounds_file))
    entry = EntryRoutes(pages, orders, store, _rules(settings), grounds)
    steps = OrderRoutes(pages, orders, store, threats, settings.approval_h)
    log_pages = LogRoutes(pages, audit_log, settings.keys("answer"))
    return own_console.app(
        [*entry.routes(), *steps.routes(), *log_pages.routes(), *ThreatRoutes(pages, threats).routes()]
    )
