"""Opens what is sealed to the mailer, in memory and for one use: to know where a mail goes, and to write it."""

import json
from datetime import datetime

from shared.unsealing import Opener

from services.mailer.addresses import Addresses
from services.mailer.compose import Challenge, Composer
from services.mailer.domain import LETTER_FIELDS, Job, Mail
from services.mailer.tokens import Tokens
from shared.events.confirmations import SenderChallenged
from shared.events.decisions import LeakDecided
from shared.runtime.errors import Permanent


class Opening:
    """From event to job, and from job to mail. SealBroken when a seal does not hold."""

    def __init__(self, opener: Opener, addresses: Addresses, composer: Composer, tokens: Tokens) -> None:
        self._opener = opener
        self._addresses = addresses
        self._composer = composer
        self._tokens = tokens

    def letter(self, decided: LeakDecided) -> Job:
        """An approved leak that waits for its time. Its recipient is opened now, for the digests that stand for it."""
        if decided.recipient is None or decided.deliver_at is None:
            raise Permanent("an approved leak has its letter and its time")
        address = self._opener.open("recipient", decided.leak_id, decided.recipient).decode()
        return Job(
            id=decided.leak_id,
            what="letter",
            address=self._addresses.digest(address),
            domain=self._addresses.domain_digest(address),
            due_at=decided.deliver_at,
            revision=decided.revision,
            content=decided.model_dump(include=set(LETTER_FIELDS)),
            report=self._tokens.report_digest(decided.leak_id),
        )

    def confirmation(self, challenged: SenderChallenged, now: datetime) -> Job:
        """A confirmation mail, due now: by our own clock, since the verifier's may be ahead."""
        address = self._challenge(challenged.challenge_id, challenged.challenge)["sender"]
        return Job(
            id=challenged.challenge_id,
            what="confirmation",
            address=self._addresses.digest(address),
            domain=self._addresses.domain_digest(address),
            due_at=now,
            expires_at=challenged.expires_at,
            content={"challenge": challenged.challenge, "language": challenged.language},
        )

    def mail(self, job: Job, now: datetime) -> Mail:
        """The mail of a job, ready to send; NotAnAddress when it can't be addressed."""
        content = job.content
        if job.what == "confirmation":
            challenge = self._challenge(job.id, content["challenge"])
            until = job.expires_at or now
            return self._composer.confirmation(
                job.id, Challenge(**challenge, language=content["language"], expires_at=until), now
            )
        recipient = self._opener.open("recipient", job.id, content["recipient"]).decode()
        message = self._opener.open("message", job.id, content["message"]).decode()
        return self._composer.letter(job.id, recipient, message, content, now)

    def _challenge(self, challenge_id: str, sealed: str) -> dict[str, str]:
        opened = json.loads(self._opener.open("challenge", challenge_id, sealed))
        return {name: opened[name] for name in ("sender", "confirm_token", "stop_token")}
