"""Structured logs: a constant message and facts in fields, from an allow-list. No address, no IP, no message text."""

import logging
import os
import sys
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import structlog

from shared.runtime.errors import LeakError

FIELDS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "service",
        "logger",
        "topic",
        "partition",
        "offset",
        "group",
        "batch",
        "attempt",
        "attempts",
        "error_class",
        "cause",
        "where",
        "seconds",
        "count",
        "waiting_for",
        "leak_id",
        "case_id",
        "order_id",
        "challenge_id",
        "mail_id",
        "revision",
        "outcome",
        "policy",
        "state",
        "job",
        "act",
        "account",
        "reason",
        "host",
        "port",
        "signal",
        "version",
        "seq",
        "key_id",
        "day",
    }
)
"""Every field that a log line may have. A line with another one is a bug: the field is dropped and named."""

QUIET = ("aiokafka", "kafka", "pymongo", "motor", "faststream", "httpx", "httpcore", "uvicorn", "mail.log")
"""Libraries whose debug lines carry keys, values or documents."""

CONSTANT_TEMPLATES = ("aiokafka",)
"""Libraries whose every log call begins with a constant, as a test of their source shows: such a line is no value."""

AGAIN_AFTER_S = 10.0
"""A line of a library's code is logged once in this time: with Kafka away, aiokafka wrote 500 lines a second."""

STANDARD_LIBRARY = str(Path(os.__file__).parent)


def configure(service: str, level: str) -> None:
    """Write JSON lines to stdout; keep libraries at warnings, so that none prints a record or a document."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    # A line that can't be formatted would be printed whole, with its arguments.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_from_library],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _stamp(service),
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    handler.addFilter(NotAgain())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            explain_the_error,
            only_allowed_fields,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("leak").setLevel(level.upper())


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger below `leak`."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(f"leak.{name}"))


def explain_the_error(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception, the field `error` or the one in hand, by its class, cause and place."""
    error = line.get("error")
    if line.pop("exc_info", None):
        error = error or sys.exc_info()[1]
    if isinstance(error, BaseException):
        line.pop("error", None)
        line.update(error_class=type(error).__name__, cause=cause(error), where=where(error))
    return line


def only_allowed_fields(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that are not on the list, and name them."""
    unknown = sorted(set(line) - FIELDS)
    for field in unknown:
        del line[field]
    if unknown:
        line["reason"] = "dropped fields: " + ", ".join(unknown)
    return line


def cause(error: BaseException) -> str:
    """Why, in words that hold no value: our own errors' constant texts, the system's own, else an error's class."""
    if isinstance(error, LeakError):
        own = str(error) or type(error).__name__
        return f"{own}: {cause(error.__cause__)}" if error.__cause__ else own
    if isinstance(error, OSError) and error.errno:
        return f"{type(error).__name__}: {os.strerror(error.errno)}"
    return type(error).__name__


def where(error: BaseException) -> str:
    """file:line of the deepest frame of our own code, else of the first; the text may hold what must not be logged."""
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if not place or _is_ours(name):
            place = f"{'/'.join(name.split('/')[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def _is_ours(file: str) -> bool:
    # What is frozen into the interpreter bears no path.
    return "site-packages" not in file and not file.startswith((STANDARD_LIBRARY, "<"))


class NotAgain(logging.Filter):
    """Lets each place in a library write now and then; `count` is how often it was left out meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Our own lines always pass."""
        if record.name.partition(".")[0] == "leak":
            return True
        place, now = (record.name, record.lineno), time.monotonic()
        written_at, left_out = self._written.get(place, (now - AGAIN_AFTER_S, 0))
        if now - written_at < AGAIN_AFTER_S:
            self._written[place] = written_at, left_out + 1
            return False
        self._written[place] = now, 0
        record.left_out = left_out
        return True


def _from_library(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A library's arguments and traceback may quote a document or a record: they stay out, its place stays in.
    record: logging.LogRecord = line["_record"]
    error = record.exc_info[1] if record.exc_info else None
    constant = record.name.partition(".")[0] in CONSTANT_TEMPLATES and isinstance(record.msg, str)
    place = f"{record.name}:{record.lineno}"
    kept: dict[str, Any] = {"event": record.msg if constant else place, "logger": place}
    if left_out := getattr(record, "left_out", 0):
        kept["count"] = left_out
    if error is not None:
        kept["error"] = error
    return explain_the_error(None, "", {"_record": record, "_from_structlog": False, **kept})


def _stamp(service: str) -> Any:
    def stamp(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**line, "service": service}

    return stamp
