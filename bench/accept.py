"""Durable accepts a second against the same framework's no-op of the same validated body."""

import json
import subprocess
from typing import Any

from bench.measure import HERE, Figures, ratios, spread
from bench.tools import find
from local.programs import PYTHON, Program, kept_environment
from local.stack import RealParts, accepts, free_base
from local.until import until

UNLIMITED = "100000000 per 10 minutes"
CONNECTIONS = 64


def run(parts: RealParts, *, long: bool) -> Figures:
    """The ratio, and the latencies beside it."""
    wrk, rounds, seconds = find("wrk", "wrk", "libluajit-5.1-2"), 5 if long else 3, 15 if long else 6
    port = free_base()
    program = Program("noop", [PYTHON, "-m", "bench.noop", str(port)], kept_environment())
    noop = parts.launch(program, parts.layout.paths.logs / "noop.log")
    until(lambda: accepts(port), "the no-op listens", noop)
    parts.start("gateway-accept", limit_submit=UNLIMITED)
    urls = {"ours": parts.layout.url("gateway"), "noop": f"http://127.0.0.1:{port}"}
    taken: dict[str, list[dict[str, Any]]] = {name: [] for name in urls}
    for number in range(rounds + 1):
        for name, url in urls.items():
            command = wrk.command("-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "leak.lua"), url)
            done = subprocess.run(command, env=wrk.environment, capture_output=True, text=True, check=True)
            figures = json.loads(done.stdout.splitlines()[-1])
            if figures["bad"] or figures["failed"]:
                raise AssertionError(f"{name} refused requests: {figures}")
            if number:  # the first round warms up
                taken[name].append(figures)
    rates = {name: [one["requests"] / one["us"] * 1e6 for one in all_] for name, all_ in taken.items()}
    return {
        "aim": 0.7,
        "ratio": ratios(rates["ours"], rates["noop"]),
        "accepts_a_second": spread(rates["ours"]),
        "noop_a_second": spread(rates["noop"]),
        "p99_ms": spread([one["p99_ms"] for one in taken["ours"]]),
        "noop_p99_ms": spread([one["p99_ms"] for one in taken["noop"]]),
    }
