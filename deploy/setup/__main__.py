"""`python -m deploy.setup`: keys, then Kafka, then the databases; or the parts of it that SETUP_PARTS names."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime

from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from deploy.setup import databases, kafka, keys
from deploy.setup.settings import PARTS, Part, Settings

STEPS: dict[Part, Callable[[Settings], None]] = {
    "keys": lambda settings: keys.make(settings.secrets_dir, datetime.now(UTC)),
    "kafka": kafka.set_up,
    "database": databases.set_up,
    "audit-database": databases.set_up_audit,
}


def main() -> int:
    """Run the parts that were asked for; each says what it stands for when it fails."""
    settings = Settings()
    for part in (part for part in PARTS if part in settings.parts):
        try:
            STEPS[part](settings)
        except (KafkaException, PyMongoError) as error:
            sys.stderr.write(f"set-up: {part} was refused: {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
