"""What the other processes do, for a test of one: publish as the owner of a topic, seal as the gateway."""

import secrets
from datetime import UTC, datetime
from typing import Any, ClassVar

from local.stack import RealParts
from shared.events.event import Event
from shared.events.leaks import LeakConfirmed
from shared.events.topics import PROCESSES, TOPICS
from shared.events.values import AddressDigestText
from shared.runtime.kafka import Publisher
from shared.runtime.settings import ServiceSettings, settings_config
from shared.seals import purposes
from shared.seals.contents import Message, RecipientAddress, RecipientPseudonyms, SenderAddress
from shared.seals.sealing import Sealer

PSEUDONYMS = (AddressDigestText(f"1.{'0' * 16}.{'b' * 64}"),)


def publisher_of(stack: RealParts, process: str) -> Publisher:
    """Publishes as this process."""

    class Owner(ServiceSettings):
        SERVICE: ClassVar[str] = process
        model_config = settings_config(f"{PROCESSES[process].service.upper()}_")

    return Publisher(Owner.model_validate(stack.settings(process)))


def owner_of(event: Event) -> str:
    """The one process that may publish this event."""
    return TOPICS[event.topic].owner


def sealed_leak(
    gateway: Sealer, leak_id: str, message: str = "thank you", recipient: str = "ben@example.org"
) -> dict[str, Any]:
    """The fields of an unread leak, sealed as the gateway seals them."""
    return {
        "leak_id": leak_id,
        "sealed_recipient": gateway.seal(purposes.RECIPIENT, leak_id, RecipientAddress(address=recipient)),
        "sealed_message": gateway.seal(purposes.MESSAGE, leak_id, Message(text=message)),
        "sealed_pseudonyms": gateway.seal(purposes.PSEUDONYMS, leak_id, RecipientPseudonyms(digests=PSEUDONYMS)),
        "relation": "friend",
        "kind": "thanks",
        "language": "en",
        "receipt_key": "k" * 43,
    }


def sealed_sender(gateway: Sealer, leak_id: str, address: str) -> str:
    """A sender's address, sealed as the gateway seals it."""
    return gateway.seal(purposes.SENDER, leak_id, SenderAddress(address=address))


def confirmed_leak(gateway: Sealer, receipt_key: str, message: str = "thank you") -> LeakConfirmed:
    """A leak on its way to moderation."""
    leak = sealed_leak(gateway, secrets.token_hex(16), message)
    return LeakConfirmed.model_validate(leak | {"confirmed_at": datetime.now(UTC), "receipt_key": receipt_key})
