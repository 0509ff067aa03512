"""The jars of the embedded Kafka: fetched by Maven coordinates, each checked against the SHA-256 in kafka.lock."""

import hashlib
import os
import ssl
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import requests
from jgo.maven import MavenContext
from jgo.parse import Coordinate

from local.failures import Failure

LOCK = Path(__file__).with_name("kafka.lock")
# Each is resolved by itself: resolved together, an older kafka-clients was once picked for a newer broker.
ROOTS = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
DOWNLOADS_AT_ONCE = 8


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinates(self) -> str:
        """Maven's name for it."""
        return f"{self.group}:{self.artifact}:{self.version}"


def locked(lock: Path = LOCK) -> list[Jar]:
    """Read the lock: `group:artifact:version sha256` a line."""
    jars = []
    for line in lock.read_text().splitlines():
        coordinates, sha256 = line.split()
        group, artifact, version = coordinates.split(":")
        jars.append(Jar(group, artifact, version, sha256))
    return jars


def install(
    folder: Path,
    progress: Callable[[int, int], None],
    lock: Path = LOCK,
    repositories: dict[str, str] | None = None,
) -> None:
    """Fetch what is missing or damaged into `folder`, and check every jar. `progress` gets how many of how many."""
    context, jars = _maven(folder, repositories), locked(lock)
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        for done, _ in enumerate(pool.map(lambda jar: _check(context, jar, lock), jars), start=1):
            progress(done, len(jars))


def paths(folder: Path, lock: Path = LOCK) -> tuple[Path, ...]:
    """Where `install` puts the jars."""
    return tuple(
        folder / jar.group.replace(".", "/") / jar.artifact / jar.version / f"{jar.artifact}-{jar.version}.jar"
        for jar in locked(lock)
    )


def resolve(folder: Path) -> Iterable[Jar]:
    """Ask Maven anew what the roots need, for a new lock."""
    context, seen = _maven(folder), set()
    for root in ROOTS:
        dependency = context.create_dependency(replace(Coordinate.parse(root), scope="compile"))
        inputs, transitive = context.resolver.resolve([dependency])
        for each in [*inputs, *(found for found in transitive if found.scope in {"compile", "runtime"})]:
            artifact = each.artifact
            if (artifact.groupId, artifact.artifactId) not in seen:
                seen.add((artifact.groupId, artifact.artifactId))
                yield Jar(artifact.groupId, artifact.artifactId, artifact.version, _digest(artifact.resolve()))


def _maven(folder: Path, repositories: dict[str, str] | None = None) -> MavenContext:
    # requests brings its own authorities; a machine behind a proxy has another one, among the system's.
    system = ssl.get_default_verify_paths()
    if system.cafile or system.capath:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", str(system.cafile or system.capath))
    return MavenContext(repo_cache=folder, local_repos=[], remote_repos=repositories)


def _check(context: MavenContext, jar: Jar, lock: Path) -> None:
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    cached = artifact.cached_path
    # An interrupted download leaves a part of the jar under its final name.
    if cached and cached.exists() and _digest(cached) != jar.sha256:
        cached.unlink()
    try:
        path = Path(artifact.resolve())
    except (requests.RequestException, RuntimeError) as error:
        reason = error.__class__.__name__
        raise Failure(f"could not download {jar.coordinates} ({reason}): check the network, run it again") from error
    if _digest(path) != jar.sha256:
        path.unlink()
        raise Failure(f"{jar.coordinates} is not the file that {lock.name} names; if it comes again, ask why")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
