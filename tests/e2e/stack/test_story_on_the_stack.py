"""The mission's story with six services on Kafka, MinIO, PostgreSQL and Tika."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import SecretStr

from deploy.stack.layout import Layout
from services.kernel.adapters.kafka_bus import KafkaBus
from services.kernel.adapters.minio_blobs import MinioBlobs
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.events import BlobRef, DocumentParsed, Envelope
from services.kernel.contracts.topics import (
    CORRECTIONS,
    DOCUMENTS,
    FEEDBACK,
    MESSAGES,
    PARSED,
    PROGRESSED,
    SEGMENTED,
    STORED,
    TASKS,
)
from services.kernel.ports.bus import OutgoingRecord
from services.kernel.runtime.connections import KafkaSettings, MinioSettings
from tests.e2e.test_story import test_policy_designer_and_correction as the_story
from tests.support.embedded import wait_until, web_server
from tests.support.services import StackMemloom
from tests.support.shared import shared_path
from tests.support.stack import forget_environment, shared_environment

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackMemloom]:
    environment = asyncio.run(shared_environment())
    folder = tmp_path_factory.mktemp("stack") / "data"
    with StackMemloom(folder, servers=environment) as running:
        yield running
    asyncio.run(forget_environment(environment))


def _deliveries(memloom: StackMemloom) -> list[dict[str, Any]]:
    lines = [
        line
        for name in memloom.services
        for line in memloom.log_of(name).read_text().splitlines()
        if line.startswith("{") and '"delivery"' in line
    ]
    return [entry for entry in map(json.loads, lines) if entry.get("event") == "delivery"]


def test_the_story_takes_every_hop(memloom: StackMemloom) -> None:
    with web_server(shared_path("data")) as documents:
        the_story(memloom, documents)
    prefix = memloom.servers["MEMLOOM_KAFKA__PREFIX"]
    deliveries = _deliveries(memloom)
    topics = {entry["topic"].removeprefix(prefix) for entry in deliveries}
    expected = {
        topic.name
        for topic in (
            DOCUMENTS,
            STORED,
            PARSED,
            SEGMENTED,
            PROGRESSED,
            MESSAGES,
            FEEDBACK,
            CORRECTIONS,
            TASKS,
        )
    }
    assert expected <= topics
    assert {entry["verdict"] for entry in deliveries} <= {"Ack", "Ignore"}


def test_one_upload_is_one_trace_through_every_service(memloom: StackMemloom) -> None:
    knowledge_base = memloom.create_kb("traced")
    (file,) = memloom.add_files(
        knowledge_base, [{"name": "t.md", "content": "IyBUaXRsZQoKVGhlIGNhcCBpcyA2MDAu"}]
    )
    (ended,) = memloom.wait_for_files([file["id"]])
    assert ended["status"] == "COMPLETED"
    of_it = [entry for entry in _deliveries(memloom) if entry.get("document_id") == file["id"]]
    (trace,) = {entry["trace_id"] for entry in of_it}
    assert {"gateway", "ingest", "parser", "memorizer"} <= {entry["service"] for entry in of_it}
    assert len({entry["correlation_id"] for entry in of_it}) == 1
    collected = Layout.from_environment().logs / "otel.log"
    wait_until(lambda: trace in collected.read_text(), 30, "its spans reach the collector")


class Connections:
    """Straight to the servers of a running Memloom, as no client would."""

    def __init__(self, servers: Mapping[str, str]) -> None:
        self._kafka = KafkaSettings(
            bootstrap=servers["MEMLOOM_KAFKA__BOOTSTRAP"], prefix=servers["MEMLOOM_KAFKA__PREFIX"]
        )
        self._minio = MinioSettings(
            endpoint=servers["MEMLOOM_MINIO__ENDPOINT"],
            access_key=servers["MEMLOOM_MINIO__ACCESS_KEY"],
            secret_key=SecretStr(servers["MEMLOOM_MINIO__SECRET_KEY"]),
            bucket=servers["MEMLOOM_MINIO__BUCKET"],
        )

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        bus = KafkaBus(self._kafka, client_id="foreign", clock=SystemClock())
        await bus.publish(records)
        await bus.close()

    @asynccontextmanager
    async def blobs(self) -> AsyncIterator[MinioBlobs]:
        blobs = MinioBlobs(self._minio)
        yield blobs
        await blobs.close()


def _command(memloom: StackMemloom, *words: str) -> str:
    """`memloom ...` as a person would type it, on the same servers."""
    done = subprocess.run(  # noqa: S603 - our own command
        [Path(sys.executable).with_name("memloom"), *words, "--data", memloom.data / "person"],
        env=os.environ | memloom.servers,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_person_lists_shows_and_drops_what_was_set_aside(memloom: StackMemloom) -> None:
    record = OutgoingRecord(PARSED.name, "k", b"not an event", {"h": b"\xff"})
    asyncio.run(Connections(memloom.servers).publish([record]))
    line = wait_until(lambda: _command(memloom, "dlq", "list"), 60, "the dead letter")
    assert "memorizer.documents" in line
    identifier = line.split()[0]
    shown = _command(memloom, "dlq", "show", identifier)
    assert "not an event" in shown
    assert "Unintelligible" in shown
    _command(memloom, "dlq", "drop", identifier)
    assert _command(memloom, "dlq", "list") == ""


def test_a_replay_takes_its_document_from_failed_to_completed(memloom: StackMemloom) -> None:
    """As in the embedded world: what was set aside is handed over again once it can be read."""
    knowledge_base = memloom.create_kb("replayed")
    (file,) = memloom.add_files(
        knowledge_base, [{"name": "r.md", "content": "IyBUaXRsZQoKVGhlIGNhcCBpcyA2MDAu"}]
    )
    (done,) = memloom.wait_for_files([file["id"]])
    connections = Connections(memloom.servers)
    stored = f"parsed/default/{knowledge_base}/{file['id']}"
    event = DocumentParsed(
        project_id="default",
        knowledgebase_id=knowledge_base,
        document_id=file["id"],
        revision=1,
        attempt=2,
        name=done["name"],
        parsed=BlobRef(path=f"{stored}/broken.json"),
    )
    envelope = Envelope.wrap(event, event_id=uuid4(), time=1, producer="parser")

    async def set_aside() -> None:
        async with connections.blobs() as blobs:
            await blobs.put(f"{stored}/broken.json", b'{"blocks": "none of yours"}')
        record = OutgoingRecord(PARSED.name, event.key(), envelope.model_dump_json().encode())
        await connections.publish([record])

    async def mend() -> None:
        async with connections.blobs() as blobs:
            await blobs.put(f"{stored}/broken.json", await blobs.get(f"{stored}/r1.json"))

    def status() -> str:
        (found,) = memloom.files([file["id"]])
        return str(found["status"])

    asyncio.run(set_aside())
    line = wait_until(lambda: _command(memloom, "dlq", "list"), 90, "the dead letter")
    wait_until(lambda: status() == "FAILED", 30, "the document is FAILED")
    asyncio.run(mend())
    _command(memloom, "dlq", "replay", line.split()[0])
    (ended,) = memloom.wait_for_files([file["id"]])
    assert (ended["status"], ended["error_code"]) == ("COMPLETED", 0)
    assert _command(memloom, "dlq", "list") == ""


@pytest.mark.parametrize("kind", ["pdf", "docx", "md"])
def test_every_format_holds_the_same_facts(memloom: StackMemloom, kind: str) -> None:
    """PDF and DOCX are read by Tika's server here."""
    knowledge_base = memloom.create_kb(kind)
    with web_server(shared_path("data")) as url:
        (file,) = memloom.add_files(
            knowledge_base, [{"content": f"{url}/reimbursement-policy.{kind}"}]
        )
        (ended,) = memloom.wait_for_files([file["id"]])
    assert ended["status"] == "COMPLETED", ended
    answer = memloom.search("u", "办公类软件采购上限", [knowledge_base])
    values = [item["memory_value"] for item in answer["memory_detail_list"]]
    assert any("办公类" in value and "800" in value for value in values), values


def test_a_clean_stop_ends_every_service_well(memloom: StackMemloom) -> None:
    assert memloom.stop() == 0
    memloom.start()
