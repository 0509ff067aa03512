"""The signed answer: what it holds, and that no byte of it can change."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from shared.origin import Origin, content_digest

from services.audit import export
from services.audit.chain import Deed, Head, extend
from services.audit.domain import FIELDS, Draft, Order
from services.audit.verify import AnswerBroken, check_answer
from shared.digests import to_base64url

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = Origin(
    address="2001:db8::7",
    port=51234,
    destination_address="2001:db8::1",
    destination_port=443,
    captured_at_ns="1795176000000000001",
    obtained="proxy:192.0.2.9",
    claimed_address="198.51.100.2",
    sender="anna@example.org",
    content_digest=content_digest("thank you", "ben@example.org"),
)


def answer(*fields: str, origin: Origin = ORIGIN) -> bytes:
    draft = Draft("Tribunal", "Juge Martin", "24/0817", "serious-crime", "ab" * 16, FIELDS, "ordinary", NOW, "greffe")
    order = Order(1, draft, "ada", NOW, NOW + timedelta(days=10), "opened", "ben", fields or FIELDS, NOW)
    opened = extend(Head(2, "0" * 64), Deed("order.opened", "ada", NOW, {}, "ab" * 16, 1), KEY)
    return export.answer(order, opened, [origin], KEY)


def test_a_whole_answer_is_whole() -> None:
    assert check_answer(answer(), PUBLIC)["leak_id"] == "ab" * 16


def test_one_changed_byte_anywhere_is_refused() -> None:
    raw = answer()
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(AnswerBroken):
            check_answer(changed, PUBLIC)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b"\n",
        lambda raw: b" " + raw,
        lambda raw: raw[:-1],
        lambda raw: b"",
        lambda raw: b"[]",
        lambda raw: b"null",
        lambda raw: b'{"answer":1,"signature":"AA"}',
        lambda raw: json.dumps(json.loads(raw)).encode(),
        lambda raw: raw.replace(b'"answer":', b'"answer":{},"answer":'),
        lambda raw: b"\xff" + raw,
    ],
)
def test_what_is_not_byte_for_byte_the_answer_is_refused(change: Any) -> None:
    with pytest.raises(AnswerBroken):
        check_answer(change(answer()), PUBLIC)


def test_an_answer_signed_with_another_key_is_refused() -> None:
    other = Ed25519PrivateKey.generate()
    with pytest.raises(AnswerBroken, match="another signing key"):
        check_answer(answer(), other.public_key().public_bytes_raw())
    told = json.loads(answer())
    told["signature"] = to_base64url(other.sign(export.SIGNED + rfc8785.dumps(told["answer"])))
    with pytest.raises(AnswerBroken, match="does not hold"):
        check_answer(rfc8785.dumps(told), PUBLIC)


def test_a_signature_of_the_log_is_none_of_an_answer() -> None:
    told = json.loads(answer())
    told["signature"] = to_base64url(KEY.sign(b"leak audit log v1\n" + rfc8785.dumps(told["answer"])))
    with pytest.raises(AnswerBroken):
        check_answer(rfc8785.dumps(told), PUBLIC)


def test_the_time_is_told_to_the_nanosecond_with_its_zone() -> None:
    [record] = check_answer(answer("time"), PUBLIC)["records"]
    assert record == {"captured_at": "2026-11-20T12:00:00.000000001Z", "time_zone": "UTC"}


def test_an_address_comes_with_its_port_and_how_it_was_obtained() -> None:
    [record] = check_answer(answer("address"), PUBLIC)["records"]
    assert record == {"ip_address": "2001:db8::7", "port": 51234, "obtained": "proxy:192.0.2.9"}


def test_every_field_tells_something_that_no_other_tells() -> None:
    names = [name for field in FIELDS for name in export.told(ORIGIN, [field])]
    assert len(names) == len(set(names))


def test_the_verifier_runs_alone_from_the_command_line(tmp_path: Path) -> None:
    whole, changed, key = tmp_path / "answer.json", tmp_path / "changed.json", tmp_path / "key"
    whole.write_bytes(answer())
    changed.write_bytes(answer().replace(b"51234", b"51235"))
    key.write_text(to_base64url(PUBLIC) + "\n")
    for file, given, code, said in (
        (whole, to_base64url(PUBLIC), 0, "The answer is whole"),
        (whole, str(key), 0, "The answer is whole"),
        (changed, str(key), 1, "NOT WHOLE: the signature does not hold"),
        (whole, "not-a-key", 1, "NOT WHOLE: that is no public key"),
        (whole, "AAAA", 1, "NOT WHOLE: that is no public key"),
        (tmp_path / "none", str(key), 2, "NOT CHECKED: there is no file"),
    ):
        command = [sys.executable, "-m", "services.audit.verify", "answer", str(file), given]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout[: len(said)]) == (code, said)
        assert done.stderr == ""


def test_an_origin_survives_its_own_form() -> None:
    assert Origin.decode(ORIGIN.encode()) == ORIGIN
    assert ORIGIN.encode() == rfc8785.dumps(json.loads(ORIGIN.encode()))


def test_an_origin_with_a_field_from_a_later_version_can_be_read() -> None:
    later = json.dumps({**json.loads(ORIGIN.encode()), "clock_error_ns": 5}).encode()
    assert Origin.decode(later) == ORIGIN


@pytest.mark.parametrize("plaintext", [b"", b"[]", b"{}", b'"text"', b'{"address": "203.0.113.7"}'])
def test_what_is_no_origin_is_refused(plaintext: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # JSON's own error is one, too
        Origin.decode(plaintext)


def test_two_contents_never_share_a_digest_by_where_they_are_cut() -> None:
    assert content_digest("ab", "c@example.org") != content_digest("a", "bc@example.org")
