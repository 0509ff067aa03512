"""What stands for an address, and what an envelope may hold."""

from datetime import UTC, datetime

import pytest

from services.mailer.addresses import NotAnAddress, look_up_digests, on_envelope
from shared.address_digests import AddressDigests
from shared.events.values import ClearAddress
from shared.seals.keys import Key, KeyHistory

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OLD = Key("a" * 16, datetime(2020, 1, 1, tzinfo=UTC), b"o" * 32)
COMING = Key("c" * 16, datetime(2027, 1, 1, tzinfo=UTC), b"c" * 32)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.org\r\nBcc: c@d.org",
        "a b@c.org",
        "<a@b.org>",
        "a@b.org,c@d.org",
        '"a"@b.org',
        "@b.org",
        "a@",
        "a@b@c.org",
        "a\u2028b@c.org",
        "a@exa mple.org",
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(NotAnAddress):
        on_envelope(ClearAddress(address))


def test_an_international_domain_travels_in_idna() -> None:
    assert on_envelope(ClearAddress("Anna.B@Exämple.ORG")) == "Anna.B@xn--exmple-cua.org"


def test_a_key_that_is_still_to_come_is_looked_up_too_and_never_first() -> None:
    digests = AddressDigests(lambda: KeyHistory.of([OLD, COMING]), "address")
    found = look_up_digests(digests, ClearAddress("ben@example.org"), NOON)
    assert [digest.split(".")[1] for digest in found] == [OLD.id, COMING.id]
    assert len(set(found)) == len(found)
