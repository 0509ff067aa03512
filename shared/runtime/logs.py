"""Structured logs: a constant message and facts in fields, from an allow-list. No address, no IP, no message text."""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

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
        "error",
        "error_class",
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

AGAIN_AFTER_S = 10.0
"""A line of a library's code is logged once in this time: with Kafka away, aiokafka said 500 lines a second."""


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


def only_allowed_fields(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that are not on the list, and say which; exceptions are reduced to their class and place."""
    unknown = sorted(set(line) - FIELDS)
    for field in unknown:
        del line[field]
    if unknown:
        line["reason"] = "dropped fields: " + ", ".join(unknown)
    return line


def where(error: BaseException) -> str:
    """file:line of the deepest frame of our own code; the error's text may hold what must not be logged."""
    place, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "site-packages" not in name or not place:
            place = f"{'/'.join(name.split('/')[-2:])}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


class NotAgain(logging.Filter):
    """Lets each place in a library speak now and then; `count` says how often it was not heard meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._heard: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Our own lines always pass."""
        if record.name.partition(".")[0] == "leak":
            return True
        place, now = (record.name, record.lineno), time.monotonic()
        heard_at, left_out = self._heard.get(place, (now - AGAIN_AFTER_S, 0))
        if now - heard_at < AGAIN_AFTER_S:
            self._heard[place] = heard_at, left_out + 1
            return False
        self._heard[place] = now, 0
        record.left_out = left_out
        return True


def _from_library(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A library's text and traceback may quote a document or a record: its own words stay out, its place stays in.
    record: logging.LogRecord = line["_record"]
    error = record.exc_info[1] if record.exc_info else None
    said: dict[str, Any] = {"event": "a library has something to say", "logger": f"{record.name}:{record.lineno}"}
    if left_out := getattr(record, "left_out", 0):
        said["count"] = left_out
    if error is not None:
        said |= {"error_class": type(error).__name__, "where": where(error)}
    return {"_record": record, "_from_structlog": False, **said}


def _stamp(service: str) -> Any:
    def stamp(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**line, "service": service}

    return stamp
