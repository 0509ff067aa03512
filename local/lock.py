"""`./leak lock`: resolves the embedded Kafka anew and writes its lock."""

import argparse
import tempfile
from pathlib import Path

from local import jars


def run(_asked: argparse.Namespace) -> int:
    """Resolve in an empty folder, so that nothing cached decides."""
    with tempfile.TemporaryDirectory() as folder:
        lines = sorted(f"{jar.coordinates} {jar.sha256}\n" for jar in jars.resolve(Path(folder)))
    jars.LOCK.write_text("".join(lines))
    print(f"{len(lines)} jars locked in {jars.LOCK.name}")
    return 0
