"""Logs: fields from the list only, and no text of an exception. Each case is a process: logging is process-wide."""

import ast
import asyncio
import errno
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.runtime import logs
from shared.runtime.errors import Transient


def lines(program: str) -> list[dict[str, Any]]:
    begin = "import logging\nfrom shared.runtime import logs\nlogs.configure('mailer', 'info')\n"
    done = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, check=True)
    assert "anna" not in done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_field_that_is_not_on_the_list_is_dropped_and_named() -> None:
    (line,) = lines("logs.get('mailer').info('sent', recipient='anna@example.org', count=3)")
    assert line["reason"] == "dropped fields: recipient"
    assert line["count"] == 3
    assert line["service"] == "mailer"


def test_a_librarys_words_and_traceback_stay_out() -> None:
    (line,) = lines(
        "try:\n    raise ValueError('anna@example.org')\n"
        "except ValueError:\n    logging.getLogger('somelibrary').exception('could not handle %s', 'anna@example.org')"
    )
    assert line["error_class"] == line["cause"] == "ValueError"
    assert line["event"] == line["logger"] == "somelibrary:7"


def test_a_library_whose_templates_are_constant_keeps_them_and_loses_its_arguments() -> None:
    (line,) = lines("logging.getLogger('aiokafka.conn').error('Unable to connect to %s', 'anna@example.org')")
    assert line["event"] == "Unable to connect to %s"
    assert line["logger"] == "aiokafka.conn:4"


def test_a_template_that_is_no_text_stays_out() -> None:
    (line,) = lines("logging.getLogger('aiokafka.conn').error(ValueError('anna'))")
    assert line["event"] == "aiokafka.conn:4"


def test_an_exception_that_we_log_keeps_its_text_to_itself() -> None:
    (line,) = lines(
        "try:\n    raise ValueError('anna@example.org')\nexcept ValueError:\n    logs.get('mailer').exception('failed')"
    )
    assert line["event"] == "failed"
    assert line["error_class"] == line["cause"] == "ValueError"
    assert line["where"].endswith("<string>:5")


def test_an_error_is_explained_by_its_class_its_cause_and_its_place() -> None:
    (line,) = lines(
        "from shared.runtime.errors import Transient\n"
        "try:\n    try:\n        open('/nowhere/anna')\n"
        "    except OSError as error:\n        raise Transient('the store is away') from error\n"
        "except Transient as error:\n    logs.get('mailer').warning('waiting', error=error)"
    )
    assert line["error_class"] == "Transient"
    assert line["cause"] == "the store is away: FileNotFoundError: No such file or directory"
    assert "error" not in line


def test_an_error_that_is_no_exception_is_a_field_that_no_line_has() -> None:
    (line,) = lines("logs.get('mailer').warning('waiting', error='anna@example.org')")
    assert line["reason"] == "dropped fields: error"


def test_libraries_that_print_records_are_kept_at_warnings() -> None:
    assert (
        lines(
            "logging.getLogger('aiokafka').debug('key=anna')\nlogging.getLogger('pymongo.command').info('anna')\n"
            "logging.getLogger('uvicorn.access').error('anna')"
        )
        == []
    )


def test_a_library_that_says_the_same_again_and_again_is_heard_once_and_counted() -> None:
    say = "def say(times):\n    for _ in range(times):\n        logging.getLogger('somelibrary').warning('anna')\n"
    first, second = lines(say + "say(1000)\nlogs.AGAIN_AFTER_S = 0\nsay(1)")
    assert "count" not in first
    assert second["count"] == 999


def test_our_own_lines_are_all_heard() -> None:
    assert len(lines("for _ in range(20):\n    logs.get('mailer').warning('waiting')")) == 20


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ValueError("anna"), "ValueError"),
        (OSError(errno.ENOSPC, "anna"), "OSError: No space left on device"),
        (TimeoutError(), "TimeoutError"),
        (Transient("Kafka is not connected"), "Kafka is not connected"),
        (Transient(), "Transient"),
    ],
)
def test_a_cause_is_words_that_hold_no_value(error: Exception, cause: str) -> None:
    assert logs.cause(error) == cause


def test_the_place_of_an_error_is_our_own_deepest_line() -> None:
    def fail() -> None:
        json.loads("secret")

    with pytest.raises(ValueError, match="Expecting value") as failed:
        fail()
    assert logs.where(failed.value).startswith("runtime/test_logs.py:")


async def test_the_standard_librarys_lines_are_no_place_of_ours() -> None:
    with pytest.raises(TimeoutError) as late:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    assert logs.where(late.value).startswith("runtime/test_logs.py:")


LEVELS = {"debug", "info", "warning", "warn", "error", "critical", "fatal", "exception", "log"}


def made_up(source: str) -> Iterator[int]:
    """The lines of log calls whose template is no constant."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in LEVELS:
            continue
        if "log" not in ast.unparse(call.func.value).lower():
            continue
        templates = call.args[1:] if call.func.attr == "log" else call.args
        if not templates or not isinstance(templates[0], ast.Constant):
            yield call.lineno


@pytest.mark.parametrize("library", logs.CONSTANT_TEMPLATES)
def test_a_library_that_keeps_its_templates_makes_none_up(library: str) -> None:
    found = importlib.util.find_spec(library)
    assert found is not None
    assert found.origin is not None
    sources = sorted(Path(found.origin).parent.rglob("*.py"))
    assert any("log.warning(" in source.read_text() for source in sources)
    assert [f"{source}:{line}" for source in sources for line in made_up(source.read_text())] == []


@pytest.mark.parametrize(
    "call",
    [
        'log.warning(f"no {record}")',
        'log.warning("no " + record)',
        'log.warning("no %s" % record)',
        'self._logger.error("no {}".format(record))',
        "logging.error(message)",
        "log.error(msg=message)",
        "log.log(logging.ERROR, message)",
    ],
)
def test_a_template_made_up_at_run_time_is_found(call: str) -> None:
    assert list(made_up(call)) == [1]
    assert list(made_up('log.log(logging.ERROR, "no %s", record)')) == []
