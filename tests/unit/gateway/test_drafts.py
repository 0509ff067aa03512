"""What may be sent, and how what may not is told without a word of it."""

import json

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.gateway.acts import Draft
from services.gateway.drafts import LeakRequest, codes, is_json_broken, read_draft
from shared.runtime.memory import OVERWRITING
from tests.support import memory

LEAK = {
    "recipient": "robin@example.com",
    "message": "hello",
    "sender": "alex@example.org",
    "relation": "friend",
    "consent": True,
}


def refused(**changes):
    fields = {name: value for name, value in {**LEAK, **changes}.items() if value is not ...}
    try:
        LeakRequest.model_validate_json(json.dumps(fields))
    except ValidationError as error:
        return codes(error)
    return {}


def test_a_plain_leak_is_fine_and_has_gentle_defaults():
    leak = LeakRequest.model_validate(LEAK)
    assert (leak.kind, leak.language, leak.allow_reply) == ("other", "en", False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"message": ""}, {"message": "missing"}),
        ({"message": " \n\t "}, {"message": "missing"}),
        ({"message": ...}, {"message": "missing"}),
        ({"message": "x" * 2_000}, {}),
        ({"message": "x" * 2_001}, {"message": "too_long"}),
        ({"message": "é🙂" * 1_000}, {}),
        ({"message": "x\r\n" * 999}, {}),
        ({"message": "nul \x00"}, {"message": "not_text"}),
        ({"message": "bell \x07"}, {"message": "not_text"}),
        ({"message": "escape \x1b[31m"}, {"message": "not_text"}),
        ({"message": "C1 \x9b"}, {"message": "not_text"}),
        ({"message": "override \u202e gnirts"}, {"message": "not_text"}),
        ({"message": "isolate \u2066b\u2069"}, {"message": "not_text"}),
        ({"message": "\u200b" * 20}, {"message": "missing"}),
        ({"message": "\u3164 \u3164"}, {"message": "missing"}),
        ({"message": "tab\tand\nline"}, {}),
        ({"message": "family \U0001f468\u200d\U0001f469\u200d\U0001f467"}, {}),
        ({"message": "שלום \u200f"}, {}),
        ({"message": "http://a.example https://b.example www.c.example"}, {}),
        ({"message": "http://a http://b http://c http://d"}, {"message": "too_many_links"}),
        ({"message": 5}, {"message": "wrong_type"}),
        ({"recipient": "nobody"}, {"recipient": "not_an_address"}),
        ({"recipient": "a@b"}, {"recipient": "not_an_address"}),
        ({"recipient": "a@localhost.test"}, {"recipient": "not_an_address"}),
        ({"recipient": "a@example.com\nbcc: c@example.com"}, {"recipient": "not_an_address"}),
        ({"recipient": "a@example.com, b@example.com"}, {"recipient": "not_an_address"}),
        ({"recipient": "Robin <robin@example.com>"}, {"recipient": "not_an_address"}),
        ({"recipient": "rö@example.com"}, {"recipient": "not_an_address"}),
        ({"recipient": "a@[192.0.2.1]"}, {"recipient": "not_an_address"}),
        # RFC 5321, section 4.5.3.1.1: a local part has at most 64 octets.
        ({"recipient": f"{'a' * 65}@example.com"}, {"recipient": "not_an_address"}),
        ({"recipient": "x" * 400 + "@example.com"}, {"recipient": "too_long"}),
        ({"recipient": ""}, {"recipient": "missing"}),
        ({"sender": "no address"}, {"sender": "not_an_address"}),
        ({"relation": "enemy"}, {"relation": "unknown"}),
        ({"relation": ...}, {"relation": "missing"}),
        ({"kind": "threat"}, {"kind": "unknown"}),
        ({"language": "de"}, {"language": "unknown"}),
        ({"consent": False}, {"consent": "missing"}),
        ({"consent": ...}, {"consent": "missing"}),
        ({"consent": "yes"}, {"consent": "wrong_type"}),
        ({"allow_reply": False}, {}),
        ({"allow_reply": True}, {"allow_reply": "not_offered"}),
        ({"surprise": 1}, {"body": "unknown"}),
        ({"recipient": "x", "sender": "y"}, {"recipient": "not_an_address", "sender": "not_an_address"}),
    ],
)
def test_each_fault_has_its_code(change, expected):
    assert refused(**change) == expected


def test_lone_surrogates_are_refused_in_json_and_in_forms():
    with pytest.raises(ValidationError) as error:
        LeakRequest.model_validate_json(json.dumps(LEAK).replace("hello", "\\ud800"))
    assert is_json_broken(error.value)
    with pytest.raises(ValidationError) as error:
        read_draft(Draft(**{**LEAK, "message": "\ud800"}))
    assert set(codes(error.value)) == {"message"}


READS = """
import json
from services.gateway.drafts import LeakRequest
for _ in range(2):
    name = secret.decode()
    body = json.dumps(LEAK | {"sender": f"{name}@example.org", "recipient": f"{name}@example.com"})
    LeakRequest.model_validate_json(body)
del body, name
done()
"""


@pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden()))
def test_no_address_that_was_read_is_remembered():
    with memory.process(f"LEAK = {LEAK!r}\n{READS}", OVERWRITING) as (pid, name):
        assert not memory.holds(pid, name)


def test_line_breaks_become_newlines_and_ends_are_trimmed():
    assert LeakRequest.model_validate({**LEAK, "message": " a\r\nb\rc \n"}).message == "a\nb\nc"


def test_a_draft_is_judged_by_the_same_model():
    assert read_draft(Draft(**LEAK)).recipient == "robin@example.com"
    with pytest.raises(ValidationError) as error:
        read_draft(Draft())
    assert codes(error.value) == dict.fromkeys(("recipient", "message", "sender", "consent"), "missing")


def test_an_international_domain_is_written_in_ascii():
    leak = LeakRequest.model_validate({**LEAK, "recipient": "a@Bücher.example"})
    assert leak.recipient == "a@xn--bcher-kva.example"


local_parts = st.text("abzAZ09.!#$%&'*+/=?^_`{|}~-\"@() é\\", min_size=0, max_size=70)
labels = st.text("abzAZ09-_é", min_size=0, max_size=66)
ENDS = ("com", "COM", "fr", "test", "local", "localhost", "invalid", "arpa", "c", "1", "c0m", "xn--p1ai")


@given(local_parts, st.lists(labels, max_size=4), st.sampled_from(ENDS))
@example("a", ["xn--a"], "com")
@example("a", ["b" * 63] * 4, "com")
@example("a" * 65, ["b"], "com")
@example("a" * 64, ["b" * 62, "b" * 62, "b" * 62], "com")
def test_an_address_is_judged_and_written_as_the_library_does(local, middle, end):
    text = f"{local}@{'.'.join([*middle, end])}".strip()
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
        expected = found.ascii_email
    except EmailNotValidError:
        expected = None
    try:
        judged = LeakRequest.model_validate({**LEAK, "recipient": text}).recipient
    except ValidationError:
        judged = None
    assert judged == expected


values = st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))


@given(st.dictionaries(st.text(max_size=20) | st.sampled_from(sorted(LEAK)), values, max_size=8))
def test_codes_hold_our_own_words_alone(fields):
    told = refused(**fields)
    assert set(told) <= {*LeakRequest.model_fields, "body"}
    assert set(told.values()) <= {
        "missing",
        "not_an_address",
        "not_text",
        "too_long",
        "too_many_links",
        "unknown",
        "not_offered",
        "wrong_type",
    }
