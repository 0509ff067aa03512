"""What must hold before a start says in one line what is wrong and what to do."""

import socket
from pathlib import Path

import pytest

from local.failures import Failure
from local.layout import ports
from local.preconditions import alone, need_ports, need_room
from shared.events.topics import PROCESSES


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure, match=rf"port {port} \(kafka\) is taken .*--ports BASE"):
            need_ports({"kafka": port})


def test_a_port_that_was_in_use_a_moment_ago_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        connection, _ = server.accept()
        connection.close()
        client.close()
    need_ports({"kafka": port})


def test_all_listeners_have_their_own_port() -> None:
    assert len(set(ports(8400).values())) == len(ports(8400))


def test_every_process_has_a_port_for_its_health() -> None:
    assert [name for name in ports(8400) if name.endswith(" health")] == [f"{process} health" for process in PROCESSES]


def test_a_second_start_here_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(Failure, match=r"not started: \./leak up is running here \(process \d+\)")
    with alone(tmp_path / "lock", "not started"), refused, alone(tmp_path / "lock", "not started"):
        pass
    with alone(tmp_path / "lock", "not started"):
        pass


def test_a_disk_with_too_little_room_is_refused(tmp_path: Path) -> None:
    need_room(tmp_path, room_bytes=1)
    with pytest.raises(Failure, match=r"no room: .* MB free, and \d+ are needed"):
        need_room(tmp_path, room_bytes=10**18)
