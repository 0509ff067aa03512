"""Who gets in: a name and a password, asked a few times, then slowly. Strangers can't keep out who was here before."""

from dataclasses import dataclass
from typing import Final, Literal

from shared.console.account_log import DoorLog
from shared.console.accounts import Account, Accounts
from shared.console.devices import Devices
from shared.console.passwords import ComparingQueue, TooBusy
from shared.console.throttle import Throttle

WAITING: Final = 8
BUSY_S: Final = 5


@dataclass(frozen=True)
class NotIn:
    """Nobody was let in: the pair is wrong, it was tried too often, or too many are at the door."""

    why: Literal["wrong", "wait", "busy"]
    seconds: int = 0


class Door:
    """Counts, compares, and says who it is. The same work for a name that is there, one that isn't, a disabled one."""

    def __init__(self, accounts: Accounts, devices: Devices, throttle: Throttle, door_log: DoorLog) -> None:
        self._accounts = accounts
        self._devices = devices
        self._throttle = throttle
        self._log = door_log
        # Two queues: a crowd of strangers must not take the places of people who were here before.
        self._strangers = ComparingQueue(at_once=1, waiting=WAITING)
        self._known = ComparingQueue(at_once=1, waiting=WAITING)

    async def ask(self, name: str, password: str, token: str | None) -> Account | NotIn:
        """Who it is. `token` is what the browser's device cookie holds."""
        device = await self._devices.known(token, name)
        queue = self._known if device else self._strangers
        try:
            with queue.place():
                return await self._ask(name, password, device, queue)
        except TooBusy:
            return NotIn("busy", BUSY_S)

    async def remember(self, name: str, token: str | None) -> str:
        """`name` got in from this browser: what its device cookie shall hold."""
        return await self._devices.remember(token, name)

    async def _ask(self, name: str, password: str, device: str | None, queue: ComparingQueue) -> Account | NotIn:
        account = await self._accounts.find(name)
        if seconds := await self._throttle.take_try(name, device):
            self._log.failed(account.name if account else None)
            return NotIn("wait", seconds)
        usable = account if account and not account.disabled else None
        right = await queue.matches(usable.password if usable else None, password)
        if usable is None or not right:
            self._log.failed(account.name if account else None)
            return NotIn("wrong")
        await self._throttle.forget(name, device)
        return usable
