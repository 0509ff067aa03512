"""Builds the gateway: the only place that constructs its clients."""

from datetime import timedelta

from services.gateway.accept import Acceptor, signed
from services.gateway.application import application
from services.gateway.clients import KnownClients
from services.gateway.forwarded import TrustedProxies, trusted_networks
from services.gateway.handlers import Handlers
from services.gateway.intake import Intake, PrebuiltBatches, Sender
from services.gateway.keys import KeyFiles
from services.gateway.limits import Act, OriginLimits, limiter_store
from services.gateway.live_acts import LiveActs
from services.gateway.pages.site import Site
from services.gateway.settings import Settings
from services.gateway.store import ApiClients, LeakEvents
from shared.events.decisions import LeakDecided
from shared.events.deliveries import LeakStopped
from shared.events.leaks import LeakConfirmed, LeakSubmitted, LeakWithdrawn
from shared.events.topics import STATUS
from shared.runtime import mongo
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service

DROP_WINDOWS_S = 1.0
FORGET_EVERY_S = 3_600.0


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    sender: Sender | None = None,
    database: Database | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The role's service, ready to run; tests pass what stands in for the world, one database for both roles."""
    service = Service(settings, publisher)
    if settings.role == "status":
        _read_status(service, settings, service.database() if database is None else database, clock)
    else:
        _accept(service, settings, sender, database, clock)
    return service


def _read_status(service: Service, settings: Settings, database: Database, clock: Clock) -> None:
    events = LeakEvents(database, timedelta(days=settings.status_days), clock)
    handlers = Handlers(events)
    service.on_start(events.create_indexes)
    service.subscribe(LeakSubmitted, handlers.on_leak_submitted, batch=True)
    service.subscribe(LeakConfirmed, handlers.on_leak_confirmed, batch=True)
    service.subscribe(LeakWithdrawn, handlers.on_leak_withdrawn, batch=True)
    service.subscribe(LeakDecided, handlers.on_leak_decided, batch=True)
    service.subscribe(LeakStopped, handlers.on_leak_stopped, batch=True)
    service.every(FORGET_EVERY_S, events.forget, name="forget")


def _accept(
    service: Service, settings: Settings, sender: Sender | None, database: Database | None, clock: Clock
) -> None:
    own = service.database() if database is None else database
    status = mongo.connect(settings, STATUS.name) if database is None else database
    keys = KeyFiles(settings, clock)
    clients = ApiClients(own)
    storage, key_holder, close_limiter = limiter_store(settings.limiter_url)
    intake = Intake(sender or PrebuiltBatches(service.publisher), signed(keys))
    acts = LiveActs(
        acceptor=Acceptor(keys, intake, timedelta(hours=settings.confirm_within_h)),
        publisher=service.publisher,
        events=LeakEvents(status, timedelta(days=settings.status_days), clock),
        clients=KnownClients(clients),
        keys=keys,
        clock=clock,
        limits=OriginLimits(_rates(settings), storage, key_holder, clock),
    )
    proxies = trusted_networks(settings.trusted_proxies)
    trusted = TrustedProxies(proxies, settings.trusted_header)

    service.ready_when("its keys", keys.check)
    service.on_start(clients.create_indexes)
    service.on_stop(close_limiter)
    service.every(DROP_WINDOWS_S, keys.drop_stale, name="drop_windows")
    app = application(acts, _site(settings), trusted, settings.answered_hosts)
    service.serve(app, settings.host, settings.port, proxies=proxies)


def _rates(settings: Settings) -> dict[Act, str]:
    return {
        "submit": settings.limit_submit,
        "preview": settings.limit_preview,
        "act": settings.limit_act,
        "status": settings.limit_status,
        "client": settings.limit_client,
    }


def _site(settings: Settings) -> Site:
    return Site(
        settings.operator,
        settings.contact,
        settings.confirm_within_h,
        settings.origin_days,
        settings.delay_max_s,
        str(settings.public_url).rstrip("/"),
    )
