"""The opening key, and what it refuses to open."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.audit import wiring
from services.audit.evidence import NotSigned
from services.audit.opening import KeyExposed, OriginOpener, is_mounted_for_us, refuse_exposed
from services.audit.settings import Settings
from services.audit.store.values import StoredOrigin
from shared.events.values import ClearAddress, SealedText
from shared.seals.batches import BatchSigner, origin_leaf_of
from shared.seals.contents import Content, Message, Origin
from shared.seals.errors import SealBroken
from shared.seals.purposes import MESSAGE, ORIGIN, Purpose
from tests.support import keys

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LEAK = "ab" * 16
CONTENT = Origin(
    ip="203.0.113.7",
    port=51234,
    destination_ip=None,
    destination_port=None,
    captured_at_ns="1795176000000000001",
    obtained="socket",
    claimed_ip=None,
    sender=ClearAddress("anna@example.org"),
    content_digest="0" * 64,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keys.make(tmp_path_factory.mktemp("secrets"))


def stored(
    folder: Path, purpose: Purpose[Content] = ORIGIN, content: Content = CONTENT, signer: str = "gateway-accept"
) -> StoredOrigin:
    """What the gateway sealed, in a batch that `signer` signed."""
    sealed = SealedText(keys.sealer(folder, "gateway-accept").seal(purpose, LEAK, content))
    [proof] = BatchSigner(keys.keys_of(folder, signer, "signing")).sign([origin_leaf_of(LEAK, NOW, sealed)])
    return StoredOrigin(LEAK, NOW, NOW, sealed, proof, ends_at=NOW, expires_at=NOW)


def opener(folder: Path, process: str = "audit") -> OriginOpener:
    return OriginOpener(keys.keys_of(folder, process, "opening"), keys.keyring(folder))


def test_an_origin_that_the_gateway_sealed_and_signed_opens(folder: Path) -> None:
    assert opener(folder).open(stored(folder)) == CONTENT


def test_it_does_not_open_as_another_leaks(folder: Path) -> None:
    with pytest.raises(NotSigned):
        opener(folder).open(replace(stored(folder), leak_id="cd" * 16))


def test_another_processs_key_opens_no_origin(folder: Path) -> None:
    for process in ("verifier", "moderation", "mailer-letters", "mailer-confirmations"):
        with pytest.raises(SealBroken, match="does not hold"):
            opener(folder, process).open(stored(folder))


def test_the_shared_opener_refuses_origins_even_with_audits_key(folder: Path) -> None:
    with pytest.raises(SealBroken, match="another purpose"):
        keys.opener(folder, "audit").open(ORIGIN, LEAK, stored(folder).sealed_origin)


@pytest.mark.parametrize("signer", ["verifier", "moderation"])
def test_an_origin_in_another_writers_batch_does_not_open(folder: Path, signer: str) -> None:
    with pytest.raises(NotSigned):
        opener(folder).open(stored(folder, signer=signer))


def test_a_seal_that_is_no_origin_does_not_open(folder: Path) -> None:
    with pytest.raises(SealBroken, match="another purpose"):
        opener(folder).open(stored(folder, MESSAGE, Message(text="hello")))
    with pytest.raises(SealBroken, match="something else"):
        opener(folder).open(stored(folder, ORIGIN, Message(text="hello")))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "opening.json"
    key.write_text("secret")
    key.chmod(mode)
    with pytest.raises(KeyExposed, match="chmod 600"):
        refuse_exposed(key)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_alone_is_accepted(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "opening.json"
    key.write_text("secret")
    key.chmod(mode)
    refuse_exposed(key)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(
    ("mode", "owner", "group", "accepted"),
    [
        (0o440, 0, 10_001, True),
        (0o440, 0, 10_002, False),
        (0o440, 10_001, 10_001, False),
        (0o444, 0, 10_001, False),
        (0o460, 0, 10_001, False),
    ],
)
def test_a_mounted_secret_may_be_read_by_the_pods_own_group(
    tmp_path: Path, mode: int, owner: int, group: int, accepted: bool
) -> None:
    """A child with another user and group looks at the file, as the process in a pod does."""
    key = tmp_path / "opening.json"
    key.write_text("secret")
    os.chown(key, owner, group)
    key.chmod(mode)
    found = key.stat()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(10_001)
        os.setuid(10_001)
        os._exit(0 if is_mounted_for_us(found, mode & 0o077) else 1)
    assert os.waitpid(child, 0)[1] == (0 if accepted else 256)


def test_the_service_is_not_built_with_an_exposed_key(tmp_path: Path) -> None:
    keys.make(tmp_path)
    (tmp_path / "audit" / "opening.json").chmod(0o644)
    settings = Settings(secrets_dir=tmp_path / "audit", kafka_security="SASL_PLAINTEXT")
    with pytest.raises(KeyExposed):
        wiring.build(settings, clock=lambda: datetime.now(UTC))
