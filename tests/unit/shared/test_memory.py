"""What a service frees or has read is overwritten, and nothing of it reaches a disk; without our doing, it stays."""

import re
from pathlib import Path

import pytest

from shared.runtime.memory import OVERWRITING, unset
from tests.support import memory
from tests.support.memory import holds, process

pytestmark = pytest.mark.skipif(bool(memory.forbidden()), reason=str(memory.forbidden()))

KEEPS = "kept = {how}; done()"
FREES = "gone = {how}; del gone; done()"
READS = """
import asyncio, socket, uvloop
from shared.runtime.memory import overwrite_read_buffer
class Reader(asyncio.Protocol):
    def connection_made(self, transport): self.lost = asyncio.get_running_loop().create_future()
    def connection_lost(self, _): self.lost.set_result(None)
async def read():
    near, far = socket.socketpair()
    far.sendall(secret * 1_000)
    far.close()
    _, reader = await asyncio.get_running_loop().create_connection(Reader, sock=near)
    await reader.lost
    {afterwards}
    done()
uvloop.run(read())
"""
CRASHES = """
from shared.runtime.memory import forbid_core_dumps
forbid_core_dumps()
done()
"""
TEXTS = {
    "one byte a character": "secret.decode()",
    "two bytes a character": "secret.decode() + 'œ'",
    "four bytes a character": "secret.decode() + '🙂'",
    "bytes": "bytearray(secret)",
    "a long text": "secret.decode() * 10_000",
    "quoted-printable": "binascii.b2a_qp(b'x' * 65 + secret)",
    "percent-encoded": "urllib.parse.quote('@' + secret.decode())",
}


@pytest.mark.parametrize("how", TEXTS.values(), ids=TEXTS)
def test_what_a_process_keeps_is_found_and_what_it_freed_is_not(how: str) -> None:
    with process(KEEPS.format(how=how), OVERWRITING) as (pid, secret):
        assert holds(pid, secret)
    with process(FREES.format(how=how), OVERWRITING) as (pid, secret):
        assert not holds(pid, secret)


@pytest.mark.parametrize("missing", OVERWRITING)
def test_without_any_one_of_the_variables_something_stays(missing: str) -> None:
    less = {name: value for name, value in OVERWRITING.items() if name != missing}
    short, long = ("[secret.decode() + str(number) for number in range(200)]", "secret.decode() * 10_000")
    with process(FREES.format(how=f"({short}, {long})"), less) as (pid, secret):
        assert holds(pid, secret)


def test_what_a_loop_has_read_is_overwritten() -> None:
    with process(READS.format(afterwards="await overwrite_read_buffer()"), OVERWRITING) as (pid, secret):
        assert not holds(pid, secret)
    with process(READS.format(afterwards="pass"), OVERWRITING) as (pid, secret):
        assert holds(pid, secret)


def test_a_service_knows_what_it_was_started_without() -> None:
    assert unset(OVERWRITING) == []
    assert unset({**OVERWRITING, "PYTHONMALLOC": "pymalloc"}) == ["PYTHONMALLOC"]


def test_a_crash_leaves_no_core() -> None:
    with process(CRASHES, {}) as (pid, _):
        limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"^Max core file size +(0 +0|1 +1) ", limits, re.MULTILINE)
