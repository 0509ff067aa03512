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


def find(program: str, package: str, *libraries: str, cache: Path = CACHE) -> Tool:
    """On the PATH, or unpacked with its libraries' packages from Debian into the cache; NotHere otherwise."""
    if found := shutil.which(program) or shutil.which(program, path="/usr/sbin"):
        return Tool(found)
    folder = cache / package
    if shutil.which("apt-get") and shutil.which("dpkg"):
        for one in (package, *libraries):
            _unpack(one, folder, cache)
    for place in (folder / "usr/bin" / program, folder / "usr/sbin" / program):
        if place.exists():
            tool = Tool(str(place), _folders_of_libraries(folder))
            _need_libraries(tool, package)
            return tool
    raise NotHere(f"{program} is not here; install Debian's package {package}")


def _unpack(package: str, folder: Path, cache: Path) -> None:
    if any(cache.glob(f"{package}_*.deb")):
        return
    cache.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "-q", "download", package], cwd=cache, check=False, capture_output=True)
    for archive in cache.glob(f"{package}_*.deb"):
        subprocess.run(["dpkg", "-x", str(archive), str(folder)], check=True)


def _folders_of_libraries(folder: Path) -> str:
    return ":".join(sorted({str(library.parent) for library in folder.glob("usr/lib/**/*.so*")}))


def _need_libraries(tool: Tool, package: str) -> None:
    listed = subprocess.run(["ldd", tool.path], env=tool.environment, capture_output=True, text=True, check=False)
    if missing := [line.split()[0] for line in listed.stdout.splitlines() if "not found" in line]:
        raise NotHere(f"{Path(tool.path).name} lacks {', '.join(missing)}; install Debian's package {package}")
