"""How many connections a listener takes, and what it knows of those who have one."""

import ipaddress
import resource

import pytest

from shared.runtime.connections import ConnectionLimits, connections_within_file_limit


def claimed(limits: ConnectionLimits, *addresses: str | None) -> int:
    return sum(limits.claim(address) is not None for address in addresses)


def test_an_ipv6_network_shares_its_slots():
    limits = ConnectionLimits(100, 2)
    assert claimed(limits, "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1") == 3


def test_an_ipv4_address_written_as_ipv6_has_no_slots_of_its_own():
    limits = ConnectionLimits(100, 2)
    assert claimed(limits, "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1") == 2


def test_a_released_slot_is_taken_again():
    limits = ConnectionLimits(2, 1)
    slot = limits.claim("192.0.2.1")
    assert slot is not None
    assert claimed(limits, "192.0.2.1") == 0
    limits.release(slot)
    assert claimed(limits, "192.0.2.1") == 1


def test_a_proxy_among_strangers_of_its_network_is_told_from_them():
    limits = ConnectionLimits(100, 1, [ipaddress.ip_network("2001:db8::7"), ipaddress.ip_network("10.0.0.0/8")])
    assert claimed(limits, *["2001:db8::7"] * 5, *["10.1.2.3"] * 5, *["2001:db8::8"] * 5) == 11


def test_whoever_has_no_address_counts_in_all_alone():
    assert claimed(ConnectionLimits(6, 1), *[None] * 10) == 6


def test_no_address_is_kept_and_nothing_of_a_connection_that_is_closed():
    limits, same = ConnectionLimits(100, 10), ConnectionLimits(100, 10)
    fresh = str(vars(limits))
    slots = [limits.claim(address) for address in ("192.0.2.1", "192.0.2.1", "2001:db8::1")]
    assert "192.0.2" not in str(vars(limits))
    assert "2001:db8" not in str(vars(limits))
    # Under a key of its own, else the hash would tell the address to whoever tries them all.
    assert same.claim("192.0.2.1") != slots[0]
    for slot in slots:
        assert slot is not None
        limits.release(slot)
    assert str(vars(limits)) == fresh


@pytest.mark.parametrize(("files", "connections"), [(256, 64), (1_024, 448), (4_096, 3_520)])
def test_connections_leave_files_for_everything_else(files, connections):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limits[1] < files:
        pytest.skip("this machine allows fewer open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, limits[1]))
    try:
        assert connections_within_file_limit() == connections
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
