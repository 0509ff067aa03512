"""The edge keeps the caller apart and strips all that could tell who it is."""

import json

import pytest
from pydantic import ValidationError

from services.gateway.edge import KEPT_HEADERS, SCOPE_KEY, Edge
from services.gateway.forwarded import TrustedProxies, trusted_networks
from services.gateway.settings import Settings
from shared.runtime.memory import OVERWRITING
from tests.support import memory

TELLING = {
    "forwarded": "for=1.2.3.4",
    "x-forwarded-for": "1.2.3.4",
    "x-forwarded-port": "1",
    "x-forwarded-host": "h",
    "x-forwarded-proto": "https",
    "x-real-ip": "1.2.3.4",
    "user-agent": "Mozilla",
    "cookie": "a=b",
    "referer": "r",
    "via": "1.1 proxy",
    "cf-connecting-ip": "1.2.3.4",
    "true-client-ip": "1.2.3.4",
    "x-client-ip": "1.2.3.4",
    "x-cluster-client-ip": "1.2.3.4",
    "fastly-client-ip": "1.2.3.4",
    "client-ip": "1.2.3.4",
    "from": "a@b.example",
    "sec-ch-ua": "x",
    "sec-ch-ua-platform": "x",
    "dnt": "1",
    "traceparent": "00-1",
    "baggage": "x",
    "tracestate": "x",
    "x-request-id": "x",
    "x-amzn-trace-id": "x",
    "proxy-authorization": "x",
    "leak-client-key": "k",
    "leak-client-address": "192.0.2.9",
    "anything-else": "x",
}


class Further:
    """What stands behind the edge: remembers the scope it was given."""

    def __init__(self, error: Exception | None = None, *, answer_first: bool = False) -> None:
        self.scope = {}
        self.error = error
        self.answer_first = answer_first

    async def __call__(self, scope, _receive, send):
        self.scope = scope
        if self.answer_first or not self.error:
            await send({"type": "http.response.start", "status": 204, "headers": []})
        if self.error:
            raise self.error
        await send({"type": "http.response.body", "body": b""})


def scope_of(headers=None, client=("203.0.113.50", 50000), http_version="1.1"):
    named = {"host": "localhost", **(headers or {})}
    pairs = [(name.encode(), value.encode()) for name, value in named.items()]
    return {
        "type": "http",
        "http_version": http_version,
        "method": "GET",
        "path": "/",
        "client": client,
        "server": ("192.0.2.1", 8080),
        "headers": pairs,
    }


async def through(scope, further=None, trusted=None, hosts=()):
    further = further or Further()
    answers = []

    async def send(message):
        answers.append(message)

    await Edge(further, trusted or TrustedProxies(), hosts)(scope, None, send)
    return further.scope, answers


async def test_nothing_that_tells_who_calls_gets_further_in():
    scope = scope_of({"host": "localhost", "accept-language": "fr", **TELLING})
    headers = scope["headers"]
    seen, _ = await through(scope)
    assert seen["client"] is None
    assert {name.decode() for name, _ in seen["headers"]} == {"host", "accept-language"}
    # In place: the server's own list is the same object.
    assert headers is seen["headers"]
    rest = repr({key: value for key, value in seen.items() if key != "server"})
    for trace in ("203.0.113", "50000", "1.2.3.4", "Mozilla", "192.0.2.9"):
        assert trace not in rest


async def test_the_headers_that_are_kept_are_a_short_list():
    assert not KEPT_HEADERS & {name.encode() for name in TELLING}


async def test_the_caller_is_kept_for_the_seal_and_shows_nothing():
    seen, _ = await through(scope_of({"leak-client-key": "k", "leak-client-address": "192.0.2.9:5"}))
    caller = seen[SCOPE_KEY]
    assert (caller.ip, caller.port, caller.obtained) == ("203.0.113.50", 50000, "socket")
    assert (caller.destination_ip, caller.destination_port) == ("192.0.2.1", 8080)
    assert (caller.client_key, caller.claimed_ip) == ("k", "192.0.2.9:5")
    assert repr(caller) == str(caller) == "<Caller>"


