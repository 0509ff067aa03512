"""Postfix's smtp-sink, and smtp-source against it."""

import getpass
import subprocess
import time

from bench.tools import Tool, find
from local.programs import Program
from local.stack import RealParts, accepts, free_base
from local.until import until

SESSIONS = 40
"""As many as the mailer has connections by default."""


def sink(parts: RealParts) -> int:
    """Start a sink that takes everything and keeps nothing; its port."""
    tool, port = find("smtp-sink", "postfix"), free_base()
    # It refuses to run as root by itself.
    user = ["-u", "nobody"] if getpass.getuser() == "root" else []
    command = tool.command(*user, f"127.0.0.1:{port}", "1024")
    process = parts.launch(Program("smtp-sink", command, tool.environment), parts.layout.paths.logs / "smtp-sink.log")
    until(lambda: accepts(port), "the sink listens", process)
    return port


def source(port: int, mails: int, size: int) -> float:
    """Mails a second of smtp-source with kept connections."""
    tool: Tool = find("smtp-source", "postfix")
    command = tool.command("-d", "-s", str(SESSIONS), "-m", str(mails), "-l", str(size), f"127.0.0.1:{port}")
    began = time.perf_counter()
    subprocess.run(command, env=tool.environment, check=True, capture_output=True)
    return mails / (time.perf_counter() - began)
