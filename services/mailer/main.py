"""The mailer's entry point: `python -m services.mailer.main`."""

from services.mailer import wiring
from services.mailer.settings import Settings


def main() -> None:
    """Read the settings, build, run until SIGTERM."""
    wiring.build(Settings()).run()


if __name__ == "__main__":
    main()
