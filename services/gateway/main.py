"""The gateway's entry point: `python -m services.gateway.main`."""

from services.gateway import wiring
from services.gateway.settings import Settings


def main() -> None:
    """Read the settings, build, run until SIGTERM."""
    wiring.build(Settings()).run()


if __name__ == "__main__":
    main()
