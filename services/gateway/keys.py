"""The gateway's secrets, read when they are there: without them nothing can be sealed, so nothing is accepted."""

from dataclasses import dataclass

from services.gateway.acts import Unavailable
from shared.address_digests import AddressDigests
from shared.runtime.clock import Clock
from shared.runtime.settings import ServiceSettings
from shared.seals.batches import BatchSigner
from shared.seals.errors import KeyMissing
from shared.seals.keys import KeySource
from shared.seals.sealing import Sealer


@dataclass(frozen=True)
class Keys:
    """What accepting a leak needs."""

    sealer: Sealer
    signer: BatchSigner
    pseudonyms: AddressDigests
    receipt: KeySource


class KeyFiles:
    """Uses the keys once they are mounted; until then, Unavailable. A key that is rotated is used without a restart."""

    def __init__(self, settings: ServiceSettings, clock: Clock) -> None:
        signing, keyring = settings.keys("signing"), settings.keyring()
        pseudonym, receipt = settings.keys("pseudonym"), settings.keys("receipt")
        self._files = (signing, keyring, pseudonym, receipt)
        self._keys = Keys(
            Sealer(settings.process, signing, keyring, now=clock),
            BatchSigner(signing, now=clock),
            AddressDigests(pseudonym, "recipient"),
            receipt,
        )

    def __call__(self) -> Keys:
        """The keys."""
        try:
            for file in self._files:
                file()
        except (OSError, ValueError, KeyError, KeyMissing) as missing:
            raise Unavailable from missing
        return self._keys

    async def check(self) -> None:
        """Raise while a key is missing."""
        self()

    async def drop_stale(self) -> None:
        """Forget the secrets of windows that ended."""
        self._keys.sealer.drop_stale()
