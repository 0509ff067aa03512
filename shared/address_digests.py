"""Digests that stand for addresses: keyed, so that nobody without the key can try one; they name key and table."""

from datetime import datetime

from shared.digests import keyed_digest
from shared.events.values import AddressDigestText, ClearAddress
from shared.mailboxes import CURRENT, TABLES, canonical, domain_of
from shared.seals.keys import Key, KeySource


class AddressDigests:
    """One use of a digest key. `label` keeps two uses of one key apart."""

    def __init__(self, keys: KeySource, label: str) -> None:
        self._keys = keys
        self._label = label

    def current(self, address: ClearAddress, now: datetime) -> AddressDigestText:
        """What new documents hold. KeyMissing without a valid key."""
        return self._digest(self._keys().current(now), CURRENT, address)

    def every(self, address: ClearAddress) -> tuple[AddressDigestText, ...]:
        """What a look-up asks for: under each key, of any age, and each version of the table; the newest first."""
        versions = sorted(TABLES, reverse=True)
        return tuple(self._digest(key, version, address) for key in self._keys().keys for version in versions)

    def domain(self, address: ClearAddress, now: datetime) -> AddressDigestText:
        """What stands for the address's domain. KeyMissing without a valid key."""
        key = self._keys().current(now)
        return _text(CURRENT, key, keyed_digest(key.material, f"{self._label} domain", domain_of(address)))

    def _digest(self, key: Key, version: int, address: ClearAddress) -> AddressDigestText:
        label = f"{self._label} {version}"
        return _text(version, key, keyed_digest(key.material, label, canonical(address, version)))


def _text(version: int, key: Key, digest: str) -> AddressDigestText:
    return AddressDigestText(f"{version}.{key.id}.{digest}")
