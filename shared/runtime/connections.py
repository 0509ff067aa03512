"""How many connections a listener takes: fewer than the process may open files, and few of them for one network."""

import hashlib
import resource
import secrets
import sys
from collections import Counter
from collections.abc import Iterable
from typing import NewType

from shared.runtime import metrics
from shared.runtime.networks import Network, network_of, read_address

BACKLOG = 256
"""Connections that wait in the kernel; one turn of the loop may accept them all before the first one is refused."""
RESERVED_FILES = 320
"""For the internal port, Kafka, the limiter's store and the database, whose client alone opens up to 100."""

Slot = NewType("Slot", bytes)
"""One connection's place: the keyed hash of its network, or nothing where networks aren't counted."""
_UNCOUNTED = Slot(b"")


class ConnectionLimits:
    """Counts one listener's open connections; what it knows of a network ends with that network's last connection.

    One network has at most half of all, whatever is set. `uncounted` networks are proxies, which carry many people.
    """

    def __init__(self, most: int, most_a_network: int, uncounted: Iterable[Network] = ()) -> None:
        self._most = most
        self._most_a_network = max(1, min(most_a_network, most // 2))
        self._uncounted = tuple(uncounted)
        # Because no address may be kept, and a hash without a key gives it away (invariant I5).
        self._key = secrets.token_bytes(32)
        self._open = 0
        self._by_network: Counter[Slot] = Counter()

    def claim(self, address: str | None) -> Slot | None:
        """A slot for a connection from this address; None when it must be refused."""
        slot = self._slot_of(address)
        if self._open >= self._most:
            metrics.CONNECTIONS_REFUSED.labels("full").inc()
            return None
        if self._by_network[slot] >= self._most_a_network:
            metrics.CONNECTIONS_REFUSED.labels("network_full").inc()
            return None
        self._open += 1
        if slot:
            self._by_network[slot] += 1
        return slot

    def release(self, slot: Slot) -> None:
        """The connection that had this slot is closed."""
        self._open -= 1
        if slot:
            self._by_network[slot] -= 1
            if not self._by_network[slot]:
                del self._by_network[slot]

    def _slot_of(self, address: str | None) -> Slot:
        # A Unix socket's peer has no address.
        if address is None or self._is_uncounted(address):
            return _UNCOUNTED
        return Slot(hashlib.blake2b(network_of(address).encode(), key=self._key, digest_size=16).digest())

    def _is_uncounted(self, address: str) -> bool:
        return bool(self._uncounted) and any(read_address(address) in network for network in self._uncounted)


def connections_within_file_limit() -> int:
    """How many connections to its one door the process's limit of open files (RLIMIT_NOFILE) leaves room for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return sys.maxsize
    # A quarter, where the limit is smaller than what we would keep back.
    return max(files // 4, files - BACKLOG - RESERVED_FILES)
