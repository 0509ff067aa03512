"""What each role can open, as gate and attempts see it: in memory, for one use."""

from datetime import datetime
from typing import Protocol

from services.mailer.domain import Job, Mail
from shared.events.values import ClearAddress


class Opening(Protocol):
    """From what is sealed in a job to what is needed now. SealBroken when a seal does not hold."""

    def address(self, job: Job) -> ClearAddress:
        """To whom the mail goes."""

    def mail(self, job: Job, now: datetime) -> Mail:
        """The mail, ready to send; NotAnAddress when it can't be addressed."""
