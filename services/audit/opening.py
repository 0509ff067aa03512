"""The one place that opens origins, one record at a time. The key is a file that only this service's user can read."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from shared.origin import Origin
from shared.sealing import HPKE, Keyring, Seal, SealBroken, key_id, parse, share, verify
from shared.unsealing import unwrap

READER = "audit"
PURPOSE = "origin"
WRITER = "gateway"


class KeyExposed(Exception):
    """The opening key's file can be read by others than its owner; the service does not start with it."""


def refuse_exposed(path: Path) -> None:
    """Raises KeyExposed unless the file is ours alone (0600 or less), or mounted for us."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    others = mode & (stat.S_IRWXG | stat.S_IRWXO)
    if others and not _mounted_for_us(found, others):
        raise KeyExposed(f"{path.name} has mode {mode:o}: others can read it. Run chmod 600, and find out who could.")


def _mounted_for_us(found: os.stat_result, others: int) -> bool:
    # Kubernetes gives a secret's files to root and lets the pod's own group (fsGroup) read them: a 0400 becomes 0440.
    is_root_s = found.st_uid == 0 != os.geteuid()
    return is_root_s and others == stat.S_IRGRP and found.st_gid in {os.getegid(), *os.getgroups()}


class OriginOpener:
    """Opens single origins. Whoever calls it has an order's opening in the log already."""

    def __init__(self, opening_key: bytes, keyring: Keyring) -> None:
        self._private = X25519PrivateKey.from_private_bytes(opening_key)
        self._key_id = key_id(self._private.public_key().public_bytes_raw())
        self._keyring = keyring

    def open(self, leak_id: str, sealed: str) -> Origin:
        """The origin of one record. SealBroken when it isn't whole, isn't the gateway's, or is another leak's."""
        seal = parse(sealed)
        if seal.purpose != PURPOSE:
            raise SealBroken("not an origin")
        verify(seal, self._keyring, writer=WRITER)
        plaintext = unwrap(seal, leak_id, {READER: self._release(seal)})
        try:
            return Origin.decode(plaintext)
        except ValueError as strange:
            raise SealBroken("opened, and it is no origin") from strange

    def _release(self, seal: Seal) -> bytes:
        """This reader's value for one record. The window's secret is not kept: it would open the others, too."""
        reader_key, sealed_secret, info = seal.sealed_secret(READER)
        if reader_key != self._key_id:
            raise SealBroken("sealed to a key that this service does not hold")
        try:
            secret = HPKE.decrypt(sealed_secret, self._private, info=info)
        except InvalidTag as broken:
            raise SealBroken("the window's secret does not open") from broken
        return share(secret, seal.purpose, seal.record_id)
