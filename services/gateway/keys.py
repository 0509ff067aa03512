"""The gateway's secrets, read when they are there: without them nothing can be sealed, so nothing is accepted."""

from dataclasses import dataclass

from services.gateway.acts import Unavailable
from shared.runtime.settings import ServiceSettings
from shared.sealing import Sealer


@dataclass(frozen=True)
class Keys:
    """What accepting a leak needs."""

    sealer: Sealer
    pseudonym_key: bytes
    receipt_key: bytes


class KeyFiles:
    """Reads the keys once they are mounted; until then, Unavailable."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._keys: Keys | None = None

    def __call__(self) -> Keys:
        """The keys."""
        if self._keys is None:
            try:
                self._keys = self._read()
            except (OSError, ValueError, KeyError) as missing:
                raise Unavailable from missing
        return self._keys

    async def check(self) -> None:
        """Raise while a key is missing."""
        self()

    async def drop_stale(self) -> None:
        """Forget the secrets of windows that ended."""
        if self._keys is not None:
            self._keys.sealer.drop_stale()

    def _read(self) -> Keys:
        settings = self._settings
        sealer = Sealer("gateway", settings.secret("signing.key"), settings.keyring())
        return Keys(sealer, settings.secret("pseudonym.key"), settings.secret("receipt.key"))
