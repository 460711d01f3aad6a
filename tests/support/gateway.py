"""The gateway over a real SQLite file and real blobs, with the other services played."""

import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from services.gateway.app import Gateway, build, webhook_sender
from services.gateway.handlers.watchdog import Lag
from services.gateway.settings import GatewaySettings
from services.gateway.store import METADATA, MIGRATIONS
from services.gateway.store.tables import RUNTIME
from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import Code, InvalidInput, NotFound, VersionChanged
from services.kernel.contracts.events import (
    CorrectionDecided,
    DocumentProgressed,
    Envelope,
    Event,
    FeedbackGiven,
    MessagesRecorded,
    TaskProgressed,
)
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.contracts.scope import Clauses
from services.kernel.contracts.topics import Service
from services.kernel.ports.bus import DeadLetter
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel
from services.kernel.ports.preview import ProbeResult
from services.kernel.ports.records import DocumentPlace, OwnerPlace, RecordPage
from services.kernel.runtime.outbox import Outbox
from tests.support.sql import postgres_url

KEY = "mpg-test-key-0123456789abcdef"
API = "/api/openmem/v1"


USER = Owner(type=OwnerType.USER, id="u1")


def record(**said: Any) -> MemoryRecord:
    """A fact of `USER`, but for what is said."""
    known: dict[str, Any] = {
        "id": uuid4(),
        "project_id": "default",
        "owner": USER,
        "kind": Kind.FACT,
        "value": "用户有一只金毛",
        "created_at": 1_000,
        "updated_at": 1_000,
    }
    return MemoryRecord(**(known | said))


class PlayedRetrieval:
    """Keeps what it was asked, answers what it was given."""

    def __init__(self) -> None:
        self.asked: list[SearchRequest] = []
        self.answer = SearchAnswer()

    async def search(self, request: SearchRequest) -> SearchAnswer:
        self.asked.append(request)
        return self.answer


class PlayedRecords:
    """Records in a dictionary."""

    def __init__(self) -> None:
        self.records: dict[UUID, MemoryRecord] = {}
        self.switched: list[tuple[UUID, bool]] = []
        self.where: Clauses | None = None
        self.read: list[MessagesRecorded] = []
        self.found: list[MemoryRecord] = []

    def put(self, record: MemoryRecord) -> MemoryRecord:
        self.records[record.id] = record
        return record

    async def get(self, project_id: str, memory_id: UUID) -> MemoryRecord:
        record = self.records.get(memory_id)
        if record is None or record.project_id != project_id:
            raise NotFound("no such memory", code=Code.MEMORY_NOT_FOUND)
        return record

    async def page(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        *,
        where: Clauses | None = None,
        page: int = 1,
        size: int = 10,
    ) -> RecordPage:
        self.where = where
        found = [
            record
            for record in self.records.values()
            if (record.project_id, record.owner) == (project_id, owner)
            and record.kind in kinds
            and record.status is Status.ACTIVATED
        ]
        found.sort(key=lambda record: -record.created_at)
        return RecordPage(tuple(found[(page - 1) * size : page * size]), len(found))

    async def of_document(
        self,
        project_id: str,
        document_id: str,
        kinds: Sequence[Kind] = (Kind.PASSAGE,),
        *,
        after: DocumentPlace | None = None,
        limit: int | None = None,
    ) -> list[MemoryRecord]:
        def place(record: MemoryRecord) -> tuple[str, int, str]:
            return record.kind.value, record.ordinal, str(record.id)

        found = sorted(
            (
                record
                for record in self.records.values()
                if record.project_id == project_id
                and record.anchor is not None
                and record.anchor.document_id == document_id
                and record.kind in kinds
            ),
            key=place,
        )
        if after is not None:
            found = [one for one in found if place(one) > (after.kind, after.ordinal, after.id)]
        return found[:limit]

    async def listed(
        self,
        project_id: str,
        owner: Owner,
        kinds: Sequence[Kind],
        statuses: Sequence[Status],
        *,
        before: OwnerPlace | None = None,
        limit: int = 20,
    ) -> list[MemoryRecord]:
        def place(record: MemoryRecord) -> tuple[int, str]:
            return record.created_at, str(record.id)

        found = [
            record
            for record in self.records.values()
            if (record.project_id, record.owner) == (project_id, owner)
            and record.kind in kinds
            and record.status in statuses
            and (before is None or place(record) < (before.created_at, before.id))
        ]
        return sorted(found, key=place, reverse=True)[:limit]

    async def counted(
        self, project_id: str, owners: Sequence[str], kinds: Sequence[Kind]
    ) -> dict[str, int]:
        found = [
            record.owner.key
            for record in self.records.values()
            if record.project_id == project_id
            and record.kind in kinds
            and record.status is Status.ACTIVATED
        ]
        return {owner: found.count(owner) for owner in owners}

    async def history(self, project_id: str, memory_id: UUID) -> list[MemoryRecord]:
        return [await self.get(project_id, memory_id)]

    async def edit(
        self,
        project_id: str,
        memory_id: UUID,
        *,
        content: str | None = None,
        title: str | None = None,
        status: str | None = None,
        expected_revision: int | None = None,
    ) -> MemoryRecord:
        record = await self.get(project_id, memory_id)
        if expected_revision not in (None, record.revision):
            raise VersionChanged("read it again")
        changed = record.model_copy(
            update={
                "value": content or record.value,
                "key": title or record.key,
                "status": Status(status) if status else record.status,
                "revision": record.revision + 1,
            }
        )
        return self.put(changed)

    async def delete(self, project_id: str, memory_ids: Sequence[UUID]) -> int:
        for memory_id in memory_ids:
            record = await self.get(project_id, memory_id)
            self.put(record.model_copy(update={"status": Status.DELETED}))
        return len(memory_ids)

    async def set_correction(
        self, project_id: str, correction_id: UUID, *, active: bool
    ) -> MemoryRecord:
        record = await self.get(project_id, correction_id)
        self.switched.append((correction_id, active))
        return record

    async def extract(self, messages: MessagesRecorded) -> list[MemoryRecord]:
        self.read.append(messages)
        return list(self.found)


