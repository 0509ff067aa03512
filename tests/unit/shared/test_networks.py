"""What one caller is taken to hold."""

import pytest

from shared.runtime.networks import network_of, read_address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:1::1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_one_person_holds_an_ipv4_address_or_an_ipv6_network(address, network):
    assert network_of(address) == network


def test_an_ipv4_address_written_as_ipv6_is_itself():
    assert read_address("::ffff:192.0.2.1") == read_address("192.0.2.1")
