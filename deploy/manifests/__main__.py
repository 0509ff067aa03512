"""`python -m deploy.manifests`: writes deploy/k8s/base from the registry and the table of services."""

from pathlib import Path
from typing import Any

import yaml

from deploy.manifests import kafka, network, workloads
from deploy.manifests.table import DEPLOYED, NAMESPACES

BASE = Path(__file__).resolve().parents[1] / "k8s" / "base"
HEADER = "# Made by `python -m deploy.manifests`; change the registry or deploy/manifests/ instead.\n"


def files() -> dict[str, str]:
    """Every generated file's name and text."""
    manifests: dict[str, list[dict[str, Any]]] = {
        "namespaces.yaml": workloads.namespaces(),
        "kafka-topics.yaml": kafka.topics(),
        "kafka-users.yaml": kafka.users(),
        "network-policies.yaml": network.policies(),
        "setup.yaml": [workloads.setup_job(namespace) for namespace in NAMESPACES],
        **{f"{deployed.name}.yaml": workloads.of_process(deployed) for deployed in DEPLOYED},
    }
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(manifests),
    }
    manifests["kustomization.yaml"] = [kustomization]
    return {
        name: HEADER + yaml.safe_dump_all(documents, sort_keys=False, width=120)
        for name, documents in manifests.items()
    }


def main() -> None:
    """Write them."""
    for name, text in files().items():
        (BASE / name).write_text(text)
    for stale in {path.name for path in BASE.glob("*.yaml")} - files().keys():
        (BASE / stale).unlink()


if __name__ == "__main__":
    main()