class PlayedPreview:
    """Decides nothing."""

    async def preview(self, feedback: FeedbackGiven) -> CorrectionDecided:
        return CorrectionDecided(
            project_id=feedback.project_id,
            feedback_id=feedback.feedback_id,
            task_id=feedback.task_id,
            user_id=feedback.user_id,
            words=feedback.content,
            feedback_time=feedback.feedback_time,
            reason="nothing to correct",
        )


class PlayedDeadLetters:
    """Dead letters in a dictionary."""

    def __init__(self) -> None:
        self.letters: dict[str, DeadLetter] = {}
        self.replayed: list[str] = []

    async def list(self, *, group: str | None = None, limit: int = 100) -> Sequence[DeadLetter]:
        found = [one for one in self.letters.values() if group in (None, one.group)]
        return found[:limit]

    async def get(self, identifier: str) -> DeadLetter:
        if identifier not in self.letters:
            raise NotFound(f"there is no dead letter {identifier!r}")
        return self.letters[identifier]

    async def replay(self, identifier: str) -> None:
        await self.drop(identifier)
        self.replayed.append(identifier)

    async def drop(self, identifier: str) -> None:
        await self.get(identifier)
        del self.letters[identifier]


class PlayedProbe:
    """Knows the URLs that it was given; refuses private addresses as the real one does."""

    def __init__(self) -> None:
        self.known: dict[str, ProbeResult] = {}

    async def probe(self, url: str) -> ProbeResult:
        if not url.startswith(("http://", "https://")) or "127.0.0.1" in url:
            raise InvalidInput("this address is refused", code=Code.NOT_FETCHED)
        return self.known.get(url, ProbeResult("", "", None))


