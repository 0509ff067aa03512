"""What one caller is taken to hold of the Internet, for whoever counts callers."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# One person's IPv6 network is a /64 (RFC 6177); single addresses in it are free for the taking.
IPV6_PREFIX = 64


def read_address(text: str) -> Address:
    """An address as a socket tells it: IPv4 written as IPv6 is IPv4. ValueError when it is none."""
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network_of(address: str) -> str:
    """An IPv4 address alone, or the /64 around an IPv6 address."""
    if ":" not in address:
        return address
    read = read_address(address)
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    return str(ipaddress.IPv6Network((int(read), IPV6_PREFIX), strict=False))
