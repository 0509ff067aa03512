"""What `accept` is compared with: FastAPI validates a leak and does nothing. `python -m bench.noop PORT`."""

import gc
import sys

import uvicorn
from fastapi import FastAPI

from services.gateway.drafts import LeakRequest

app = FastAPI()


@app.post("/v1/leaks", status_code=202)
async def accept(leak: LeakRequest) -> dict[str, str]:
    """The same body, the same status, an answer of the same size."""
    return {"leak_id": "0" * 32, "receipt": "0" * 34, "state": leak.kind, "confirm_before": "2026-01-01T00:00:00Z"}


if __name__ == "__main__":
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
