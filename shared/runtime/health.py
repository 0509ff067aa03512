"""The internal port: alive (makes progress), ready (reaches what it needs), metrics. Never on a public address."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.runtime import metrics
from shared.runtime.delivery import Delivery

STUCK_AFTER_S = 600
"""A handler that works on one batch for longer than this makes no progress."""

Check = Callable[[], Awaitable[None]]


@dataclass
class Health:
    """What the service waits for, and whether its handlers move."""

    waiting_for: str | None = "its start"
    deliveries: list[Delivery] = field(default_factory=list)  # type: ignore[type-arg]
    checks: list[tuple[str, Check]] = field(default_factory=list)
    degraded: set[str] = field(default_factory=set)
    """What is wrong although the service works: shown beside readiness, changes nothing in it."""

    async def unready(self) -> str | None:
        """What is missing, in words; None when ready."""
        if self.waiting_for:
            return self.waiting_for
        if any(delivery.halted for delivery in self.deliveries):
            return "a restart: too many of the last records are dead letters; mend the cause first"
        for what, check in self.checks:
            try:
                await check()
            except Exception:  # noqa: BLE001  # whatever it is, the service can't work without this
                return what
        return None

    def stuck(self) -> Sequence[str]:
        """The topics whose handler makes no progress."""
        now = time.monotonic()
        return [
            delivery.topic
            for delivery in self.deliveries
            if delivery.busy_since is not None and now - delivery.busy_since > STUCK_AFTER_S
        ]


def application(health: Health) -> Starlette:
    """The internal listener's application."""

    async def live(_request: Request) -> Response:
        stuck = health.stuck()
        return JSONResponse({"alive": not stuck, "stuck": list(stuck)}, status_code=503 if stuck else 200)

    async def ready(_request: Request) -> Response:
        missing = await health.unready()
        metrics.READY.set(0 if missing else 1)
        answer = {"ready": not missing, "waiting_for": missing, "degraded": sorted(health.degraded)}
        return JSONResponse(answer, status_code=503 if missing else 200)

    async def show_metrics(_request: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/live", live),
            Route("/health/ready", ready),
            Route("/metrics", show_metrics),
        ]
    )
