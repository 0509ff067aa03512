"""The manifests say what the registry and the table of services say, and nothing else; each check refuses a bad one."""

import copy
import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.manifests.__main__ import BASE, files
from deploy.manifests.table import (
    AUDIT_NAMESPACE,
    DEPLOYED,
    KAFKA_PORT,
    LIMITER,
    LIMITER_PORT,
    MONGO_PORT,
    NAMESPACE,
    labels,
)
from deploy.setup.kafka import acls_of, topic_configs
from shared.events.topics import AUDIT, TOPICS

ROOT = BASE.parents[2]
KINDS_WITHOUT_SCHEMA = {"KafkaTopic", "KafkaUser", "ScaledObject", "Kustomization"}
Manifest = dict[str, Any]


PARSED = [
    document for path in sorted(BASE.glob("*.yaml")) for document in yaml.load_all(path.read_text(), yaml.CSafeLoader)
]


def manifests() -> list[Manifest]:
    """Copies: some tests spoil one."""
    return copy.deepcopy(PARSED)


def of_kind(kind: str) -> list[Manifest]:
    return [copy.deepcopy(manifest) for manifest in PARSED if manifest["kind"] == kind]


def tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(name)), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_committed_manifests_are_what_the_registry_makes() -> None:
    assert {path.name: path.read_text() for path in BASE.glob("*.yaml")} == files()


def validate(folder: Path) -> subprocess.CompletedProcess[str]:
    return tool("kubernetes-validate", "--strict", "--no-warn", *sorted(folder.glob("*.yaml")))


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """The manifests whose schemas Kubernetes itself has."""
    for number, manifest in enumerate(manifests()):
        if manifest["kind"] not in KINDS_WITHOUT_SCHEMA:
            (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(manifest))
    return tmp_path


def test_kubernetes_accepts_every_manifest(known: Path) -> None:
    checked = validate(known)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(list(known.iterdir())) > 30


