"""Opens what is sealed to letters: the recipient, the message and the report link of an approved leak."""

from datetime import datetime, timedelta

from services.mailer.addresses import look_up_digests
from services.mailer.domain import Job, Mail
from services.mailer.letters.compose import LetterComposer, OpenedLetter
from services.mailer.mail_ids import MailIds
from shared.address_digests import AddressDigests
from shared.digests import sha256
from shared.events.decisions import LeakDecided
from shared.events.values import ClearAddress
from shared.runtime.clock import to_the_millisecond
from shared.runtime.errors import Permanent
from shared.seals.opening import Opener
from shared.seals.purposes import MESSAGE, RECIPIENT, REPORT_LINK
from shared.seals.tokens import BlockedAddress, SealedTokens

LETTER_FIELDS = ("sealed_recipient", "sealed_message", "sealed_report_link", "relation", "kind", "language")


class LetterOpening:
    """From decision to job, and from job to mail. SealBroken when a seal does not hold."""

    def __init__(
        self,
        opener: Opener,
        digests: AddressDigests,
        composer: LetterComposer,
        *,
        mail_ids: MailIds,
        block_tokens: SealedTokens[BlockedAddress],
        links_work: timedelta,
    ) -> None:
        self._opener = opener
        self._digests = digests
        self._composer = composer
        self._mail_ids = mail_ids
        self._block_tokens = block_tokens
        self._links_work = links_work

    def job(self, decided: LeakDecided, now: datetime) -> Job:
        """An approved leak that waits for its time. Its recipient is opened now, for the digests that stand for it."""
        if decided.sealed_recipient is None or decided.deliver_at is None:
            raise Permanent("an approved leak has its letter and its time")
        address = self._opener.open(RECIPIENT, decided.leak_id, decided.sealed_recipient).address
        stored_at = to_the_millisecond(now)
        return Job(
            id=decided.leak_id,
            recipient_digests=look_up_digests(self._digests, address, now),
            domain_digest=self._digests.domain(address, now),
            due_at=decided.deliver_at,
            stored_at=stored_at,
            content=decided.model_dump(include=set(LETTER_FIELDS)),
            revision=decided.revision,
            message_id_digest=sha256(self._mail_ids.message_id(decided.leak_id, stored_at)),
        )

    def address(self, job: Job) -> ClearAddress:
        """Who gets the letter."""
        return self._opener.open(RECIPIENT, job.id, job.content["sealed_recipient"], stored_at=job.stored_at).address

    def mail(self, job: Job, now: datetime) -> Mail:
        """The letter, ready to send; NotAnAddress when it can't be addressed."""
        content, at = job.content, job.stored_at
        blocked = BlockedAddress(
            job.recipient_digests[0], self._mail_ids.in_block_token(job.id, at), (at + self._links_work).date()
        )
        opened = OpenedLetter(
            recipient=self.address(job),
            message=self._opener.open(MESSAGE, job.id, content["sealed_message"], stored_at=at).text,
            relation=content["relation"],
            kind=content["kind"],
            language=content["language"],
            block=self._block_tokens.make(blocked, at),
            report=self._opener.open(REPORT_LINK, job.id, content["sealed_report_link"], stored_at=at).token,
        )
        return self._composer.mail(opened, self._mail_ids.message_id(job.id, at), now)
