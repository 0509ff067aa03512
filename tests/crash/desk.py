"""A moderator at the console: signs in, claims a case, reads it, decides; begins again when the page is gone."""

import asyncio
from collections.abc import Callable
from typing import Literal

import httpx

from local.stack import RealParts
from local.visitor import Page
from shared.digests import keyed_digest
from shared.seals.keys import key_file

NAME = "mod-a"
AGAIN_S = 0.5
CASE_ID_HEX = 32


class Moderator:
    """Knows which case a leak is, as no real one can."""

    def __init__(self, stack: RealParts, password: str) -> None:
        self._site = stack.layout.url("moderation console")
        self._keys = key_file(stack.secrets("moderation") / "names.json")
        self._password = password
        headers = {"origin": self._site, "sec-fetch-site": "same-origin"}
        self._http = httpx.AsyncClient(
            base_url=self._site,
            headers=headers,
            follow_redirects=True,
            trust_env=False,
            timeout=15,
        )
        self._signing_in = asyncio.Lock()

    async def close(self) -> None:
        """Leave the desk."""
        await self._http.aclose()

    async def decide(self, leak_id: str, act: Literal["approve", "escalate"], is_patient: Callable[[], bool]) -> None:
        """Until the case shows that it is done, or patience ends."""
        while is_patient():
            # The case is named under the key of its day, whichever of them that was.
            for key in self._keys().keys:
                case = f"/cases/{keyed_digest(key.material, 'case', leak_id)[:CASE_ID_HEX]}"
                try:
                    if await self._step(case, act):
                        return
                except (httpx.HTTPStatusError, httpx.TransportError):
                    await asyncio.sleep(AGAIN_S)

    async def _step(self, case: str, act: str) -> bool:
        """One step further; True once the case is decided, or escalated."""
        page = await self._open(f"{case}?show")
        if page.has_button("/sign-in"):
            await self._sign_in()
        elif page.has_button("/claim"):
            await self._press(page, "/claim")
        elif page.has_button("/approve") and act == "approve":
            await self._press(page, "/approve")
        elif page.has_button("/approve"):
            await self._press(await self._open(f"{case}/escalate"), "/escalate", policy="threat")
        else:
            # Whoever is signed in by somebody else's hand meanwhile is shown the queue.
            return case in page.address
        return False

    async def _sign_in(self) -> None:
        async with self._signing_in:
            page = await self._open("/")
            if page.has_button("/sign-in"):
                await self._press(page, "/sign-in", name=NAME, password=self._password)

    async def _open(self, path: str) -> Page:
        return _page(await self._http.get(path))

    async def _press(self, page: Page, action: str, **typed: str) -> Page:
        form = next(form for form in page.forms if form.action.endswith(action))
        return _page(await self._http.post(form.action, data={**form.fields, **typed}))


def _page(answer: httpx.Response) -> Page:
    answer.raise_for_status()
    return Page(str(answer.url), answer.text)
