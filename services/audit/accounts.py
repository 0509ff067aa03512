"""`python -m services.audit.accounts`: who may sign in as an auditor; each change is an entry of the chained log."""

import sys
from collections.abc import Sequence

from services.audit.account_log import recorder
from services.audit.log import HeadFile, Log
from services.audit.page import AUDITOR
from services.audit.settings import Settings
from services.audit.store.log import LogStore
from shared.console import command
from shared.console.account_log import Record
from shared.runtime.mongo import Database


def main(arguments: Sequence[str]) -> int:
    """0 when it is done, 1 when it is refused."""
    return command.main(arguments, Settings(), (AUDITOR,), _recorder)


def _recorder(settings: Settings, database: Database) -> Record:
    return recorder(Log(LogStore(database), settings.keys("log"), HeadFile(settings.head_file)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
