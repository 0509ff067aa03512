"""The opening key, and what it refuses to open."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shared.origin import Origin
from shared.sealing import Keyring, SealBroken, Sealer
from shared.unsealing import Opener

from deploy.setup import keys
from services.audit import wiring
from services.audit.opening import KeyExposed, OriginOpener, _mounted_for_us, refuse_exposed
from services.audit.settings import Settings
from shared.digests import from_base64url

LEAK = "ab" * 16
ORIGIN = Origin("203.0.113.7", 51234, None, None, "1795176000000000001", "socket", None, "anna@example.org", "0" * 64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("secrets")
    keys.make(made)
    return made


def keyring(folder: Path) -> Keyring:
    return Keyring.load(folder / "audit" / "keyring.json")


def sealer(folder: Path, service: str = "gateway", writer: str = "gateway") -> Sealer:
    return Sealer(writer, from_base64url((folder / service / "signing.key").read_text()), keyring(folder))


def opener(folder: Path, service: str = "audit") -> OriginOpener:
    return OriginOpener(from_base64url((folder / service / "opening.key").read_text()), keyring(folder))


def test_an_origin_that_the_gateway_sealed_opens(folder: Path) -> None:
    assert opener(folder).open(LEAK, sealer(folder).seal("origin", LEAK, ORIGIN.encode())) == ORIGIN


def test_it_does_not_open_as_another_leaks(folder: Path) -> None:
    with pytest.raises(SealBroken):
        opener(folder).open("cd" * 16, sealer(folder).seal("origin", LEAK, ORIGIN.encode()))


def test_another_services_key_opens_no_origin(folder: Path) -> None:
    sealed = sealer(folder).seal("origin", LEAK, ORIGIN.encode())
    for service in ("verifier", "moderation", "mailer"):
        with pytest.raises(SealBroken, match="does not hold"):
            opener(folder, service).open(LEAK, sealed)


def test_the_shared_opener_refuses_origins_even_with_audits_key(folder: Path) -> None:
    key = from_base64url((folder / "audit" / "opening.key").read_text())
    with pytest.raises(SealBroken, match="another purpose"):
        Opener("audit", key, keyring(folder)).open("origin", LEAK, sealer(folder).seal("origin", LEAK, ORIGIN.encode()))


@pytest.mark.parametrize(
    ("service", "writer"), [("verifier", "gateway"), ("verifier", "verifier"), ("moderation", "moderation")]
)
def test_an_origin_that_another_writer_sealed_does_not_open(folder: Path, service: str, writer: str) -> None:
    with pytest.raises(SealBroken):
        opener(folder).open(LEAK, sealer(folder, service, writer).seal("origin", LEAK, ORIGIN.encode()))


def test_a_seal_that_is_no_origin_does_not_open(folder: Path) -> None:
    with pytest.raises(SealBroken, match="not an origin"):
        opener(folder).open(LEAK, sealer(folder).seal("threat", LEAK, b"hello"))
    with pytest.raises(SealBroken, match="it is no origin"):
        opener(folder).open(LEAK, sealer(folder).seal("origin", LEAK, json.dumps({"address": 1}).encode()))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "opening.key"
    key.write_text("secret")
    key.chmod(mode)
    with pytest.raises(KeyExposed, match="chmod 600"):
        refuse_exposed(key)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_of_its_owner_alone_is_accepted(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "opening.key"
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
    key = tmp_path / "opening.key"
    key.write_text("secret")
    os.chown(key, owner, group)
    key.chmod(mode)
    found = key.stat()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(10_001)
        os.setuid(10_001)
        os._exit(0 if _mounted_for_us(found, mode & 0o077) else 1)
    assert os.waitpid(child, 0)[1] == (0 if accepted else 256)


def test_the_service_is_not_built_with_an_exposed_key(tmp_path: Path) -> None:
    keys.make(tmp_path)
    (tmp_path / "audit" / "opening.key").chmod(0o644)
    settings = Settings(secrets_dir=tmp_path / "audit", kafka_security="SASL_PLAINTEXT")
    with pytest.raises(KeyExposed):
        wiring.build(settings, clock=lambda: datetime.now(UTC))
