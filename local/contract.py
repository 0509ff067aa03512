"""`./leak contract`: writes what is generated from the contract and the settings; refuses what would break a reader."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from local import contract_docs, env_example, schemas
from local.failures import Failure
from local.layout import CHECKOUT


def run(_asked: argparse.Namespace) -> int:
    """Freeze the schemas, then write the rest."""
    if refused := schemas.freeze(CHECKOUT):
        raise Failure("; ".join(refused))
    for name, text in generated(CHECKOUT).items():
        (CHECKOUT / name).parent.mkdir(exist_ok=True)
        (CHECKOUT / name).write_text(text, encoding="utf-8")
        print(name)
    return 0


def generated(root: Path) -> Mapping[str, str]:
    """File → what it must hold."""
    return {
        "docs/events.md": contract_docs.events_md(),
        "docs/seals.md": contract_docs.seals_md(),
        "docs/asyncapi.json": contract_docs.asyncapi(root),
        ".env.example": env_example.text(),
    }
