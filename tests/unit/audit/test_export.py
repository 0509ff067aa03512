"""The signed answer: what it holds, and that no byte of it can change."""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit import export
from services.audit.chain import Head, LogDraft, extend
from services.audit.domain import FIELDS, Order, OrderDraft
from services.audit.export import FaultyRecord
from services.audit.verify import AnswerBroken, check_answer
from shared.digests import to_base64url
from shared.events.values import ClearAddress
from shared.seals.contents import Origin
from shared.seals.keys import Key, key_id

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY = Key(key_id(PUBLIC), NOW, PRIVATE.private_bytes_raw())
ORIGIN = Origin(
    ip="2001:db8::7",
    port=51234,
    destination_ip="2001:db8::1",
    destination_port=443,
    captured_at_ns="1795176000000000001",
    obtained="proxy:192.0.2.9",
    claimed_ip="198.51.100.2",
    sender=ClearAddress("anna@example.org"),
    content_digest="0" * 64,
)


def answer(*fields: str, beside: FaultyRecord | None = None, key: Key = KEY) -> bytes:
    draft = OrderDraft(
        "Tribunal", "Juge Martin", "24/0817", "serious-crime", "ab" * 16, FIELDS, "ordinary", NOW, "greffe"
    )
    order = Order(1, draft, "ada", NOW, NOW + timedelta(days=10), "opened", "ben", fields or FIELDS, NOW)
    opened = extend(Head(2, "0" * 64), LogDraft("order.opened", "ada", NOW, {}, "ab" * 16, 1), key)
    return export.answer(order, opened, [ORIGIN, beside] if beside else [ORIGIN], key)


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
    file = json.loads(answer())
    file["signature"] = to_base64url(other.sign(export.SIGNED + rfc8785.dumps(file["answer"])))
    with pytest.raises(AnswerBroken, match="does not hold"):
        check_answer(rfc8785.dumps(file), PUBLIC)


def test_a_signature_of_the_log_is_none_of_an_answer() -> None:
    file = json.loads(answer())
    file["signature"] = to_base64url(PRIVATE.sign(b"leak audit log v1\n" + rfc8785.dumps(file["answer"])))
    with pytest.raises(AnswerBroken):
        check_answer(rfc8785.dumps(file), PUBLIC)


def test_the_time_is_told_to_the_nanosecond_with_its_zone() -> None:
    [record] = check_answer(answer("time"), PUBLIC)["records"]
    assert record == {"captured_at": "2026-11-20T12:00:00.000000001Z", "time_zone": "UTC"}


def test_an_ip_comes_with_its_port_and_how_it_was_obtained() -> None:
    [record] = check_answer(answer("ip"), PUBLIC)["records"]
    assert record == {"ip": "2001:db8::7", "port": 51234, "obtained": "proxy:192.0.2.9"}


def test_every_field_tells_something_that_no_other_tells() -> None:
    names = [name for field in FIELDS for name in export.granted(ORIGIN, [field])]
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


def written_with(beginning: str) -> tuple[Key, str]:
    """A key whose public half is written so, and that half."""
    for number in range(100_000):
        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(str(number).encode()).digest())
        public = private.public_key().public_bytes_raw()
        if to_base64url(public).startswith(beginning):
            return Key(key_id(public), NOW, private.private_bytes_raw()), to_base64url(public)
    raise AssertionError("no such key")


@pytest.mark.parametrize("beginning", ["-", "--", "-h"])
def test_a_public_key_may_begin_like_an_option(tmp_path: Path, beginning: str) -> None:
    file, (key, public) = tmp_path / "answer.json", written_with(beginning)
    file.write_bytes(answer(key=key))
    command = [sys.executable, "-m", "services.audit.verify", "answer", str(file), public]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The answer is whole")


def test_a_faulty_record_is_named_beside_the_ones_that_opened() -> None:
    records = check_answer(answer("time", beside=FaultyRecord("ab" * 32, "does_not_open")), PUBLIC)["records"]
    assert records[1] == {"record": "ab" * 32, "fault": "does_not_open"}
    assert len(records) == 2
