"""The verbs behind ./leak: `./leak VERB ...`; alone it lists them."""

import importlib
import sys

from local import verbs
from local.failures import Failure


def main(arguments: list[str]) -> int:
    """Hand over to the verb's module; a Failure is its one line."""
    asked = verbs.parse(arguments)
    try:
        code: int = importlib.import_module(f"local.{asked.verb}").run(asked)
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
