"""`python -m deploy.setup`: keys, then Kafka, then the databases."""

import sys

from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError

from deploy.setup import databases, kafka, keys
from deploy.setup.settings import Settings


def main() -> int:
    """Run the whole step; each part says what it stands for when it fails."""
    settings = Settings()
    keys.make(settings.secrets_dir)
    try:
        kafka.set_up(settings)
        databases.set_up(settings)
    except KafkaException as error:
        return _refused(f"Kafka at {settings.kafka_servers}", error)
    except PyMongoError as error:
        return _refused("a database", error)
    return 0


def _refused(what: str, error: Exception) -> int:
    sys.stderr.write(f"set-up: {what} refused: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
