"""`python -m bench [NAME ...] [--long]`: each benchmark on a fresh set of real parts."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from bench import accept, audit, journey, mailer
from bench.measure import keep
from bench.tools import NotHere
from local.stack import running

BENCHMARKS = {"accept": accept.run, "audit": audit.run, "mailer": mailer.run, "journey": journey.run}


def main(arguments: list[str]) -> int:
    """Run what was asked for; 1 when one could not run."""
    parser = argparse.ArgumentParser(prog="./leak bench")
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which; all, if none is named")
    parser.add_argument("--long", action="store_true", help="more rounds, more leaks")
    asked = parser.parse_args(arguments)
    missing = 0
    for name in asked.names or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as parts:
            try:
                figures = BENCHMARKS[name](parts, long=asked.long)
            except NotHere as why:
                print(f"{name} did not run: {why}", flush=True)
                missing += 1
            else:
                keep(name, figures)
                print(name, json.dumps(figures, indent=2), flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
