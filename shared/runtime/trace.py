"""W3C trace context, carried from a record to the events that follow from it.

A trace follows one subject. Where the subject changes (the challenge and the leak, a token and a leak) a new trace
begins: nothing that moves along may join a sender's mail with a recipient's.
"""

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar

TRACEPARENT = re.compile(r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")

_by_subject: ContextVar[Mapping[str, str]] = ContextVar("traces", default={})  # noqa: B039  # never written to


def follow(traces: Mapping[str, str]) -> None:
    """Remember, for the records now in hand, each subject's traceparent."""
    _by_subject.set({subject: trace for subject, trace in traces.items() if TRACEPARENT.match(trace)})


def next_traceparent(subject: str) -> str:
    """A new span of the subject's trace, or of a new trace (W3C Trace Context, version 00)."""
    parent = _by_subject.get().get(subject)
    trace_id = parent.split("-")[1] if parent else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"
