"""Builds the verifier: the only place that constructs its clients."""

from datetime import timedelta

from services.verifier.addresses import AnyMailHost, DnsMailHosts, MailHosts, caching_resolver
from services.verifier.expiry import Expiry
from services.verifier.handlers import Handlers
from services.verifier.intake import Intake
from services.verifier.settings import Settings
from services.verifier.store import Store
from services.verifier.tokens import Tokens
from shared.address_digests import AddressDigests
from shared.events.confirmations import ConfirmationClicked, SenderStopped
from shared.events.leaks import LeakCancelled, LeakSubmitted
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service
from shared.seals.opening import Opener
from shared.seals.sealing import Sealer

DROP_WINDOWS_S = 1.0


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    hosts: MailHosts | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The service, ready to run; tests pass what stands in for the world."""
    service = Service(settings, publisher)
    keyring = settings.keyring()
    sealer = Sealer(settings.process, settings.keys("signing"), keyring, now=clock)
    database = service.database() if database is None else database
    store = Store(database, keep=timedelta(days=settings.keep_outcomes_days))
    intake = Intake(
        Opener(settings.process, settings.keys("opening"), keyring, now=clock),
        sealer,
        tokens=Tokens(settings.keys("token")),
        digests=AddressDigests(settings.keys("address"), "sender"),
        hosts=hosts or (DnsMailHosts(caching_resolver) if settings.check_mail_host else AnyMailHost()),
        clock=clock,
    )
    handlers = Handlers(store, intake, service.publisher, settings, clock)
    expiry = Expiry(store, service.publisher, lambda: service.caught_up(ConfirmationClicked), clock)

    async def drop_windows() -> None:
        sealer.drop_stale()

    service.on_start(store.create_indexes)
    service.subscribe(LeakSubmitted, handlers.on_leak_submitted, batch=True)
    service.subscribe(ConfirmationClicked, handlers.on_confirmation_clicked, batch=True, received=True)
    service.subscribe(SenderStopped, handlers.on_sender_stopped, batch=True, received=True)
    service.subscribe(LeakCancelled, handlers.on_leak_cancelled, batch=True)
    service.every(settings.sweep_every_s, expiry.sweep, name="expiry")
    service.every(DROP_WINDOWS_S, drop_windows, name="drop_windows")
    return service
