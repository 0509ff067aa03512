"""Who made a request, as the browser says; gateway and consoles ask the same question."""

import pytest
from starlette.datastructures import Headers

from shared.web.same_origin import made_here

URL = "https://leak.example"
HOST = {"host": "leak.example"}


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"sec-fetch-site": "same-site", "origin": URL}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "strange"}, False),
        ({"sec-fetch-site": "none"}, None),
        ({"origin": URL}, True),
        ({"origin": "http://leak.example"}, False),
        ({"origin": "https://leak.example:8443"}, False),
        ({"origin": "https://a.example"}, False),
        ({"origin": "null"}, None),
        ({}, None),
    ],
)
def test_the_browser_is_believed_and_silence_is_told_apart(said: dict[str, str], ours: bool | None) -> None:
    assert made_here(Headers({**HOST, **said}), URL) is ours


def test_without_a_host_no_origin_is_ours() -> None:
    assert made_here(Headers({"origin": URL}), URL) is False
