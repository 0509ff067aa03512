"""Forged and honest forwarding headers: the recorded peer is the true one, whoever writes what."""

import pytest

from services.gateway.forwarded import Hop, TrustedProxies, plain_ip, read_node, trusted_networks

STRANGER = ("203.0.113.50", 50000)
PROXY = ("10.0.0.7", 443)
OUTER = "10.0.1.9"
NETWORKS = ("10.0.0.0/24", OUTER, "fd00::/64")
XFF, FWD = "x-forwarded-for", "forwarded"
VIA = f"proxy:{PROXY[0]}"

# (what is shown, trusted header, socket peer, headers, (address, port, obtained))
CASES = [
    # Nobody's word counts but a trusted proxy's.
    ("a stranger's X-Forwarded-For", XFF, STRANGER, [(XFF, "1.2.3.4")], (*STRANGER, "socket")),
    ("a stranger's address with a port", XFF, STRANGER, [(XFF, "1.2.3.4:80")], (*STRANGER, "socket")),
    ("a stranger's chain that ends in a proxy", XFF, STRANGER, [(XFF, "1.2.3.4, 10.0.0.7")], (*STRANGER, "socket")),
    ("a stranger's Forwarded", FWD, STRANGER, [(FWD, "for=1.2.3.4")], (*STRANGER, "socket")),
    ("a stranger's X-Real-IP", XFF, STRANGER, [("x-real-ip", "1.2.3.4")], (*STRANGER, "socket")),
    ("a stranger's CF-Connecting-IP", XFF, STRANGER, [("cf-connecting-ip", "1.2.3.4")], (*STRANGER, "socket")),
    ("a stranger's True-Client-IP", XFF, STRANGER, [("true-client-ip", "1.2.3.4")], (*STRANGER, "socket")),
    ("a stranger who claims to be loopback", XFF, STRANGER, [(XFF, "127.0.0.1")], (*STRANGER, "socket")),
    ("a neighbour of a trusted address", XFF, ("10.0.1.8", 1), [(XFF, "1.2.3.4")], ("10.0.1.8", 1, "socket")),
    ("an address just outside a network", XFF, ("10.0.2.1", 1), [(XFF, "1.2.3.4")], ("10.0.2.1", 1, "socket")),
    ("a mapped stranger", XFF, ("::ffff:203.0.113.50", 5), [(XFF, "1.2.3.4")], ("203.0.113.50", 5, "socket")),
    ("no header at all", XFF, STRANGER, [], (*STRANGER, "socket")),
    # A trusted proxy is believed on its own peer, not on what that peer said before.
    ("one honest proxy", XFF, PROXY, [(XFF, "1.2.3.4")], ("1.2.3.4", None, VIA)),
    ("an honest proxy that tells the port", XFF, PROXY, [(XFF, "1.2.3.4:5678")], ("1.2.3.4", 5678, VIA)),
    ("a forged left part", XFF, PROXY, [(XFF, "6.6.6.6, 1.2.3.4:5678")], ("1.2.3.4", 5678, VIA)),
    ("a long forged left part", XFF, PROXY, [(XFF, "6.6.6.6, " * 50 + "1.2.3.4:5678")], ("1.2.3.4", 5678, VIA)),
    ("a forged trusted hop", XFF, PROXY, [(XFF, "6.6.6.6, 10.0.0.8, 1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("a client that poses as the proxy", XFF, PROXY, [(XFF, "6.6.6.6, 10.0.0.7, 1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("garbage on the left", XFF, PROXY, [(XFF, '"; DROP, \x00, 1.2.3.4:9')], ("1.2.3.4", 9, VIA)),
    ("a quote on the left", XFF, PROXY, [(XFF, '"6.6.6.6, 1.2.3.4:9')], ("1.2.3.4", 9, VIA)),
    ("two lines, the proxy's last", XFF, PROXY, [(XFF, "6.6.6.6"), (XFF, "1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("an upper-case name", XFF, PROXY, [("X-Forwarded-For", "1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("no space after the comma", XFF, PROXY, [(XFF, "6.6.6.6,1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("tabs and spaces", XFF, PROXY, [(XFF, " \t1.2.3.4:9 \t")], ("1.2.3.4", 9, VIA)),
    ("two trusted hops", XFF, PROXY, [(XFF, f"1.2.3.4:9, {OUTER}")], ("1.2.3.4", 9, f"proxy:{OUTER}")),
    (
        "two trusted hops, forged left",
        XFF,
        PROXY,
        [(XFF, f"6.6.6.6, 1.2.3.4:9, {OUTER}:7")],
        ("1.2.3.4", 9, f"proxy:{OUTER}"),
    ),
    ("only trusted hops", XFF, PROXY, [(XFF, f"{OUTER}:55")], (OUTER, 55, VIA)),
    ("a proxy that says nothing", XFF, PROXY, [], (*PROXY, "socket")),
    ("the header that this proxy doesn't write", XFF, PROXY, [(FWD, "for=6.6.6.6")], (*PROXY, "socket")),
    ("both headers, one trusted", XFF, PROXY, [(FWD, "for=6.6.6.6"), (XFF, "1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    ("both headers, the other trusted", FWD, PROXY, [(XFF, "6.6.6.6"), (FWD, "for=1.2.3.4")], ("1.2.3.4", None, VIA)),
    # What can't be read ends the walk at the last hop that told the truth.
    ("an empty header", XFF, PROXY, [(XFF, "")], (*PROXY, "socket")),
    ("a word", XFF, PROXY, [(XFF, "unknown")], (*PROXY, "socket")),
    ("a trailing comma", XFF, PROXY, [(XFF, "1.2.3.4,")], (*PROXY, "socket")),
    ("an octet too large", XFF, PROXY, [(XFF, "1.2.3.256")], (*PROXY, "socket")),
    ("leading zeros", XFF, PROXY, [(XFF, "01.02.03.04")], (*PROXY, "socket")),
    ("a network", XFF, PROXY, [(XFF, "1.2.3.0/24")], (*PROXY, "socket")),
    ("port 0", XFF, PROXY, [(XFF, "1.2.3.4:0")], (*PROXY, "socket")),
    ("port 65536", XFF, PROXY, [(XFF, "1.2.3.4:65536")], (*PROXY, "socket")),
    ("a negative port", XFF, PROXY, [(XFF, "1.2.3.4:-1")], (*PROXY, "socket")),
    ("a port in Arabic digits", XFF, PROXY, [(XFF, "1.2.3.4:٨٠".encode().decode("latin-1"))], (*PROXY, "socket")),
    ("an empty port", XFF, PROXY, [(XFF, "1.2.3.4:")], (*PROXY, "socket")),
    ("an unclosed bracket", XFF, PROXY, [(XFF, "[2001:db8::1")], (*PROXY, "socket")),
    ("IPv4 in brackets", XFF, PROXY, [(XFF, "[1.2.3.4]:9")], (*PROXY, "socket")),
    ("a zone", XFF, PROXY, [(XFF, "fe80::1%eth0")], (*PROXY, "socket")),
    ("garbage after a trusted hop", XFF, PROXY, [(XFF, f"1.2.3.4, garbage, {OUTER}:7")], (OUTER, 7, VIA)),
    # IPv6.
    ("bare IPv6", XFF, PROXY, [(XFF, "2001:DB8::1")], ("2001:db8::1", None, VIA)),
    ("bracketed IPv6", XFF, PROXY, [(XFF, "[2001:db8::1]")], ("2001:db8::1", None, VIA)),
    ("bracketed IPv6 with a port", XFF, PROXY, [(XFF, "6.6.6.6, [2001:db8::1]:443")], ("2001:db8::1", 443, VIA)),
    ("mapped IPv4", XFF, PROXY, [(XFF, "::ffff:1.2.3.4")], ("1.2.3.4", None, VIA)),
    ("mapped IPv4 with a port", XFF, PROXY, [(XFF, "[::ffff:1.2.3.4]:9")], ("1.2.3.4", 9, VIA)),
    ("an IPv6 proxy", XFF, ("fd00::7", 443), [(XFF, "1.2.3.4:9")], ("1.2.3.4", 9, "proxy:fd00::7")),
    ("a mapped proxy", XFF, ("::ffff:10.0.0.7", 443), [(XFF, "1.2.3.4:9")], ("1.2.3.4", 9, VIA)),
    # RFC 7239.
    ("Forwarded, plain", FWD, PROXY, [(FWD, "for=1.2.3.4;proto=https;by=10.0.0.7")], ("1.2.3.4", None, VIA)),
    ("Forwarded with a port", FWD, PROXY, [(FWD, 'for="1.2.3.4:5678"')], ("1.2.3.4", 5678, VIA)),
    (
        "Forwarded with IPv6 and a port",
        FWD,
        PROXY,
        [(FWD, 'For="[2001:db8:cafe::17]:4711"')],
        ("2001:db8:cafe::17", 4711, VIA),
    ),
    ("Forwarded, forged left", FWD, PROXY, [(FWD, 'for=6.6.6.6, for="1.2.3.4:9"')], ("1.2.3.4", 9, VIA)),
    ("Forwarded, an open quote on the left", FWD, PROXY, [(FWD, 'for="6.6.6.6, for="1.2.3.4:9"')], ("1.2.3.4", 9, VIA)),
    ("Forwarded, an escaped quote on the left", FWD, PROXY, [(FWD, 'for="\\", for="1.2.3.4:9"')], ("1.2.3.4", 9, VIA)),
    ("Forwarded, two lines", FWD, PROXY, [(FWD, "for=6.6.6.6"), (FWD, 'for="1.2.3.4:9"')], ("1.2.3.4", 9, VIA)),
    ("Forwarded, hidden port", FWD, PROXY, [(FWD, 'for="1.2.3.4:_gazonk"')], ("1.2.3.4", None, VIA)),
    ("Forwarded, hidden node", FWD, PROXY, [(FWD, "for=6.6.6.6, for=_hidden")], (*PROXY, "socket")),
    ("Forwarded, unknown node", FWD, PROXY, [(FWD, "for=6.6.6.6, for=unknown")], (*PROXY, "socket")),
    ("Forwarded without for", FWD, PROXY, [(FWD, "for=6.6.6.6, by=10.0.0.7")], (*PROXY, "socket")),
    ("Forwarded with two for", FWD, PROXY, [(FWD, "for=6.6.6.6;for=1.2.3.4")], (*PROXY, "socket")),
    ("Forwarded, not pairs", FWD, PROXY, [(FWD, "1.2.3.4")], (*PROXY, "socket")),
    ("Forwarded, X-Forwarded-For's form", FWD, PROXY, [(FWD, "6.6.6.6, 1.2.3.4")], (*PROXY, "socket")),
    (
        "Forwarded through two",
        FWD,
        PROXY,
        [(FWD, f'for=6.6.6.6, for="1.2.3.4:9", for={OUTER}')],
        ("1.2.3.4", 9, f"proxy:{OUTER}"),
    ),
]


@pytest.mark.parametrize(
    ("header", "peer", "headers", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_the_recorded_peer_is_the_true_one(header, peer, headers, expected):
    trusted = TrustedProxies(trusted_networks(NETWORKS), header)
    socket = Hop(plain_ip(peer[0]) or "", peer[1])
    found = trusted.find(socket, [(name.encode(), value.encode("latin-1")) for name, value in headers])
    assert (found.client.ip, found.client.port, found.obtained) == expected


def test_there_are_at_least_sixty_forged_header_cases():
    assert len(CASES) >= 60


def test_without_trusted_proxies_no_header_counts():
    for name in (b"x-forwarded-for", b"forwarded"):
        found = TrustedProxies().find(Hop("10.0.0.7", 1), [(name, b"for=1.2.3.4")])
        assert found.client.ip == "10.0.0.7"


@pytest.mark.parametrize("entry", ["*", "anything", "10.0.0.0/33", ""])
def test_nonsense_is_refused(entry):
    with pytest.raises(ValueError, match="trusted proxies are addresses or networks"):
        trusted_networks([entry])


@pytest.mark.parametrize(
    "entry", ["0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/7", "::/0", "2000::/3", "fc00::/7", "2a00::/15"]
)
def test_trusting_more_than_anybody_owns_is_refused(entry):
    with pytest.raises(ValueError, match="list your proxies' own networks"):
        trusted_networks(["10.0.0.7", entry])


@pytest.mark.parametrize("entry", ["10.0.0.0/8", "fd00::/16", "10.0.0.7", "fd00::7"])
def test_a_network_of_ones_own_is_trusted(entry):
    (network,) = trusted_networks([entry])
    assert str(network).startswith(entry)


def test_a_node_with_a_hidden_port_keeps_its_address():
    assert read_node("1.2.3.4:_x").port is None


def test_neither_a_hop_nor_what_was_found_shows_itself():
    found = TrustedProxies().find(Hop("203.0.113.50", 50000), [])
    assert "203.0.113" not in repr(found) + repr(found.client)