def test_a_manifest_with_a_misspelt_field_is_refused(known: Path) -> None:
    bad = next(manifest for manifest in of_kind("Deployment"))
    bad["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    (known / "bad.yaml").write_text(yaml.safe_dump(bad))
    assert validate(known).returncode != 0


def test_dockerfile_passes_the_linter_and_a_bad_one_does_not(tmp_path: Path) -> None:
    assert tool("hadolint", ROOT / "deploy" / "Dockerfile").returncode == 0
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN cd /tmp && sudo pip install leak\n")
    assert tool("hadolint", bad).returncode != 0


def test_compose_file_passes_its_schema_and_a_bad_one_does_not(tmp_path: Path) -> None:
    check = ("--builtin-schema", "vendor.compose-spec")
    assert tool("check-jsonschema", *check, ROOT / "docker-compose.yml").returncode == 0
    bad = tmp_path / "docker-compose.yml"
    bad.write_text("services:\n  gateway:\n    image: leak-gateway\n    portz: []\n")
    assert tool("check-jsonschema", *check, bad).returncode != 0


def compose() -> Manifest:
    loaded: Manifest = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def met(services: Manifest) -> set[tuple[str, str]]:
    """The pairs of containers that share a network: one reaches every port of the other."""
    networks = {name: set(one.get("networks", ["default"])) for name, one in services.items()}
    return {(one, other) for one, other in itertools.permutations(networks, 2) if networks[one] & networks[other]}


def wanted_in_compose() -> set[tuple[str, str]]:
    """Each process meets Kafka and its own database, the mailer's roles the relay too; each set-up step a server."""
    pairs = {(one.name, "kafka") for one in DEPLOYED}
    pairs |= {(one.name, "audit-mongo" if one.process == AUDIT else "mongo") for one in DEPLOYED}
    pairs |= {(one.name, "mailpit") for one in DEPLOYED if one.sends_mail}
    pairs |= {("setup-kafka", "kafka"), ("setup-database", "mongo"), ("setup-audit-database", "audit-mongo")}
    return pairs | {(other, one) for one, other in pairs}


def test_in_compose_every_pair_of_containers_meets_or_does_not_as_it_should() -> None:
    services = compose()["services"]
    alone = {name for name, one in services.items() if one.get("network_mode") == "none"}
    assert alone == {"keys"}
    assert met({name: one for name, one in services.items() if name not in alone}) == wanted_in_compose()


@pytest.mark.parametrize(("one", "network"), [("gateway-accept", "kafka-audit"), ("verifier", "mongo-moderation")])
def test_a_container_on_anothers_network_is_found(one: str, network: str) -> None:
    services = compose()["services"]
    services[one]["networks"] = [*services[one]["networks"], network]
    del services["keys"]
    assert met(services) - wanted_in_compose()


def test_in_compose_each_process_mounts_its_own_secrets_alone() -> None:
    for deployed in DEPLOYED:
        mounts = compose()["services"][deployed.name]["volumes"]
        secrets = [mount["volume"]["subpath"] for mount in mounts if mount["source"] == "secrets"]
        assert secrets == [deployed.name]


def test_in_compose_no_two_servers_share_an_administrators_password() -> None:
    services = compose()["services"]
    held = {
        name: {mount["volume"]["subpath"] for mount in one.get("volumes", []) if mount["source"] == "secrets"}
        for name, one in services.items()
        if name in {"kafka", "mongo", "audit-mongo"}
    }
    assert held == {"kafka": {"setup/kafka"}, "mongo": {"setup/mongo"}, "audit-mongo": {"setup/audit-mongo"}}


def test_in_compose_only_ports_of_the_local_host_are_open() -> None:
    ports = [port for one in compose()["services"].values() for port in one.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def peers(rule: Manifest, side: str, namespace: str) -> set[tuple[str, str]]:
    """(namespace, pod name) of the peers of a rule that are pods of ours or our databases."""
    found = set()
    for peer in rule[side]:
        pods = peer.get("podSelector", {}).get("matchLabels", {})
        where = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", namespace)
        if "app.kubernetes.io/name" in pods:
            found.add((where, pods["app.kubernetes.io/name"]))
    return found


def may_call(policies: list[Manifest], caller: tuple[str, str], callee: tuple[str, str], port: int) -> bool:
    """Whether the caller's egress and the callee's ingress both let it through, as a network plug-in decides."""

    def rules(pod: tuple[str, str], side: str) -> list[Manifest]:
        return [
            rule
            for policy in policies
            if policy["metadata"]["namespace"] == pod[0]
            and policy["spec"]["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/name", pod[1]) == pod[1]
            for rule in policy["spec"].get(side, [])
        ]

    out = any(
        callee in peers(rule, "to", caller[0]) and {"protocol": "TCP", "port": port} in rule["ports"]
        for rule in rules(caller, "egress")
    )
    into = any(
        caller in peers(rule, "from", callee[0]) and {"protocol": "TCP", "port": port} in rule["ports"]
        for rule in rules(callee, "ingress")
    )
    return out and into


PODS = [
    *((one.namespace, one.name) for one in DEPLOYED),
    *((ns, name) for ns in (NAMESPACE, AUDIT_NAMESPACE) for name in ("mongodb", "setup")),
]


@pytest.mark.parametrize(("caller", "callee"), list(itertools.permutations(PODS, 2)))
def test_pods_reach_only_the_database_of_their_own_namespace(caller: tuple[str, str], callee: tuple[str, str]) -> None:
    wanted = callee[1] == "mongodb" and caller[0] == callee[0] and caller[1] != "mongodb"
    assert may_call(of_kind("NetworkPolicy"), caller, callee, MONGO_PORT) is wanted
    assert not may_call(of_kind("NetworkPolicy"), caller, callee, 9000)


@pytest.mark.parametrize("caller", PODS)
def test_only_the_gateway_reaches_the_store_in_which_gateways_count_together(caller: tuple[str, str]) -> None:
    wanted = caller == (NAMESPACE, "gateway-accept")
    assert may_call(of_kind("NetworkPolicy"), caller, (NAMESPACE, LIMITER), LIMITER_PORT) is wanted
    production = (ROOT / "deploy/k8s/overlays/production/kustomization.yaml").read_text()
    assert f"//{LIMITER}.{NAMESPACE}.svc:{LIMITER_PORT}/" in production


def test_a_policy_that_lets_the_gateway_reach_audits_database_is_seen() -> None:
    policies = of_kind("NetworkPolicy")
    peer = {
        "podSelector": {"matchLabels": labels("mongodb")},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": AUDIT_NAMESPACE}},
    }
    back = {
        "podSelector": {"matchLabels": labels("gateway-accept")},
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
    }
    for policy in policies:
        if policy["metadata"]["name"] == "gateway-accept":
            policy["spec"]["egress"].append({"to": [peer], "ports": [{"protocol": "TCP", "port": MONGO_PORT}]})
        if policy["metadata"] == {"name": "mongodb", "namespace": AUDIT_NAMESPACE}:
            policy["spec"]["ingress"].append({"from": [back], "ports": [{"protocol": "TCP", "port": MONGO_PORT}]})
    assert may_call(policies, (NAMESPACE, "gateway-accept"), (AUDIT_NAMESPACE, "mongodb"), MONGO_PORT)


def test_both_namespaces_deny_by_default() -> None:
    closed = {
        policy["metadata"]["namespace"]
        for policy in of_kind("NetworkPolicy")
        if policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": []}
    }
    assert closed == {NAMESPACE, AUDIT_NAMESPACE}


def test_who_speaks_to_kafka_is_who_the_registry_knows() -> None:
    speaks = {
        policy["metadata"]["name"]
        for policy in of_kind("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        if {"protocol": "TCP", "port": KAFKA_PORT} in rule["ports"]
    }
    known = {name for topic in TOPICS.values() for name in (topic.owner, *topic.readers)}
    assert speaks == known


def test_only_the_mailers_roles_reach_the_world() -> None:
    out = {
        policy["metadata"]["name"]
        for policy in of_kind("NetworkPolicy")
        for rule in policy["spec"].get("egress", [])
        for peer in rule["to"]
        if "ipBlock" in peer
    }
    assert out == {"mailer-confirmations", "mailer-letters"}


def rights(user: Manifest) -> set[tuple[str, str, str, str]]:
    return {
        (acl["resource"]["type"], acl["resource"]["name"], acl["resource"]["patternType"], operation)
        for acl in user["spec"]["authorization"]["acls"]
        for operation in acl["operations"]
    }


@pytest.mark.parametrize("service", [one.name for one in DEPLOYED])
def test_a_kafka_user_has_the_rights_that_the_set_up_step_gives(service: str) -> None:
    user = next(one for one in of_kind("KafkaUser") if one["metadata"]["name"] == service)
    pattern = {"LITERAL": "literal", "PREFIXED": "prefix"}
    given = {
        (acl.restype.name.lower(), acl.name, pattern[acl.resource_pattern_type.name], acl.operation.name.capitalize())
        for acl in acls_of(service)
    }
    # Read and Write contain Describe; Strimzi's manifests say it aloud.
    assert {right for right in rights(user) if right[3] != "Describe"} == given


@pytest.mark.parametrize(("service", "topic"), list(itertools.product([one.name for one in DEPLOYED], TOPICS)))
def test_every_pair_of_user_and_topic_is_as_registered(service: str, topic: str) -> None:
    user = next(one for one in of_kind("KafkaUser") if one["metadata"]["name"] == service)
    may = {right[3] for right in rights(user) if right[:2] == ("topic", topic)} - {"Describe"}
    entry = TOPICS[topic]
    assert may == {*(["Write"] if entry.owner == service else []), *(["Read"] if service in entry.readers else [])}


def test_every_topic_has_its_retention_and_partitions() -> None:
    made = {one["metadata"]["name"]: one["spec"] for one in of_kind("KafkaTopic")}
    assert {name: (spec["partitions"], spec["config"]) for name, spec in made.items()} == {
        name: (topic.partitions, topic_configs(topic, 3)) for name, topic in TOPICS.items()
    }


@pytest.mark.parametrize("deployment", of_kind("Deployment"), ids=lambda one: one["metadata"]["name"])
def test_pods_are_locked_down_and_mount_their_own_secrets_alone(deployment: Manifest) -> None:
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert not pod["automountServiceAccountToken"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    secrets = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert secrets == {f"leak-{deployment['metadata']['name']}", "leak-cluster-ca-cert"}


def test_overlays_name_only_what_the_base_has() -> None:
    known = {(one["kind"], one["metadata"]["name"]) for one in manifests() if one["kind"] != "Kustomization"}
    images = {f"leak-{one.process.service}" for one in DEPLOYED} | {"leak-setup"}
    for path in (ROOT / "deploy/k8s/overlays").glob("*/kustomization.yaml"):
        overlay = yaml.safe_load(path.read_text())
        assert all((path.parent / resource / "kustomization.yaml").exists() for resource in overlay["resources"])
        assert {image["name"] for image in overlay.get("images", [])} <= images
        for patch in overlay["patches"]:
            target = patch["target"]
            assert any(kind == target["kind"] and name == target.get("name", name) for kind, name in known)
