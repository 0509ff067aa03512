"""What a process holds in memory, read from /proc as a debugger would: so on Linux, and where the kernel allows it."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

AT_ONCE = 1 << 24
OVERLAP = 1 << 12
"""Longer than what is looked for, so that nothing is cut in two."""
# The kernel's own pages, which can't be read this way.
UNREAD = ("[vvar", "[vdso]", "[vsyscall]")
# Not by sys.stdin, whose buffer would keep it.
BEGINS = """
import binascii, os, sys, urllib.parse
secret = os.read(0, 100)
def done():
    del globals()["secret"]
    print("done", flush=True)
    os.read(0, 1)
"""


def forbidden() -> str | None:
    """Why this process can't read the memory of those that it starts; None when it can."""
    try:
        with Path(f"/proc/{os.getpid()}/mem").open("rb"):
            pass
        scope = Path("/proc/sys/kernel/yama/ptrace_scope")
        strict = scope.exists() and int(scope.read_text()) > 1
    except OSError as refused:
        return f"no memory of a process can be read here: {refused}"
    # At 1 a parent may read its children, at 2 root alone, at 3 nobody (Documentation/admin-guide/LSM/Yama.rst).
    return "kernel.yama.ptrace_scope forbids to read the memory of a child" if strict and os.geteuid() else None


def pieces(pid: int) -> Iterator[bytes]:
    """All that the process may have written, flattened: as text, whatever its characters' width and its line breaks.

    Python keeps a text in one, two or four bytes a character, so NULs are left out; quoted-printable breaks long lines.
    """
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end in _regions(pid):
            for at in range(begin, end, AT_ONCE):
                memory.seek(max(begin, at - OVERLAP))
                try:
                    raw = memory.read(min(end, at + AT_ONCE) - memory.tell())
                except OSError:
                    # Given back since the list was read.
                    continue
                yield raw.translate(None, b"\0").replace(b"=\r\n", b"").replace(b"=\n", b"")


def _regions(pid: int) -> Iterator[tuple[int, int]]:
    """What is private to it: heap, stacks, anonymous pages, variables of libraries; not their code."""
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        place, rights, _, _, inode, *name = line.split(None, 5)
        if "r" in rights and ("w" in rights or inode == "0") and not (name and name[0].startswith(UNREAD)):
            begin, end = place.split("-")
            yield int(begin, 16), int(end, 16)


@contextmanager
def process(
    program: str, environment: Mapping[str, str], *arguments: str, secret: str = ""
) -> Iterator[tuple[int, bytes]]:
    """A Python that reads a `secret`, runs `program` up to its `done()`, then waits; and that secret."""
    told = (secret or secrets.token_hex(12)).encode()
    running = subprocess.Popen(
        [sys.executable, "-c", BEGINS + program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    assert running.stdin
    assert running.stdout
    try:
        running.stdin.write(told)
        running.stdin.flush()
        assert running.stdout.readline() == b"done\n"
        yield running.pid, told
    finally:
        running.communicate(b"\n")


def holds(pid: int, text: bytes) -> bool:
    """Whether a process has it in memory."""
    return any(text in piece for piece in pieces(pid))
