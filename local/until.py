"""Poll with a deadline: the one way to wait for something outside of this process."""

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

from local.failures import Failure

# A loaded machine of two cores is slow to start a JVM.
PATIENCE_S = 120
LOOK_EVERY_S = 0.05
Found = TypeVar("Found")


def until(
    attempt: Callable[[], Found | None],
    what: str,
    process: "subprocess.Popen[bytes] | None" = None,
    within_s: float = PATIENCE_S,
) -> Found:
    """What `attempt` first finds; raises Failure after `within_s`, or when `process` ends meanwhile."""
    deadline = time.monotonic() + within_s
    while not (found := attempt()):
        if time.monotonic() > deadline:
            raise Failure(f"not within {within_s} s: {what}")
        if process is not None and process.poll() is not None:
            raise Failure(f"it ended with {process.returncode}; expected: {what}")
        time.sleep(LOOK_EVERY_S)
    return found
