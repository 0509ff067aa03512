"""The embedded Kafka's jars are those that the lock names, or none."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local import jars
from local.failures import Failure

JAR = b"not really a jar"
PLACE = "org/example/thing/1.0/thing-1.0.jar"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def repositories(tmp_path: Path) -> Iterator[dict[str, str]]:
    (tmp_path / "remote" / PLACE).parent.mkdir(parents=True)
    (tmp_path / "remote" / PLACE).write_bytes(JAR)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "remote"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {"remote": f"http://127.0.0.1:{server.server_port}"}
        server.shutdown()
        thread.join()


def lock_of(tmp_path: Path, content: bytes) -> Path:
    lock = tmp_path / "lock"
    lock.write_text(f"org.example:thing:1.0 {hashlib.sha256(content).hexdigest()}\n")
    return lock


def install(tmp_path: Path, lock: Path, repositories: dict[str, str]) -> bytes:
    jars.install(tmp_path / "jars", lambda _done, _total: None, lock, repositories)
    (path,) = jars.paths(tmp_path / "jars", lock)
    return path.read_bytes()


def test_the_locked_clients_are_the_brokers_own() -> None:
    versions = {jar.artifact: jar.version for jar in jars.locked() if jar.group == "org.apache.kafka"}
    assert versions["kafka-clients"] == versions["kafka_2.13"]
    assert set(versions.values()) == {versions["kafka_2.13"]}


def test_a_jar_that_the_lock_names_is_installed(tmp_path: Path, repositories: dict[str, str]) -> None:
    assert install(tmp_path, lock_of(tmp_path, JAR), repositories) == JAR


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path, repositories: dict[str, str]) -> None:
    with pytest.raises(Failure, match=r"thing:1\.0 is not the file that lock names"):
        install(tmp_path, lock_of(tmp_path, b"another"), repositories)
    assert not (tmp_path / "jars" / PLACE).exists()


def test_a_jar_that_an_interruption_cut_short_is_fetched_again(tmp_path: Path, repositories: dict[str, str]) -> None:
    (tmp_path / "jars" / PLACE).parent.mkdir(parents=True)
    (tmp_path / "jars" / PLACE).write_bytes(JAR[:4])
    assert install(tmp_path, lock_of(tmp_path, JAR), repositories) == JAR


def test_a_repository_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"could not download org\.example:thing:1\.0"):
        install(tmp_path, lock_of(tmp_path, JAR), {"remote": "http://127.0.0.1:9"})
