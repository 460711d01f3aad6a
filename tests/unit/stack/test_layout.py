"""The developer's servers: where they are, and that only our own processes are stopped."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.stack import process
from deploy.stack.layout import Layout
from deploy.stack.servers import servers
from deploy.stack.services import services
from services.kernel.adapters.process import ProcessSettings
from services.kernel.runtime.connections import ConnectionSettings

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]


def test_every_field_can_be_set_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMLOOM_STACK_KAFKA_PORT", "29092")
    monkeypatch.setenv("MEMLOOM_STACK_CACHE", "/elsewhere")
    layout = Layout.from_environment()
    assert layout.kafka_port == 29092
    assert layout.cache == Path("/elsewhere")
    assert layout.environment()["MEMLOOM_KAFKA__BOOTSTRAP"] == "127.0.0.1:29092"


def test_the_printed_environment_is_what_the_services_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = Layout(cache=tmp_path, data=tmp_path)
    for name, value in layout.environment().items():
        monkeypatch.setenv(name, value)
    settings = ProcessSettings()
    assert settings.kafka.bootstrap == "127.0.0.1:19092"
    assert settings.minio.endpoint == "127.0.0.1:19000"
    assert settings.postgres.url_for("parser").endswith("127.0.0.1:15432/memloom_parser")
    assert settings.tika.url == "http://127.0.0.1:19998"
    assert settings.runtime.otlp_endpoint == "http://127.0.0.1:14317"
    assert settings.qdrant.url == ""


@pytest.mark.parametrize(
    ("name", "value", "mends"),
    [
        ("MEMLOOM_KAFKA__BOOTSTRAP", "kafka", "host:port"),
        ("MEMLOOM_MINIO__ENDPOINT", "http://minio:9000", "SECURE"),
        ("MEMLOOM_POSTGRES__URL", "mysql://x", "postgresql://"),
        ("MEMLOOM_TIKA__URL", "tika:9998", "http://"),
        ("MEMLOOM_KAFKA__REBALANCE_TIMEOUT_MS", "99000000", "MAX_POLL_INTERVAL_MS"),
    ],
)
def test_a_wrong_address_is_refused_with_a_sentence_that_mends_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, mends: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=re.escape(mends)):
        ConnectionSettings()


def test_templates_have_no_gap(tmp_path: Path) -> None:
    layout = Layout(cache=tmp_path, data=tmp_path, kafka_port=1111, kafka_controller_port=2222)
    text = layout.render("kafka.properties", tmp_path / "k" / "server.properties").read_text()
    assert "advertised.listeners=PLAINTEXT://127.0.0.1:1111" in text
    assert "auto.create.topics.enable=false" in text
    for template in ("tika.xml", "otel.yaml", "postgresql.conf", "otel-builder.yaml"):
        assert "$" not in layout.render(template, tmp_path / template).read_text()


def test_all_servers_listen_on_loopback_only(tmp_path: Path) -> None:
    layout = Layout(cache=tmp_path, data=tmp_path)
    for template in ("kafka.properties", "tika.xml", "otel.yaml", "postgresql.conf"):
        text = layout.render(template, tmp_path / template).read_text()
        assert "127.0.0.1" in text
        assert "0.0.0.0" not in text
    assert set(servers()) == {"postgres", "kafka", "tika", "s3", "otel"}


def test_without_a_qdrant_server_memorizer_and_retriever_share_a_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = Layout(cache=tmp_path, data=tmp_path)
    monkeypatch.delenv("MEMLOOM_QDRANT__URL", raising=False)
    assert set(services()) == {"ingest", "parser", "gateway", "feedback", "index"}
    environment = services()["gateway"].env(layout)
    assert environment["MEMLOOM_PEERS__MEMORIZER"] == environment["MEMLOOM_PEERS__RETRIEVER"]
    monkeypatch.setenv("MEMLOOM_QDRANT__URL", "http://127.0.0.1:6333")
    assert {"memorizer", "retriever"} < set(services())
    environment = services()["gateway"].env(layout)
    assert environment["MEMLOOM_PEERS__MEMORIZER"] != environment["MEMLOOM_PEERS__RETRIEVER"]


def test_each_service_serves_where_the_others_look_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = Layout(cache=tmp_path, data=tmp_path)
    monkeypatch.setenv("MEMLOOM_QDRANT__URL", "http://127.0.0.1:6333")
    gateway = services()["gateway"].env(layout)
    for peer in ("ingest", "memorizer", "retriever", "feedback"):
        port = services()[peer].env(layout)["MEMLOOM_RUNTIME__GRPC_PORT"]
        assert gateway[f"MEMLOOM_PEERS__{peer.upper()}"] == f"127.0.0.1:{port}"
    ports = [services()[name].env(layout)["MEMLOOM_RUNTIME__ADMIN_PORT"] for name in services()]
    assert len(set(ports)) == len(ports)


def test_start_is_known_and_stopped_with_its_children(tmp_path: Path) -> None:
    pid_file, log = tmp_path / "p.json", tmp_path / "p.log"
    pid = process.start(SLEEPER, pid_file=pid_file, log=log)
    assert process.running(pid_file) == pid
    process.wait_for(lambda: "up" in log.read_text(), seconds=20, what="the sleeper")
    assert process.stop(pid_file) is True
    assert process.running(pid_file) is None
    assert process.stop(pid_file) is False
    assert process.started_at(pid) is None


def test_a_pid_that_is_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen(SLEEPER, stdout=subprocess.DEVNULL)  # noqa: S603 - our own sleeper
    try:
        pid_file = tmp_path / "p.json"
        # Our server had this pid once, before the machine gave it to somebody else.
        pid_file.write_text(json.dumps({"pid": stranger.pid, "started": "long ago"}))
        assert process.running(pid_file) is None
        assert process.stop(pid_file) is False
        assert process.kill(pid_file) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_one_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('up', flush=True); time.sleep(600)"
    )
    pid_file, log = tmp_path / "p.json", tmp_path / "p.log"
    pid = process.start([sys.executable, "-c", deaf], pid_file=pid_file, log=log)
    process.wait_for(lambda: "up" in log.read_text(), seconds=20, what="the sleeper")
    assert process.stop(pid_file, with_signal=signal.SIGTERM, seconds=0.2) is True
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
