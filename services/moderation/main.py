"""Moderation's entry point: `python -m services.moderation.main`."""

from services.moderation import wiring
from services.moderation.settings import Settings


def main() -> None:
    """Read the settings, build, run until SIGTERM."""
    wiring.build(Settings()).run()


if __name__ == "__main__":
    main()
