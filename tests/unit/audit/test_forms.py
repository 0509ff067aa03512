"""What counts as a Message-ID in what an auditor pastes."""

import pytest

from services.audit.forms import message_ids


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a.b@leak.example", ("a.b@leak.example",)),
        ("<a.b@leak.example>", ("a.b@leak.example",)),
        ("Message-ID: <a@leak.example>", ("a@leak.example",)),
        ("MESSAGE-ID:<a@leak.example>", ("a@leak.example",)),
        ("Message-ID:\r\n\t<a@leak.example>\r\nTo: b", ("a@leak.example",)),
        # A field of one line loses its line breaks when it is pasted.
        ("Date: Fri, 20 Nov 2026 12:00:00 +0000Message-ID: <a@leak.example>To: b", ("a@leak.example",)),
        ("Message-ID: <outer@x>\n\nMessage-ID: <a@leak.example>", ("outer@x", "a@leak.example")),
        ("X-Original-Message-ID: <a@leak.example>", ()),
        ("References: <a@leak.example>", ()),
        ("Message-ID: a@leak.example", ()),
        ("ab" * 16, ()),
        ("https://leak.example/report/AAAA", ()),
        ("mailto:a@leak.example", ()),
        ("", ()),
    ],
)
def test_a_message_id_is_found_alone_or_in_a_header(typed: str, found: tuple[str, ...]) -> None:
    assert message_ids(typed) == found
