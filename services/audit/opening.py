"""The one place that opens origins, one record at a time. Its keys are a file that only this service's user reads."""

import os
import stat
from pathlib import Path

from services.audit import evidence
from services.audit.store.values import StoredOrigin
from shared.events.topics import AUDIT
from shared.seals.contents import Origin
from shared.seals.form import Seal, share
from shared.seals.keys import KeyringSource, KeySource
from shared.seals.opening import content_of, unwrap, window_secret
from shared.seals.purposes import ORIGIN


class KeyExposed(Exception):
    """The opening keys' file can be read by others than its owner; the service does not start with it."""


def refuse_exposed(path: Path) -> None:
    """Raises KeyExposed unless the file is ours alone (0600 or less), or mounted for us."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    others = mode & (stat.S_IRWXG | stat.S_IRWXO)
    if others and not is_mounted_for_us(found, others):
        raise KeyExposed(f"{path.name} has mode {mode:o}: others can read it. Run chmod 600, and find out who could.")


def is_mounted_for_us(found: os.stat_result, others: int) -> bool:
    """Whether root gave the file to this process's group to read, and to nobody else."""
    # Kubernetes gives a secret's files to root and lets the pod's own group (fsGroup) read them: a 0400 becomes 0440.
    is_root_s = found.st_uid == 0 != os.geteuid()
    return is_root_s and others == stat.S_IRGRP and found.st_gid in {os.getegid(), *os.getgroups()}


class OriginOpener:
    """Opens single origins. Whoever calls it has an order's opening in the log already."""

    def __init__(self, opening: KeySource, keyring: KeyringSource) -> None:
        self._opening = opening
        self._keyring = keyring

    def open(self, stored: StoredOrigin) -> Origin:
        """The origin of one record. NotSigned unless it is the gateway's for this leak; SealBroken when damaged."""
        seal = evidence.check(
            stored.leak_id,
            stored.captured_at,
            stored.sealed_origin,
            stored.proof,
            self._keyring(),
            stored.stored_at,
        )
        return content_of(ORIGIN, unwrap(seal, stored.leak_id, {AUDIT.name: self._release(seal)}))

    def _release(self, seal: Seal) -> bytes:
        """This reader's value for one record. The window's secret is not kept: it would open the others, too."""
        return share(window_secret(self._opening, *seal.sealed_secret(AUDIT.name)), seal.purpose, seal.record_id)
