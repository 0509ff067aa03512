"""Programs of Debian that benchmarks use: wrk, and Postfix's smtp-source and smtp-sink, unpacked without installing."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.layout import HOME

CACHE = HOME / "cache" / "debian"


class NotHere(Exception):
    """A program that is not on this machine and can't be had; the message says what to install."""


@dataclass(frozen=True)
class Tool:
    """A program and where its libraries are."""

    path: str
    libraries: str | None = None

    def command(self, *arguments: str) -> list[str]:
        """To run it with these arguments."""
        return [self.path, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """To run it in."""
        return {**os.environ, **({"LD_LIBRARY_PATH": self.libraries} if self.libraries else {})}


def find(program: str, package: str) -> Tool:
    """On the PATH, or unpacked from Debian's package into .leak/cache; NotHere otherwise."""
    if found := shutil.which(program) or shutil.which(program, path="/usr/sbin"):
        return Tool(found)
    folder = CACHE / package
    if not folder.exists() and shutil.which("apt-get") and shutil.which("dpkg"):
        _unpack(package, folder)
    for place in (folder / "usr/bin" / program, folder / "usr/sbin" / program):
        if place.exists():
            return Tool(str(place), str(folder / "usr/lib/postfix"))
    raise NotHere(f"{program} is not here; install Debian's package {package}")


def _unpack(package: str, folder: Path) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-q", "download", package], cwd=CACHE, check=False, capture_output=True)
    for archive in CACHE.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)
