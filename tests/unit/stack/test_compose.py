"""`compose.yaml` says what the code reads. No engine runs here: this is what can be checked."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.gateway.app import GatewayProcess
from services.kernel.adapters.process import ProcessSettings
from services.kernel.contracts.topics import Service
from services.kernel.runtime.settings import describe

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def _environment(compose: dict[str, Any], name: str) -> dict[str, str]:
    return dict(compose["services"][name].get("environment", {}))


def _plain(value: str) -> str:
    """As the engine would fill it in, with nothing set."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def test_every_service_of_the_design_is_there_as_its_own_process(compose: dict[str, Any]) -> None:
    for service in Service:
        assert compose["services"][service.value]["command"] == [
            "python",
            "-m",
            f"services.{service.value}",
        ]


def test_every_variable_is_a_setting_and_its_value_is_accepted(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _environment(compose, "ingest")
    assert set(environment) <= {setting.name for setting in describe(ProcessSettings)}
    of_gateway = {setting.name for setting in describe(GatewayProcess)}
    assert set(_environment(compose, "gateway")) <= of_gateway
    for name, value in environment.items():
        monkeypatch.setenv(name, _plain(value))
    settings = ProcessSettings()
    assert settings.kafka.bootstrap == "kafka:9092"
    assert settings.kafka.replication == 1
    assert settings.postgres.url_for("parser").endswith("@postgres:5432/memloom_parser")
    assert settings.runtime.service_token is not None


def test_every_address_names_a_container_of_the_file(compose: dict[str, Any]) -> None:
    environment = {k: _plain(v) for k, v in _environment(compose, "ingest").items()}
    hosts = {
        match.group(1)
        for value in environment.values()
        if (match := re.search(r"(?:://|@|^)([a-z]+):\d+", value.rpartition("@")[2]))
    }
    assert {"kafka", "minio", "postgres", "qdrant", "tika", "otel", "memorizer"} <= hosts
    assert hosts <= set(compose["services"])


def test_peers_are_called_on_the_port_that_they_serve(compose: dict[str, Any]) -> None:
    environment = _environment(compose, "gateway")
    port = environment["MEMLOOM_RUNTIME__GRPC_PORT"]
    for name, value in environment.items():
        if name.startswith("MEMLOOM_PEERS__"):
            peer = name.removeprefix("MEMLOOM_PEERS__").lower()
            assert value == f"{peer}:{port}"


def test_topics_are_applied_before_any_service_starts(compose: dict[str, Any]) -> None:
    assert compose["services"]["topics"]["command"] == ["memloom", "topics", "apply"]
    assert compose["services"]["topics"]["restart"] == "on-failure"
    for service in Service:
        needs = compose["services"][service.value]["depends_on"]
        assert needs["topics"]["condition"] == "service_completed_successfully"
    assert _environment(compose, "kafka")["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_every_service_has_its_database(compose: dict[str, Any]) -> None:
    made = (ROOT / "deploy/compose/databases.sql").read_text()
    for service in Service:
        assert f"CREATE DATABASE memloom_{service.value};" in made


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in {*Service, "topics"}:
            continue
        tag = service["image"].partition(":")[2]
        assert re.search(r"\d", tag), f"{name}: {service['image']}"


def test_only_the_gateway_is_published(compose: dict[str, Any]) -> None:
    environment = _environment(compose, "gateway")
    inside = {port.rpartition(":")[2] for port in compose["services"]["gateway"]["ports"]}
    assert inside == {environment["MEMLOOM_PORT"], environment["MEMLOOM_GRPC_PORT"]}
    assert environment["MEMLOOM_HOST"] == "0.0.0.0"
    published = {name for name, service in compose["services"].items() if "ports" in service}
    assert published == {"gateway"}


def test_the_image_copies_what_is_there_and_installs_as_the_makefile_does(
    compose: dict[str, Any],
) -> None:
    build = compose["x-service"]["build"]
    dockerfile = (ROOT / build["context"] / build["dockerfile"]).read_text().replace("\\\n", " ")
    let_through = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = [
        source
        for line in dockerfile.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    assert {"proto", "services", "requirements/base.txt"} <= set(copied)
    for source in copied:
        assert (ROOT / source).exists(), source
        assert source.partition("/")[0] in let_through, source
    makefile = (ROOT / "Makefile").read_text()
    protoc = next(line.split(maxsplit=1)[1] for line in makefile.splitlines() if "protoc" in line)
    assert " ".join(protoc.split()) in " ".join(dockerfile.split())
    for pinned in ("uv.txt", "base.txt"):
        assert f"--require-hashes -r requirements/{pinned}" in dockerfile
        assert f"--require-hashes -r requirements/{pinned}" in makefile
