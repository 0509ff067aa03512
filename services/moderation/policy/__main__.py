"""`python -m services.moderation.policy TEXT`: prints the verdict as JSON; without TEXT, reads it from stdin."""

import dataclasses
import json
import sys

from services.moderation.policy import evaluate


def main(arguments: list[str]) -> int:
    """Print the verdict with the words that each finding covers."""
    text = " ".join(arguments) if arguments else sys.stdin.read()
    verdict = evaluate(text)
    shown = dataclasses.asdict(verdict)
    for finding in shown["findings"]:
        finding["words"] = text[finding["start"] : finding["end"]]
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
