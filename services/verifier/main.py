"""The verifier's entry point: `python -m services.verifier.main`."""

from services.verifier import wiring
from services.verifier.settings import Settings


def main() -> None:
    """Read the settings, build, run until SIGTERM."""
    wiring.build(Settings()).run()


if __name__ == "__main__":
    main()
