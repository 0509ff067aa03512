"""How a mail looks in the database, to and fro."""

from datetime import datetime, timedelta
from typing import Final

from services.mailer.domain import End, Ending, Job, Standing, What
from shared.runtime.mongo import Document

CONFIRMATION_KEPT: Final = timedelta(days=3)
"""How long the end of a confirmation is kept: above the day that its topic keeps the challenge, with its segment."""

PERISHABLE: Final = {"content": "", "due_at": "", "address": "", "domain": ""}
"""What is erased when a mail ends."""


def document(job: Job) -> Document:
    """A mail that begins to wait."""
    return {"_id": job.id, "revision": job.revision, "halt": None, "due_at": job.due_at, **letter_fields(job)}


def letter_fields(job: Job) -> Document:
    """What a mail is made of."""
    return {
        "what": job.what,
        "address": job.address,
        "domain": job.domain,
        "content": dict(job.content),
        "expires_at": job.expires_at,
        "report": job.report,
    }


def job(one: Document, *, ours: bool = False) -> Job:
    """A mail as it stands. An open attempt that is not `ours` was cut off by a crash: its end is unknown."""
    cut_off = "attempt_at" in one and not ours
    return Job(
        id=one["_id"],
        what=one.get("what", "letter"),
        address=one.get("address", ""),
        domain=one.get("domain", ""),
        due_at=one["due_at"],
        content=one.get("content", {}),
        revision=one["revision"],
        tries=one.get("tries", 0),
        unknown=one.get("unknown", 0) + cut_off,
        cut_off=cut_off,
        halt=one.get("halt"),
        lease=one.get("lease"),
        counted=one.get("counted"),
        expires_at=one.get("expires_at"),
        report=one.get("report"),
    )


def standing(one: Document) -> Standing:
    """Where a mail stands."""
    return Standing(
        one["revision"], one.get("halt"), waiting="due_at" in one, ended="end" in one, lease=one.get("lease")
    )


def ended(what: What, end: End, at: datetime, keep: timedelta) -> Document:
    """The update that journals an end and erases the rest."""
    fields: Document = {"end": end, "ended_at": at}
    fields["forget_at"] = at + (CONFIRMATION_KEPT if what == "confirmation" else keep)
    return {"$set": fields, "$unset": {**PERISHABLE, "lease": "", "attempt_at": "", "halt": ""}}


def ending(one: Document) -> Ending:
    """An end as stored."""
    return Ending(one["_id"], one.get("what", "letter"), one["end"], one["ended_at"], one.get("report"))


def utc_day(now: datetime) -> str:
    """The day that limits count by."""
    return now.strftime("%Y-%m-%d")
