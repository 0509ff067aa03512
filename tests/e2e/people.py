"""Senders and recipients who use programs instead of a browser, each from an address of their own."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from tests.e2e.doors import Doors, found

ACTS = {"confirm": "/v1/confirmations", "block": "/v1/blocks", "report": "/v1/reports"}
KIND = {"relation": "friend", "kind": "thanks", "language": "en", "consent": True}


@dataclass(frozen=True)
class Sent:
    """A leak that the gateway took."""

    leak_id: str
    receipt: str
    address: str
    port: int
    """Of the connection that it came by, as its own end knows them."""


class Caller:
    """A program on this machine that calls from its own loopback address."""

    def __init__(self, doors: Doors, address: str = "127.0.0.1", **headers: str) -> None:
        self.doors = doors
        self.address = address
        self._headers = headers

    def client(self) -> httpx.Client:
        """For one request or a few; to be closed."""
        transport = httpx.HTTPTransport(local_address=self.address)
        return httpx.Client(transport=transport, base_url=self.doors.gateway, headers=self._headers, timeout=30)

    def send(self, sender: str, recipient: str, message: str, **choices: str) -> Sent:
        """Write a leak."""
        draft = {**KIND, "sender": sender, "recipient": recipient, "message": message, **choices}
        with self.client() as client, client.stream("POST", "/v1/leaks", json=draft) as answer:
            address, port = answer.extensions["network_stream"].get_extra_info("client_addr")
            answer.read()
        assert answer.status_code == 202, answer.text
        told = answer.json()
        return Sent(told["leak_id"], told["receipt"], address, port)

    def send_confirmed(self, sender: str, recipient: str, message: str, **choices: str) -> Sent:
        """Write a leak, and press the button of the newest confirmation mail."""
        sent = self.send(sender, recipient, message, **choices)
        self.act("confirm", sender)
        return sent

    def act(self, purpose: str, address: str, **facts: str) -> None:
        """Confirm, block or report: what a link in the newest mail to an address is for."""
        token = token_in(mail_to(self.doors, address), purpose)
        with self.client() as client:
            assert client.post(ACTS[purpose], json={"token": token, **facts}).is_success

    def cancel(self, sent: Sent) -> None:
        """Ask to stop a leak."""
        with self.client() as client:
            assert client.delete("/v1/leaks/mine", headers=_bearer(sent.receipt)).status_code == 202

    def status(self, receipt: str) -> dict[str, Any]:
        """What the sender may know; of a leak that was sent just now, after the seconds that the 404 speaks of."""
        with self.client() as client:
            answer: httpx.Response = found(lambda: _unless_404(client, receipt), "the receipt is known")
        assert answer.is_success, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def wait_for(self, state: str, sent: Sent) -> None:
        """Look until the leak stands so."""
        found(lambda: self.status(sent.receipt)["state"] == state, f"the leak is {state}")


def mails_to(doors: Doors, address: str) -> list[dict[str, Any]]:
    """All that is in somebody's mailbox, newest first."""
    answer = httpx.get(f"{doors.mailbox}/api/mails", params={"to": address}, trust_env=False)
    mails: list[dict[str, Any]] = answer.json()["mails"]
    return mails


def mail_to(doors: Doors, address: str, count: int = 1) -> dict[str, Any]:
    """The newest mail, once there are so many."""
    mails = found(lambda: len(kept := mails_to(doors, address)) >= count and kept, f"{count} mails to {address}")
    mail: dict[str, Any] = httpx.get(f"{doors.mailbox}/api/mails/{mails[0]['id']}", trust_env=False).json()
    return mail


def token_in(mail: dict[str, Any], purpose: str) -> str:
    """The token of a mail's link."""
    link = next(link for link in mail["links"] if f"/{purpose}/" in link)
    return str(httpx.URL(link).path.rpartition("/")[2])


def _bearer(receipt: str) -> dict[str, str]:
    return {"authorization": f"Bearer {receipt}"}


def _unless_404(client: httpx.Client, receipt: str) -> httpx.Response | None:
    answer = client.get("/v1/leaks/mine", headers=_bearer(receipt))
    return None if answer.status_code == HTTPStatus.NOT_FOUND else answer