async def test_behind_a_proxy_the_near_end_is_not_what_the_client_connected_to():
    trusted = TrustedProxies(trusted_networks(["203.0.113.50"]))
    seen, _ = await through(scope_of({"x-forwarded-for": "1.2.3.4:5"}), trusted=trusted)
    caller = seen[SCOPE_KEY]
    assert (caller.ip, caller.obtained) == ("1.2.3.4", "proxy:203.0.113.50")
    assert (caller.destination_ip, caller.destination_port) == (None, None)


async def test_an_ipv6_peer_is_written_in_one_way():
    seen, _ = await through(scope_of(client=("2001:0DB8::0001", 5)))
    assert seen[SCOPE_KEY].ip == "2001:db8::1"


@pytest.mark.parametrize("client", [None, ("", 0), ("unix:/run/x", 0)])
async def test_a_caller_without_an_address_gets_no_further(client):
    seen, answers = await through(scope_of(client=client))
    assert seen == {}
    assert answers[0]["status"] == 503


async def test_a_bug_further_in_is_answered_without_its_words():
    _, answers = await through(scope_of(), Further(ValueError("anna@example.org")))
    assert answers[0]["status"] == 500
    assert json.loads(answers[1]["body"])["type"] == "urn:leak:problem:server-error"
    assert b"anna" not in answers[1]["body"]


async def test_a_bug_after_the_answer_began_is_not_answered_twice():
    _, answers = await through(scope_of(), Further(ValueError("x"), answer_first=True))
    assert [message["status"] for message in answers if "status" in message] == [204]


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("localhost", True),
        ("LOCALHOST:8080", True),
        ("[::1]:8080", True),
        ("evil.example", False),
        ("", False),
        ("localhost.evil.example", False),
    ],
)
async def test_only_our_own_names_are_answered(host, answered):
    seen, _ = await through(scope_of({"host": host}), hosts=("localhost", "[::1]"))
    assert bool(seen) is answered


@pytest.mark.parametrize("hosts", [("localhost",), ()], ids=["some names", "any name"])
@pytest.mark.parametrize("count", [0, 2, 3])
async def test_a_request_with_other_than_one_host_is_refused(count, hosts):
    scope = scope_of()
    scope["headers"][:] = [(b"host", b"localhost")] * count
    seen, answers = await through(scope, hosts=hosts)
    assert seen == {}
    assert answers[0]["status"] == 400
    assert json.loads(answers[1]["body"])["type"] == "urn:leak:problem:bad-host"


@pytest.mark.parametrize(("hosts", "answered"), [((), True), (("localhost",), False)])
async def test_http_1_0_needs_no_host_where_any_name_is_ours(hosts, answered):
    scope = scope_of(http_version="1.0")
    scope["headers"].clear()
    seen, _ = await through(scope, hosts=hosts)
    assert bool(seen) is answered


async def test_a_websocket_is_closed():
    scope = {**scope_of(), "type": "websocket"}
    seen, answers = await through(scope)
    assert seen == {}
    assert answers == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("listed", ["*", "0.0.0.0/0", "10.0.0.1,::/0", "10.0.0.0/7", "fc00::/7"])
def test_the_gateway_does_not_start_when_it_would_trust_strangers(listed, monkeypatch):
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", listed)
    with pytest.raises(ValidationError):
        Settings()


def test_trusted_proxies_are_a_comma_separated_list(monkeypatch):
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", "10.0.0.7, 10.1.0.0/24")
    assert Settings(role="accept").trusted_proxies == ("10.0.0.7", "10.1.0.0/24")


ASKS = """
from starlette.requests import Request
from services.gateway.edge import path_of
scope = {{"type": "http", "path": "/" + secret.decode(), "query_string": b"", "headers": [(b"host", b"leak.example")]}}
path = {how}
del path, scope
done()
"""


@pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden()))
@pytest.mark.parametrize(("how", "remembered"), [("path_of(Request(scope))", False), ("Request(scope).url.path", True)])
def test_no_path_that_was_asked_for_is_remembered(how, remembered):
    with memory.process(ASKS.format(how=how), OVERWRITING) as (pid, path):
        assert memory.holds(pid, path) == remembered
