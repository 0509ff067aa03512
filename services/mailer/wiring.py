"""Builds the mailer: the only place that constructs its clients."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.unsealing import Opener

from services.mailer.addresses import Addresses
from services.mailer.attempts import Attempts, Terms
from services.mailer.compose import Composer, Stationery
from services.mailer.gate import Gate, Limits
from services.mailer.handlers import Handlers
from services.mailer.sending import Sending
from services.mailer.settings import Settings
from services.mailer.store.mails import Mails
from services.mailer.store.recipients import Recipients
from services.mailer.telling import Teller
from services.mailer.tokens import Tokens
from services.mailer.transports import Transport
from services.mailer.transports.smtp import Pace, Relay, SmtpTransport
from services.mailer.unseal import Opening
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service

SWEEP_EVERY_S = 10.0
FORGET_EVERY_S = 60.0
REST_EVERY_S = 10.0


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    transport: Transport | None = None,
    blocks_read: Callable[[], Awaitable[None]] | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The service, ready to run; tests pass what stands in for the world."""
    service = Service(settings, publisher)
    database = service.database() if database is None else database
    mails, recipients = _stores(settings, database)
    tokens = Tokens(settings.secret("token.key"), settings.secret("message-id.key"))
    opening = Opening(
        Opener(settings.SERVICE, settings.secret("opening.key"), settings.keyring()),
        Addresses(settings.secret("address.key")),
        Composer(_stationery(settings), tokens),
        tokens,
    )
    teller = Teller(mails, service.publisher, clock)
    handlers = Handlers(mails, recipients, opening=opening, tokens=tokens, teller=teller, clock=clock)
    gate = Gate(
        mails,
        recipients,
        blocks_read=blocks_read or (lambda: service.caught_up(RecipientBlocked)),
        limits=Limits(settings.recipient_daily, settings.domain_daily),
        clock=clock,
    )
    transport = transport or SmtpTransport(_relay(settings), _pace(settings))
    attempts = Attempts(
        mails,
        recipients,
        gate=gate,
        transport=transport,
        opening=opening,
        teller=teller,
        terms=_terms(settings),
        clock=clock,
    )
    sending = Sending(mails, attempts, teller, settings.connections, clock)

    async def forget() -> None:
        await mails.forget(clock())
        await recipients.forget(clock())

    async def stop() -> None:
        await sending.stop(settings.stop_within_s)
        await transport.close()

    service.on_start(mails.create_indexes)
    service.on_start(recipients.create_indexes)
    _subscribe(service, handlers)
    service.every(settings.poll_every_s, sending.send_due, name="send_due")
    service.every(SWEEP_EVERY_S, teller.sweep, name="tell_untold")
    service.every(FORGET_EVERY_S, forget, name="forget")
    service.every(REST_EVERY_S, transport.close_idle, name="close_idle")
    service.on_stop(stop)
    return service


def _subscribe(service: Service, handlers: Handlers) -> None:
    service.subscribe(SenderChallenged, handlers.on_sender_challenged, batch=True)
    service.subscribe(LeakDecided, handlers.on_leak_decided, batch=True)
    service.subscribe(LeakCancelled, handlers.on_leak_cancelled, batch=True)
    service.subscribe(RecipientBlocked, handlers.on_recipient_blocked, batch=True)


def _stores(settings: Settings, database: Database) -> tuple[Mails, Recipients]:
    lease, keep = timedelta(seconds=settings.lease_s), timedelta(days=settings.keep_outcomes_days)
    return Mails(database, lease=lease, keep=keep), Recipients(database, keep_links=timedelta(days=settings.link_days))


def _stationery(settings: Settings) -> Stationery:
    return Stationery(
        settings.public_url,
        settings.mail_domain,
        letter_from=settings.letter_from,
        confirmation_from=settings.confirmation_from,
    )


def _relay(settings: Settings) -> Relay:
    return Relay(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.mail_domain,
        settings.smtp_ca_file,
        settings.smtp_user,
        settings.password("smtp-password") if settings.smtp_user else None,
    )


def _pace(settings: Settings) -> Pace:
    return Pace(settings.connections, settings.mails_per_connection, settings.exchange_s)


def _terms(settings: Settings) -> Terms:
    return Terms(timedelta(seconds=settings.lease_s), timedelta(seconds=settings.exchange_s), settings.retry_after_s)
