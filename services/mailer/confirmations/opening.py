"""Opens what is sealed to confirmations: the challenge."""

from datetime import datetime

from services.mailer.addresses import look_up_digests
from services.mailer.confirmations.compose import ConfirmationComposer
from services.mailer.domain import Job, Mail
from services.mailer.mail_ids import MailIds
from shared.address_digests import AddressDigests
from shared.events.confirmations import SenderChallenged
from shared.events.values import ClearAddress
from shared.runtime.clock import to_the_millisecond
from shared.seals.contents import Challenge
from shared.seals.opening import Opener
from shared.seals.purposes import CHALLENGE


class ConfirmationOpening:
    """From challenge to job, and from job to mail. SealBroken when a seal does not hold."""

    def __init__(
        self, opener: Opener, digests: AddressDigests, composer: ConfirmationComposer, mail_ids: MailIds
    ) -> None:
        self._opener = opener
        self._digests = digests
        self._composer = composer
        self._mail_ids = mail_ids

    def job(self, challenged: SenderChallenged, now: datetime) -> Job:
        """A confirmation mail, due now: by our own clock, since the verifier's may be ahead."""
        address = self._opener.open(CHALLENGE, challenged.challenge_id, challenged.sealed_challenge).address
        return Job(
            id=challenged.challenge_id,
            recipient_digests=look_up_digests(self._digests, address, now),
            domain_digest=self._digests.domain(address, now),
            due_at=now,
            stored_at=to_the_millisecond(now),
            content={"sealed_challenge": challenged.sealed_challenge, "language": challenged.language},
            expires_at=challenged.expires_at,
        )

    def address(self, job: Job) -> ClearAddress:
        """Who is asked to confirm."""
        return self._challenge(job).address

    def mail(self, job: Job, now: datetime) -> Mail:
        """The question, ready to send; NotAnAddress when it can't be addressed."""
        message_id = self._mail_ids.message_id(job.id, job.stored_at)
        until = job.expires_at or now
        return self._composer.mail(self._challenge(job), job.content["language"], until, message_id, now)

    def _challenge(self, job: Job) -> Challenge:
        return self._opener.open(CHALLENGE, job.id, job.content["sealed_challenge"], stored_at=job.stored_at)
