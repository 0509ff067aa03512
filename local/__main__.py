"""The verbs behind ./leak: `./leak VERB ...`; alone it lists them."""

import importlib
import sys

from local.failures import Failure

VERBS = ("up", "demo", "test", "check", "contract", "bench", "accounts", "audit", "reset", "lock")


def main(arguments: list[str]) -> int:
    """Hand over to the verb's module; a Failure is its one line."""
    if not arguments or arguments[0] not in VERBS:
        for verb in VERBS:
            print(f"  ./leak {verb:10}{importlib.import_module(f'local.{verb}').HELP}")
        return 0 if not arguments or arguments[0] in {"help", "-h", "--help"} else 2
    try:
        code: int = importlib.import_module(f"local.{arguments[0]}").run(arguments[1:])
    except Failure as failure:
        print(f"leak: {failure}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"leak: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
