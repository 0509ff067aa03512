"""How a mail looks in the database, to and fro."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

from services.mailer.domain import Ending, Job, Standing
from shared.events.base import LeakEvent
from shared.events.topics import TOPICS
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
        "what": job.what, "address": job.address, "domain": job.domain, "content": dict(job.content),
        "expires_at": job.expires_at,
    }


def job(one: Document) -> Job:
    """A mail that was taken. An attempt that is still open was cut off by a crash: its end is unknown."""
    cut_off = "attempt_at" in one
    return Job(
        id=one["_id"], what=one.get("what", "letter"), address=one.get("address", ""), domain=one.get("domain", ""),
        due_at=one["due_at"], content=one.get("content", {}), revision=one["revision"], tries=one.get("tries", 0),
        unknown=one.get("unknown", 0) + cut_off, cut_off=cut_off, halt=one.get("halt"), lease=one.get("lease"),
        counted=one.get("counted"), expires_at=one.get("expires_at"),
    )


def standing(one: Document) -> Standing:
    """Where a mail stands."""
    return Standing(
        one["revision"], one.get("halt"), waiting="due_at" in one, ended="end" in one, lease=one.get("lease")
    )


def ended(one: Ending, keep: timedelta) -> Document:
    """The update that journals an end and erases the rest."""
    fields: Document = {"end": one.end, "ended_at": one.at}
    if one.event is None:
        fields["forget_at"] = one.at + CONFIRMATION_KEPT
    else:
        told = {"topic": one.event.TOPIC, "value": one.event.model_dump(mode="json")}
        fields |= {"told": told, "untold_since": one.at, "forget_at": one.at + keep}
    return {"$set": fields, "$unset": {**PERISHABLE, "lease": "", "attempt_at": "", "halt": ""}}


def ending(one: Document) -> Ending:
    """An end as stored: the event is the one that was first made, whatever we would make now."""
    told = one.get("told")
    event = TOPICS[told["topic"]].model.model_validate(told["value"]) if told else None
    return Ending(one["_id"], one["end"], one["ended_at"], cast("LeakEvent | None", event))


def fair_share(found: Sequence[Document], busy: Mapping[str, int], per_domain: int) -> list[str]:
    """The ids that may be taken without any domain getting more than its share of what is in flight."""
    count, ids = Counter(busy), []
    for one in found:
        domain = one.get("domain", "")
        if not domain or count[domain] < per_domain:
            count[domain] += 1
            ids.append(one["_id"])
    return ids


def utc_day(now: datetime) -> str:
    """The day that limits count by."""
    return now.strftime("%Y-%m-%d")
