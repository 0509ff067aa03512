"""Logs: fields from the list only, and no text of an exception. Each case is a process: logging is process-wide."""

import json
import subprocess
import sys
from typing import Any

from shared.runtime import logs


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
    assert line["error_class"] == "ValueError"
    assert line["logger"].startswith("somelibrary:")


def test_an_exception_that_we_log_keeps_its_text_to_itself() -> None:
    (line,) = lines(
        "try:\n    raise ValueError('anna@example.org')\nexcept ValueError:\n    logs.get('mailer').exception('failed')"
    )
    assert line["event"] == "failed"


def test_libraries_that_print_records_are_kept_at_warnings() -> None:
    assert (
        lines(
            "logging.getLogger('aiokafka').debug('key=anna')\nlogging.getLogger('pymongo.command').info('anna')\n"
            "logging.getLogger('uvicorn.access').error('anna')"
        )
        == []
    )


def test_a_library_that_says_the_same_again_and_again_is_heard_once_and_counted() -> None:
    say = "def say(times):\n    for _ in range(times):\n        logging.getLogger('aiokafka').warning('anna')\n"
    first, second = lines(say + "say(1000)\nlogs.AGAIN_AFTER_S = 0\nsay(1)")
    assert "count" not in first
    assert second["count"] == 999


def test_our_own_lines_are_all_heard() -> None:
    assert len(lines("for _ in range(20):\n    logs.get('mailer').warning('waiting')")) == 20


def test_the_place_of_an_error_is_told_without_its_text() -> None:
    def fail() -> None:
        raise ValueError("secret")

    try:
        fail()
    except ValueError as error:
        place = logs.where(error)
    assert place.startswith("shared/test_logs.py:")
