"""The gateway's acts, without a gateway: they remember what was asked of them and answer what the test set."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request

from services.gateway.acts import AcceptedLeak, ActError, Draft, ReceiptUnknown, Status
from shared.events.values import Language

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RECEIPT = "K7QX-2M9D-ZT4H-8WNB-RC5J-V3PE-6YAG-*"


class FakeActs:
    def __init__(self, status: Status | None = None) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.drafts: list[Draft] = []
        self.answer_status = status
        self.wrong: dict[str, str] = {}
        self.failure: ActError | None = None

    def problems(self, draft: Draft) -> Mapping[str, str]:
        return self.wrong if draft.message else {**self.wrong, "message": "missing"}

    async def preview(self, _request: Request) -> None:
        if self.failure:
            raise self.failure

    async def submit(self, _request: Request, draft: Draft) -> AcceptedLeak:
        self._note("submit")
        self.drafts.append(draft)
        return AcceptedLeak("a" * 32, RECEIPT, confirm_before=NOON)

    async def confirm(self, _request: Request, token: str) -> None:
        self._note("confirm", token)

    async def stop(self, _request: Request, token: str) -> None:
        self._note("stop", token)

    async def status(self, _request: Request, receipt: str, _language: Language) -> Status:
        self._note("status", receipt)
        if self.answer_status is None:
            raise ReceiptUnknown
        return self.answer_status

    async def cancel(self, _request: Request, receipt: str) -> None:
        self._note("cancel", receipt)

    async def block(self, _request: Request, token: str) -> None:
        self._note("block", token)

    async def report(self, _request: Request, token: str, reason: str, details: str) -> None:
        self._note("report", token, reason, details)

    def _note(self, *call: str) -> None:
        if self.failure:
            raise self.failure
        self.calls.append(call)
