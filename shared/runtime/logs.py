"""Structured logs: a constant message and facts in fields, from an allow-list. No address, no IP, no message text."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

FIELDS = frozenset({
    "event", "level", "timestamp", "service", "logger",
    "topic", "partition", "offset", "group", "batch", "attempt", "attempts", "error", "error_class", "where",
    "seconds", "count", "waiting_for", "leak_id", "case_id", "order_id", "challenge_id", "mail_id", "revision",
    "outcome", "policy", "state", "job", "reason", "host", "port", "signal", "version", "seq", "key_id", "day",
})
"""Every field that a log line may have. A line with another one is a bug: the field is dropped and named."""

QUIET = ("aiokafka", "kafka", "pymongo", "motor", "faststream", "httpx", "httpcore", "uvicorn", "mail.log")
"""Libraries whose debug lines carry keys, values or documents."""


def configure(service: str, level: str) -> None:
    """Write JSON lines to stdout; keep libraries at warnings, so that none prints a record or a document."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True
    # A line that can't be formatted would be printed whole, with its arguments.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_from_library],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True),
            _stamp(service), structlog.processors.JSONRenderer(),
        ],
    ))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level, structlog.stdlib.add_logger_name, only_allowed_fields,
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


def _from_library(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    # A library's text and traceback may quote a document or a record: its own words stay out, its place stays in.
    record: logging.LogRecord = line["_record"]
    error = record.exc_info[1] if record.exc_info else None
    said = {"event": "a library has something to say", "logger": f"{record.name}:{record.lineno}"}
    if error is not None:
        said |= {"error_class": type(error).__name__, "where": where(error)}
    return {"_record": record, "_from_structlog": False, **said}


def _stamp(service: str) -> Any:
    def stamp(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**line, "service": service}

    return stamp
