"""Fair shares: how many documents of a project are in the pipeline at once; the rest wait here.

A document is `queued` until its project has room for it, and then it is submitted by an event in
the transaction that takes it off the queue. Whoever calls holds the project's lock, so that any
number of gateways admit each document once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from services.gateway.domain.model import Document
from services.gateway.handlers.ports import KeyStore, Outbox
from services.kernel.contracts.events import BlobRef, DocumentSubmitted, Event
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# A megabyte lets others pass that came this much later (ms), so that a small document waits for
# no big one of its project, and a big one waits for no more than came within that time.
_MS_A_MEGABYTE: Final = 10_000
_MEGABYTE: Final = 1_048_576
# What a host does not tell the size of is taken for as large as this.
_UNKNOWN_BYTES: Final = 4 * _MEGABYTE
# How long a deleted document counts as in work when no receipt comes for it.
_GONE_MS: Final = 600_000


@dataclass(frozen=True, slots=True)
class Share:
    """What one project may have in the pipeline: documents, and of these, ones being fetched."""

    documents: int = 16
    fetches: int = 4


@dataclass(frozen=True, slots=True)
class InWork:
    """Documents of a project in the pipeline, and those of them whose bytes are still fetched."""

    documents: int
    fetches: int


class QueueStore(Protocol):
    """What admission needs of the gateway's tables."""

    async def in_work(self, tx: Transaction, project_id: str, *, deleted_after: int) -> InWork:
        """What the project has in the pipeline; deleted ones until they are purged, at most from
        then on.
        """
        ...

    async def queued(
        self, tx: Transaction, project_id: str, *, by_url: bool, limit: int
    ) -> list[Document]:
        """Documents that wait, in order of their turn."""
        ...

    async def queueing_projects(self, tx: Transaction) -> list[str]:
        """Projects that have documents waiting."""
        ...

    async def save_document(self, tx: Transaction, document: Document) -> None:
        """Write all columns."""
        ...


class Admission:
    """Takes documents off the queue."""

    def __init__(
        self,
        *,
        database: Database,
        store: QueueStore,
        keys: KeyStore,
        outbox: Outbox,
        clock: Clock,
        share: Share,
    ) -> None:
        self._database = database
        self._store = store
        self._keys = keys
        self._outbox = outbox
        self._clock = clock
        self._share = share

    def queue(self, document: Document) -> Document:
        """The document with its place in the queue."""
        size = document.state.size if document.state.size is not None else _UNKNOWN_BYTES
        turn = self._clock.now_ms() + size * _MS_A_MEGABYTE // _MEGABYTE
        return replace(document, queued_turn=turn)

    async def admit(self, tx: Transaction, project_id: str) -> list[Event]:
        """Take what the project has room for off the queue, and return the events to be sent in
        this transaction. The project is locked.
        """
        now = self._clock.now_ms()
        held = await self._store.in_work(tx, project_id, deleted_after=now - _GONE_MS)
        room = self._share.documents - held.documents
        fetches = min(room, self._share.fetches - held.fetches)
        waiting: list[Document] = []
        if room > 0:
            waiting += await self._store.queued(tx, project_id, by_url=False, limit=room)
        if fetches > 0:
            waiting += await self._store.queued(tx, project_id, by_url=True, limit=fetches)
        waiting.sort(key=lambda document: document.queued_turn or 0)
        admitted = [
            # The watchdog counts from here.
            replace(document, queued_turn=None, updated_at=now)
            for document in waiting[: max(room, 0)]
        ]
        for document in admitted:
            await self._store.save_document(tx, document)
        return [submitted_event(document) for document in admitted]

    async def once(self) -> int:
        """Admit what every project has room for; how many. Finds what was left behind when a
        place became free unseen (a document given up or deleted, a share made larger).
        """
        async with self._database.read() as tx:
            projects = await self._store.queueing_projects(tx)
        return sum([await self._admit_alone(project_id) for project_id in projects])

    async def _admit_alone(self, project_id: str) -> int:
        async with self._database.write() as tx:
            await self._keys.lock_project(tx, project_id)
            events: Sequence[Event] = await self.admit(tx, project_id)
            await self._outbox.add(tx, events)
        return len(events)


def submitted_event(document: Document) -> DocumentSubmitted:
    """What ingest is told of a document in its present revision and attempt."""
    state = document.state
    staged = None
    if document.staged_path:
        # Where it was sent before: already taken over, or still there; ingest adopts either.
        staged = BlobRef(path=document.staged_path, size=state.size or 0, sha256=state.sha256)
    return DocumentSubmitted(
        project_id=document.project_id,
        knowledgebase_id=document.knowledgebase_id,
        document_id=document.id,
        revision=state.revision,
        attempt=state.attempt,
        name=document.name,
        url=document.url,
        staged=staged,
        declared_type=document.declared_type or state.media_type,
        document_type=document.type,
    )
