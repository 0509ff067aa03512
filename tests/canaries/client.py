"""A client whose own end of the connection is known: it calls from an address of its own, and remembers its port."""

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

PATIENCE_S = 60


@dataclass(frozen=True)
class Answer:
    """What came back, and from which end of ours it was asked."""

    status: int
    head: bytes
    body: bytes
    address: str
    port: int

    @property
    def all(self) -> bytes:
        """Everything that the client gets to see."""
        return self.head + b"\n" + self.body

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    to: tuple[str, int],
    method: str,
    path: str,
    body: bytes | None = None,
    *,
    from_: str = "127.0.0.1",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
) -> Answer:
    """One request on a connection of its own; a header may come more than once."""
    connection = http.client.HTTPConnection(*to, timeout=PATIENCE_S, source_address=(from_, 0))
    try:
        connection.connect()
        address, port = connection.sock.getsockname()[:2]
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        connection.putrequest(method, path, skip_host=any(name == "host" for name, _ in pairs))
        for name, value in pairs:
            connection.putheader(name, value)
        connection.putheader("content-length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        head = "\n".join(f"{name}: {value}" for name, value in answer.getheaders()).encode()
        return Answer(answer.status, head, answer.read(), address, port)
    finally:
        connection.close()


def ask_json(to: tuple[str, int], path: str, told: Mapping[str, Any], **how: Any) -> Answer:
    """POST a JSON object."""
    headers = {"content-type": "application/json", **how.pop("headers", {})}
    return ask(to, "POST", path, json.dumps(told).encode(), headers=headers, **how)


def ask_form(to: tuple[str, int], path: str, typed: Mapping[str, str], **how: Any) -> Answer:
    """POST a form, as our own page's button does."""
    form = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin"}
    return ask(to, "POST", path, urlencode(typed).encode(), headers={**form, **how.pop("headers", {})}, **how)
