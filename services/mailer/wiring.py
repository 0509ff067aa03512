"""Builds one role of the mailer: the only place that constructs its clients."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from services.mailer.attempts import Attempts, Terms
from services.mailer.compose import Stationery
from services.mailer.confirmations.compose import ConfirmationComposer
from services.mailer.confirmations.handlers import ConfirmationHandlers
from services.mailer.confirmations.opening import ConfirmationOpening
from services.mailer.gate import DailyLimits, Gate
from services.mailer.handlers import BlockHandlers
from services.mailer.letters.compose import LetterComposer
from services.mailer.letters.handlers import LetterHandlers
from services.mailer.letters.opening import LetterOpening
from services.mailer.letters.publishing import OutcomePublisher
from services.mailer.mail_ids import MailIds
from services.mailer.opening import Opening
from services.mailer.outbox import OutcomeOutbox, Publication
from services.mailer.sending import Sending
from services.mailer.settings import Settings
from services.mailer.store.mails import Mails
from services.mailer.store.outbox import Entries
from services.mailer.store.recipients import Recipients
from services.mailer.transports import Transport
from services.mailer.transports.smtp import Pace, Relay, SmtpTransport
from shared.address_digests import AddressDigests
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.events.leaks import LeakCancelled
from shared.events.recipients import RecipientBlocked
from shared.runtime.clock import Clock, utc_now
from shared.runtime.kafka import Publisher
from shared.runtime.mongo import Database
from shared.runtime.service import Service
from shared.seals.opening import Opener
from shared.seals.tokens import block_tokens

NO_LIMITS: Final = DailyLimits(recipient=0, domain=0)
SWEEP_EVERY_S = 10.0
FORGET_EVERY_S = 60.0
REST_EVERY_S = 10.0
CONFIRMATION_KEPT: Final = timedelta(days=3)
"""How long a confirmation's outcome is kept: above the day that its topic keeps the challenge, with its segment."""


def build(
    settings: Settings,
    *,
    publisher: Publisher | None = None,
    database: Database | None = None,
    transport: Transport | None = None,
    blocks_read: Callable[[], Awaitable[None]] | None = None,
    clock: Clock = utc_now,
) -> Service:
    """The role's service, ready to run; tests pass what stands in for the world."""
    service = Service(settings, publisher)
    database = service.database() if database is None else database
    transport = transport or SmtpTransport(_relay(settings), _pace(settings))
    recipients = Recipients(database)
    blocks = BlockHandlers(recipients, block_tokens(settings.keys("block-token")), clock)
    service.subscribe(RecipientBlocked, blocks.on_recipient_blocked, batch=True)
    if settings.role == "letters":
        mails, outbox, opening = _letters(service, settings, database, clock)
        limits = DailyLimits(settings.recipient_daily, settings.domain_daily)
    else:
        mails, outbox, opening = _confirmations(service, settings, database, clock)
        limits = NO_LIMITS
    gate = Gate(
        mails,
        recipients,
        opening=opening,
        digests=_digests(settings),
        blocks_read=blocks_read or (lambda: service.caught_up(RecipientBlocked)),
        limits=limits,
        clock=clock,
    )
    attempts = Attempts(
        mails,
        recipients,
        gate=gate,
        transport=transport,
        opening=opening,
        outbox=outbox,
        terms=_terms(settings),
        clock=clock,
    )
    sending = Sending(mails, attempts, outbox, settings.connections, clock)
    _keep_going(service, settings, sending, (mails, recipients, outbox), transport, clock)
    return service


def _keep_going(  # noqa: PLR0917  # wiring passes many parts
    service: Service,
    settings: Settings,
    sending: Sending,
    stores: tuple[Mails, Recipients, OutcomeOutbox],
    transport: Transport,
    clock: Clock,
) -> None:
    mails, recipients, outbox = stores

    async def forget() -> None:
        await mails.forget(clock())
        await recipients.forget(clock())
        await outbox.forget()

    async def stop() -> None:
        await sending.stop(settings.stop_within_s)
        await transport.close()

    service.on_start(mails.create_indexes)
    service.on_start(recipients.create_indexes)
    service.every(settings.poll_every_s, sending.send_due, name="send_due")
    service.every(SWEEP_EVERY_S, outbox.sweep, name="publish_unpublished")
    service.every(FORGET_EVERY_S, forget, name="forget")
    service.every(REST_EVERY_S, transport.close_idle, name="close_idle")
    service.on_stop(stop)


Role = tuple[Mails, OutcomeOutbox, Opening]


def _letters(service: Service, settings: Settings, database: Database, clock: Clock) -> Role:
    keep = timedelta(days=settings.keep_outcomes_days)
    mails, entries = _mails(settings, database, keep), Entries(database, keep=keep)
    publish = OutcomePublisher(service.publisher).publish
    outbox = OutcomeOutbox(mails, Publication(entries, publish), role=settings.role, clock=clock)
    opening = LetterOpening(
        _opener(settings, clock),
        _digests(settings),
        LetterComposer(Stationery("letter", settings.public_url, settings.letter_from)),
        mail_ids=MailIds(settings.keys("message-id"), settings.mail_domain),
        block_tokens=block_tokens(settings.keys("block-token")),
        links_work=timedelta(days=settings.link_days),
    )
    handlers = LetterHandlers(mails, opening, outbox, clock)
    service.subscribe(LeakDecided, handlers.on_leak_decided, batch=True)
    service.subscribe(LeakCancelled, handlers.on_leak_cancelled, batch=True)
    return mails, outbox, opening


def _confirmations(service: Service, settings: Settings, database: Database, clock: Clock) -> Role:
    mails = _mails(settings, database, CONFIRMATION_KEPT)
    opening = ConfirmationOpening(
        _opener(settings, clock),
        _digests(settings),
        ConfirmationComposer(Stationery("confirmation", settings.public_url, settings.confirmation_from)),
        MailIds(settings.keys("message-id"), settings.mail_domain),
    )
    handlers = ConfirmationHandlers(mails, opening, clock)
    service.subscribe(SenderChallenged, handlers.on_sender_challenged, batch=True)
    return mails, OutcomeOutbox(mails, None, role=settings.role, clock=clock), opening


def _mails(settings: Settings, database: Database, keep: timedelta) -> Mails:
    return Mails(database, lease=timedelta(seconds=settings.lease_s), keep=keep)


def _opener(settings: Settings, clock: Clock) -> Opener:
    return Opener(settings.process, settings.keys("opening"), settings.keyring(), clock)


def _digests(settings: Settings) -> AddressDigests:
    return AddressDigests(settings.keys("suppression"), "address")


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
