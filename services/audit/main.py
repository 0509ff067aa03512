"""The audit service's entry point: `python -m services.audit.main`."""

from services.audit import wiring
from services.audit.settings import Settings


def main() -> None:
    """Read the settings, build, run until SIGTERM."""
    wiring.build(Settings()).run()


if __name__ == "__main__":
    main()