@dataclass
class Door:
    """The gateway and a client of it."""

    gateway: Gateway
    http: httpx.AsyncClient
    database: SqlDatabase
    blobs: FilesystemBlobs
    retrieval: PlayedRetrieval
    records: PlayedRecords
    probe: PlayedProbe
    letters: PlayedDeadLetters = field(default_factory=PlayedDeadLetters)
    key: str = KEY
    extra: dict[str, str] = field(default_factory=dict)

    def as_key(self, key: str) -> "Door":
        """The same gateway, called with another key."""
        return replace(self, key=key)

    def with_headers(self, **headers: str) -> "Door":
        """The same gateway, called with further headers (`_` for `-`)."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, extra=named)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Token {self.key}", **self.extra}

    async def raw(self, path: str, body: Any, **options: Any) -> httpx.Response:
        return await self.http.post(API + path, json=body, headers=self.headers, **options)

    async def post(self, path: str, body: Any) -> dict[str, Any]:
        """The envelope."""
        answer = await self.raw(path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ok(self, path: str, body: Any) -> Any:
        """`data` of a success."""
        found = await self.post(path, body)
        assert found["code"] == 0, found
        assert found["message"] == "ok"
        return found["data"]

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.headers)

    async def create_kb(self, name: str = "rules") -> str:
        data = await self.ok("/create/knowledgebase", {"knowledgebase_name": name})
        identifier: str = data["id"]
        return identifier

    async def upload(self, kb: str, *files: tuple[str, bytes]) -> list[dict[str, Any]]:
        entries = [
            {"name": name, "content": base64.b64encode(content).decode()} for name, content in files
        ]
        found: list[dict[str, Any]] = await self.ok(
            "/add/knowledgebase-file", {"knowledgebase_id": kb, "file": entries}
        )
        return found

    async def file(self, identifier: str) -> dict[str, Any]:
        data = await self.ok("/get/knowledgebase-file", {"file_ids": [identifier]})
        (found,) = data["file_detail_list"]
        assert isinstance(found, dict)
        return found

    async def events(self) -> list[Event]:
        """All events that wait in the outbox, oldest first."""
        async with self.database.read() as tx:
            rows = await tx.all(select(RUNTIME.outbox).order_by(RUNTIME.outbox.c.position))
        return [Envelope.model_validate(json.loads(row["value"])).open() for row in rows]

    async def deliver(self, event: DocumentProgressed | TaskProgressed) -> None:
        """As the bus would."""
        envelope = Envelope.wrap(
            event, event_id=UUID(int=0), time=0, producer=Service.MEMORIZER.value
        )
        for subscription in self.gateway.parts.subscriptions:
            handler = subscription.handlers.get(type(event))
            if handler is None:
                continue
            outcome = await handler(event, envelope)
            if outcome.apply is not None:
                async with self.database.write() as tx:
                    told = [*outcome.events, *await outcome.apply(tx)]
                    await Outbox(Service.GATEWAY, clock=SystemClock()).add(tx, told)

    async def progress(self, identifier: str, **said: Any) -> None:
        """Tell how far a document is."""
        async with self.database.read() as tx:
            catalogue = self.gateway.cases.documents._catalogue
            document = await catalogue.document(tx, identifier)
        assert document is not None
        known = {
            "project_id": document.project_id,
            "knowledgebase_id": document.knowledgebase_id,
            "document_id": identifier,
            "revision": document.state.revision,
            "attempt": document.state.attempt,
            "stage": "indexed",
        }
        await self.deliver(DocumentProgressed(**(known | said)))


WORLDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.real)]


def _database(folder: Path, world: str) -> SqlDatabase:
    if world == "postgres":
        schema = f"gateway_{uuid4().hex[:12]}"
        return SqlDatabase(postgres_url(), metadata=METADATA, migrations=MIGRATIONS, schema=schema)
    file = f"sqlite+aiosqlite:///{folder / 'gateway.db'}"
    return SqlDatabase(file, metadata=METADATA, migrations=MIGRATIONS)


@asynccontextmanager
async def opened_door(
    folder: Path,
    *,
    clock: Clock | None = None,
    world: str = "sqlite",
    lag: Lag = dict,
    chat_model: ChatModel | None = None,
    **settings: Any,
) -> AsyncIterator[Door]:
    """A migrated gateway with its first key; world: where its tables are. lag: by default
    unknown, as of a bus that is down.
    """
    time = clock or SystemClock()
    database = _database(folder, world)
    await database.migrate()
    blobs = FilesystemBlobs(folder)
    retrieval, records, probe = PlayedRetrieval(), PlayedRecords(), PlayedProbe()
    letters = PlayedDeadLetters()
    # A stream of events ends at once: this client reads whole answers.
    known = {"bootstrap_key": SecretStr(KEY), "event_stream_seconds": 0.05}
    chosen = GatewaySettings(**(known | settings))
    sender = webhook_sender(chosen)
    gateway = build(
        chosen,
        database=database,
        blobs=blobs,
        retrieval=retrieval,
        records=records,
        preview=PlayedPreview(),
        probe=probe,
        clock=time,
        outbox=Outbox(Service.GATEWAY, clock=time),
        sender=sender,
        lag=lag,
        chat_model=chat_model,
        dead_letters=letters,
    )
    await gateway.bootstrap()
    transport = httpx.ASGITransport(app=gateway.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://memloom") as http:
        yield Door(gateway, http, database, blobs, retrieval, records, probe, letters)
    await sender.close()
    await database.close()
