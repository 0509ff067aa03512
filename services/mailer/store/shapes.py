"""How a mail looks in the database, to and fro."""

from datetime import datetime, timedelta
from typing import Final

from services.mailer.domain import Job, MailOutcome, MailState, Outcome
from shared.runtime.mongo import Document

PERISHABLE: Final = {"content": "", "due_at": "", "stored_at": "", "recipient_digests": "", "domain_digest": ""}
"""What is erased when a mail ends."""


def document(job: Job) -> Document:
    """A mail that begins to wait."""
    return {"_id": job.id, "revision": job.revision, "halt": None, "due_at": job.due_at, **mail_fields(job)}


def mail_fields(job: Job) -> Document:
    """What a mail is made of."""
    return {
        "recipient_digests": list(job.recipient_digests),
        "domain_digest": job.domain_digest,
        "stored_at": job.stored_at,
        "content": dict(job.content),
        "expires_at": job.expires_at,
        "message_id_digest": job.message_id_digest,
    }


def job(one: Document, *, ours: bool = False) -> Job:
    """A mail as it stands. An open attempt that is not `ours` was cut off by a crash: its end is unknown."""
    cut_off = "attempt_at" in one and not ours
    return Job(
        id=one["_id"],
        recipient_digests=tuple(one.get("recipient_digests", ())),
        domain_digest=one.get("domain_digest", ""),
        due_at=one["due_at"],
        stored_at=one.get("stored_at") or one["due_at"],
        content=one.get("content", {}),
        revision=one["revision"],
        tries=one.get("tries", 0),
        unknown=one.get("unknown", 0) + cut_off,
        cut_off=cut_off,
        halt=one.get("halt"),
        lease=one.get("lease"),
        counted=one.get("counted"),
        expires_at=one.get("expires_at"),
        message_id_digest=one.get("message_id_digest"),
    )


def state(one: Document) -> MailState:
    """Where a mail stands."""
    return MailState(
        one["revision"], one.get("halt"), waiting="due_at" in one, ended="outcome" in one, lease=one.get("lease")
    )


def ended(outcome: Outcome, at: datetime, keep: timedelta) -> Document:
    """The update that journals an outcome and erases the rest."""
    fields: Document = {"outcome": outcome, "ended_at": at, "forget_at": at + keep}
    return {"$set": fields, "$unset": {**PERISHABLE, "lease": "", "attempt_at": "", "halt": ""}}


def outcome(one: Document) -> MailOutcome:
    """An outcome as stored."""
    return MailOutcome(one["_id"], one["outcome"], one["ended_at"], one.get("message_id_digest"))


def utc_day(now: datetime) -> str:
    """The day that limits count by."""
    return now.strftime("%Y-%m-%d")
