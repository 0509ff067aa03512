"""Senders, recipients and a moderator, as good clients: they try again on 503 and on a lost connection, until told."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import httpx

from shared.events.decisions import LeakDecided
from tests.crash.desk import Moderator
from tests.crash.fates import Act, Leak
from tests.crash.sightings import Seen, Sightings

AT_ONCE: Final = 16
LOOK_EVERY_S: Final = 0.2
AGAIN_S: Final = 0.4
ANSWERED: Final = 202


class TooLate(Exception):
    """Patience ended while somebody waited for something."""


class People:
    """Everybody in one run."""

    def __init__(self, gateway: str, moderator: Moderator, sightings: Sightings, patience_s: float) -> None:
        self._http = httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=15)
        self._moderator = moderator
        self._sightings = sightings
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._patience_s = patience_s
        self._until = float("inf")
        self._acts: dict[Act, Callable[[Leak], Awaitable[None]]] = {
            "confirm": self._confirm,
            "stop": self._stop,
            "withdraw": self._withdraw,
            "approve": self._approve,
            "escalate": self._escalate,
            "recall": self._recall,
            "block": self._block,
            "report": self._report,
        }

    async def live(self, leaks: Sequence[Leak], *, spread_s: float = 0.0) -> None:
        """Send every leak, begun within `spread_s`, and see each to its end; whoever waits in vain says for what.

        Patience ends when nothing at all was seen for that long: no record, no mail.
        """
        looking = asyncio.create_task(self._look())
        try:
            pauses = [spread_s * number / len(leaks) for number in range(len(leaks))]
            await asyncio.gather(*(self._life(leak, pause) for leak, pause in zip(leaks, pauses, strict=True)))
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            await self._http.aclose()

    async def _life(self, leak: Leak, pause: float) -> None:
        try:
            await asyncio.sleep(pause)
            await self._send(leak)
            for act in leak.plan.acts:
                await self._acts[act](leak)
                leak.done.add(act)
            await self._see_the_end(leak)
        except TooLate as waited:
            leak.stuck = str(waited)

    async def _send(self, leak: Leak) -> None:
        if (earlier := leak.earlier) is not None:
            await self._wait(lambda: "block" in earlier.done, "the recipient's block")
        headers = {"idempotency-key": leak.key}
        answer = await self._tell("POST", "/v1/leaks", json=leak.body(), headers=headers)
        leak.leak_id, leak.receipt = answer["leak_id"], answer["receipt"]

    async def _confirm(self, leak: Leak) -> None:
        mail = await self._mail_to(leak.sender)
        leak.clicked = True
        await self._tell("POST", "/v1/confirmations", json={"token": mail.token("confirm")})

    async def _stop(self, leak: Leak) -> None:
        mail = await self._mail_to(leak.sender)
        await self._tell("POST", "/v1/stops", json={"token": mail.token("stop")})

    async def _withdraw(self, leak: Leak) -> None:
        await self._mail_to(leak.sender)
        await self._cancel(leak)

    async def _approve(self, leak: Leak) -> None:
        await self._wait(lambda: self._decided(leak), "moderation's word")
        await self._moderator.decide(leak.leak_id, "approve", self._is_patient)

    async def _escalate(self, leak: Leak) -> None:
        await self._wait(lambda: self._decided(leak), "moderation's word")
        await self._moderator.decide(leak.leak_id, "escalate", self._is_patient)

    async def _recall(self, leak: Leak) -> None:
        await self._wait(lambda: self._decided(leak), "moderation's word")
        await self._cancel(leak)

    async def _block(self, leak: Leak) -> None:
        mail = await self._mail_to(leak.recipient)
        await self._tell("POST", "/v1/blocks", json={"token": mail.token("block")})

    async def _report(self, leak: Leak) -> None:
        mail = await self._mail_to(leak.recipient)
        await self._tell("POST", "/v1/reports", json={"token": mail.token("report"), "reason": "harassment"})

    async def _cancel(self, leak: Leak) -> None:
        await self._wait_for_state(leak, {"awaiting_confirmation", "in_review"})
        await self._tell("DELETE", "/v1/leaks/mine", headers=_bearer(leak))

    async def _see_the_end(self, leak: Leak) -> None:
        ends, told = leak.plan.endings, self._sightings.of_leak
        await self._wait(lambda: any(told[end, leak.leak_id] for end in ends), f"{ends[0]} of {leak.fate}")
        if leak.plan.letters:
            await self._mail_to(leak.recipient)
        if not leak.plan.acts:
            await self._mail_to(leak.sender)
        await self._wait_for_state(leak, {leak.plan.state})

    async def _wait_for_state(self, leak: Leak, states: set[str]) -> None:
        while True:
            answer = await self._ask("GET", "/v1/leaks/mine", headers=_bearer(leak))
            if answer.is_success:
                leak.status = answer.json()
            if leak.status.get("state") in states:
                return
            await self._pause(f"{' or '.join(sorted(states))}, seeing {leak.status.get('state')}")

    async def _mail_to(self, address: str) -> Seen:
        await self._wait(lambda: bool(self._sightings.mails[address]), f"a mail to {address}")
        return self._sightings.mails[address][0]

    async def _tell(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        while (answer := await self._ask(method, path, **what)).status_code != ANSWERED:
            await self._pause(f"202 to {method} {path}, getting {answer.status_code}")
        says: dict[str, Any] = answer.json()
        return says

    async def _ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        while True:
            try:
                async with self._turns:
                    answer = await self._http.request(method, path, **what)
            except httpx.TransportError:
                await self._pause(f"an answer to {method} {path}")
            else:
                return answer

    async def _wait(self, holds: Callable[[], bool], what: str) -> None:
        while not holds():
            await self._pause(what, LOOK_EVERY_S)

    async def _pause(self, what: str, for_s: float = AGAIN_S) -> None:
        if not self._is_patient():
            raise TooLate(what)
        await asyncio.sleep(for_s * random.uniform(0.5, 1.5))  # noqa: S311  # no secret

    def _is_patient(self) -> bool:
        return asyncio.get_running_loop().time() < self._until

    def _decided(self, leak: Leak) -> bool:
        return bool(self._sightings.of_leak[LeakDecided.TOPIC, leak.leak_id])

    async def _look(self) -> None:
        seen = -1
        while True:
            await asyncio.to_thread(self._sightings.look)
            if self._sightings.count > seen:
                seen = self._sightings.count
                self._until = asyncio.get_running_loop().time() + self._patience_s
            await asyncio.sleep(LOOK_EVERY_S)


def _bearer(leak: Leak) -> dict[str, str]:
    return {"authorization": f"Bearer {leak.receipt}"}
