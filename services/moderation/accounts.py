"""`python -m services.moderation.accounts`: who may sign in as a moderator."""

import sys
from collections.abc import Sequence

from services.moderation.routes import ROLE
from services.moderation.settings import Settings
from services.moderation.store.account_log import AccountLog
from shared.console import command


def main(arguments: Sequence[str]) -> int:
    """0 when it is done, 1 when it is refused."""
    return command.main(arguments, Settings(), (ROLE,), lambda _, database: AccountLog(database).add)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
