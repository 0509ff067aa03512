"""Who is calling through trusted proxies: read from the right, so that nobody puts words in a proxy's mouth."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from shared.runtime.networks import Address, Network

HeaderName = Literal["forwarded", "x-forwarded-for"]

# RFC 7239 section 4: pairs of token "=" (token | quoted-string), separated by semicolons.
_PAIR = re.compile(r"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\\,;]*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]*))\s*""")
# IPv4 in its one spelling, which needs no parsing.
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DOTTED = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::([^:]+))?")
LAST_PORT = 65_535
WIDEST_PREFIX = {4: 8, 6: 16}
"""By IP version: no operator's own network is wider (10.0.0.0/8); a wider one is the Internet, by a slip."""
_PORT = re.compile(r"[0-9]{1,5}")
# RFC 7239 section 6.3: a port that the proxy hides on purpose; the address still stands.
_HIDDEN_PORT = re.compile(r"_[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, repr=False)
class Hop:
    """One end of a connection."""

    ip: str
    port: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """The true client, and who told: the socket, or the trusted proxy whose word it is."""

    client: Hop
    obtained: str


class TrustedProxies:
    """The proxies whose word counts, and the one header they write.

    One header and never both: a proxy that appends to X-Forwarded-For passes a client's own Forwarded on untouched.
    """

    def __init__(self, networks: Iterable[Network] = (), header: HeaderName = "x-forwarded-for") -> None:
        self._networks = tuple(networks)
        self._header = header.encode()
        self._entry = _forwarded_entry if header == "forwarded" else _plain_entry

    def find(self, socket: Hop, headers: Iterable[tuple[bytes, bytes]]) -> Found:
        """Walk from the socket outwards while the hop is trusted; a word that can't be read ends the walk there."""
        hop, obtained = socket, "socket"
        if not self._trusts(hop):
            return Found(hop, obtained)
        for entry in self._from_the_right(headers):
            told = self._entry(entry)
            if told is None:
                break
            hop, obtained = told, f"proxy:{hop.ip}"
            if not self._trusts(hop):
                break
        return Found(hop, obtained)

    def _trusts(self, hop: Hop) -> bool:
        if not self._networks:
            return False
        address = ipaddress.ip_address(hop.ip)
        return any(address in network for network in self._networks)

    def _from_the_right(self, headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
        lines = [value.decode("latin-1") for name, value in headers if name.lower() == self._header]
        # Quotes are not honoured when splitting: a client's stray quote on the left must not swallow a proxy's word.
        for line in reversed(lines):
            yield from reversed(line.split(","))


def trusted_networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """Parse addresses and CIDRs; ValueError for what would trust strangers, since then anyone could frame anyone."""
    networks = []
    for entry in entries:
        try:
            network = ipaddress.ip_network(entry.strip(), strict=False)
        except ValueError:
            raise ValueError(
                "trusted proxies are addresses or networks such as 10.0.0.7 or 10.0.0.0/24; list each one"
            ) from None
        if network.prefixlen < WIDEST_PREFIX[network.version]:
            raise ValueError(
                "a trusted network wider than /8 (IPv4) or /16 (IPv6) holds strangers, who could then choose whose "
                "origin is recorded; list your proxies' own networks"
            )
        networks.append(network)
    return tuple(networks)


def plain_ip(text: str) -> str | None:
    """One spelling of a textual IP: IPv4-mapped IPv6 as IPv4, no zone; None when it is no address."""
    if _DOTTED.fullmatch(text):
        return text
    try:
        address: Address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        if address.scope_id:
            return str(ipaddress.IPv6Address(int(address)))
    return str(address)


def read_node(text: str) -> Hop | None:
    """`1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:5`; None for anything else."""
    bracketed = _BRACKETED.fullmatch(text)
    if bracketed:
        host, port = bracketed.group(1), bracketed.group(2)
        if ":" not in host:
            return None
    elif text.count(":") == 1:
        host, port = text.split(":")
    else:
        host, port = text, None
    # A zone names a network card of the proxy, so an address with one can't be a client's.
    address = None if "%" in host else plain_ip(host)
    if address is None:
        return None
    if port is None or _HIDDEN_PORT.fullmatch(port):
        return Hop(address, None)
    if not _PORT.fullmatch(port) or not 0 < int(port) <= LAST_PORT:
        return None
    return Hop(address, int(port))


def _plain_entry(entry: str) -> Hop | None:
    return read_node(entry.strip(" \t"))


def _forwarded_entry(entry: str) -> Hop | None:
    """The `for` of one element; None when the element isn't well-formed or says `for` other than once."""
    said = []
    for part in entry.strip(" \t").split(";"):
        pair = _PAIR.fullmatch(part)
        if pair is None:
            return None
        if pair.group(1).lower() == "for":
            said.append(pair.group(2) if pair.group(2) is not None else pair.group(3))
    return read_node(said[0]) if len(said) == 1 else None
