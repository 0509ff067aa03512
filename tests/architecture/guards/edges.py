"""Libraries with an edge stay where they belong: motor in stores, pydantic alone in the contract."""

import sys
from pathlib import Path

from tests.architecture.guards.source import imports, parsed, place, python_files

DATABASE_DRIVERS = {"motor", "pymongo", "bson"}
STORES = {"shared/runtime/mongo.py"}
"""The one factory. A driver's errors may be caught anywhere."""
CONTRACT_NEEDS = {"pydantic", "shared"}


def violations(root: Path) -> list[str]:
    """Drivers outside of stores and the factory; anything but pydantic in the contract."""
    found = []
    for path in python_files(root, "services", "shared"):
        name = str(path.relative_to(root))
        for module, node in imports(parsed(path)):
            top = module.split(".", maxsplit=1)[0]
            if top in DATABASE_DRIVERS and module != "pymongo.errors" and not _is_store(path) and name not in STORES:
                found.append(f"{place(root, path, node)}: {top} belongs in store.py and the one factory")
            if name.startswith("shared/events/") and not _in_contract(module):
                found.append(f"{place(root, path, node)}: the contract imports pydantic and nothing else")
    return found


def _is_store(path: Path) -> bool:
    return path.name == "store.py" or path.parent.name == "store"


def _in_contract(module: str) -> bool:
    top = module.split(".", maxsplit=1)[0]
    return top in sys.stdlib_module_names or top.startswith("pydantic") or module.startswith("shared.events")
