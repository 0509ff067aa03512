"""The names that a site answers to."""

import pytest
from starlette.datastructures import Headers

from shared.web.hosts import LOOPBACK, host_fault, hosts_of


def test_a_site_has_its_own_name_without_the_port() -> None:
    assert hosts_of("https://Audit.example:8443") == {"audit.example"}


@pytest.mark.parametrize("url", ["http://localhost:8300", "http://127.0.0.1:8300", "http://[::1]:8300"])
def test_a_loopback_site_has_every_loopback_name(url: str) -> None:
    assert hosts_of(url) == LOOPBACK


@pytest.mark.parametrize(
    ("hosts", "fault"),
    [
        (["audit.example"], None),
        (["AUDIT.example:443"], None),
        (["audit.example."], 421),
        (["audit.example.evil.example"], 421),
        (["audit.example@evil.example"], 421),
        (["audit.example:443:evil"], 421),
        (["[audit.example]"], 421),
        ([""], 421),
        ([], 400),
        (["audit.example", "audit.example"], 400),
    ],
)
def test_another_name_is_misdirected_and_no_name_or_two_are_malformed(hosts: list[str], fault: int | None) -> None:
    headers = Headers(raw=[(b"host", host.encode()) for host in hosts])
    assert host_fault(headers, hosts_of("https://audit.example")) == fault
