"""Stored documents become parsed blobs; removed ones leave nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from services.kernel.contracts.blob_paths import parsed_path, parsed_prefix
from services.kernel.contracts.errors import Code, InvalidInput, MemloomError, NotFound, StaleEvent
from services.kernel.contracts.events import (
    BlobRef,
    DeletionProgressed,
    DocumentIdentity,
    DocumentParsed,
    DocumentProgressed,
    DocumentRemoved,
    DocumentStored,
    Envelope,
    Event,
    OwnerRemoved,
    document_subject,
    owner_subject,
)
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome


@dataclass(frozen=True, slots=True)
class Parsed:
    """A `ParsedDocument` as JSON, and what events tell about it."""

    json: bytes
    title: str
    pages: int | None
    characters: int


class Parsing(Protocol):
    """Reads a file and builds its blocks, away from the event loop, within time and memory."""

    async def parse(self, path: Path, *, name: str, media_type: str) -> Parsed:
        """InvalidInput with the document's own code; DependencyUnavailable when a reader is
        down.
        """
        ...


class DocumentStore(Protocol):
    """What the parser remembers of documents."""

    async def is_removed(self, tx: Transaction, event: DocumentIdentity) -> bool:
        """Whether the document, or its knowledge base, has a tombstone."""
        ...

    async def latest(self, tx: Transaction, event: DocumentIdentity) -> int:
        """The highest revision parsed, 0 for none."""
        ...

    async def record(
        self, tx: Transaction, event: DocumentIdentity, *, characters: int, milliseconds: int
    ) -> None:
        """Remember a parsed revision."""
        ...

    async def bury(self, tx: Transaction, event: DocumentRemoved) -> None:
        """Write the document's tombstone, known or not."""
        ...

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        """Write a knowledge base's tombstone."""
        ...


class Documents:
    """Handlers of the document topics."""

    def __init__(
        self,
        *,
        database: Database,
        store: DocumentStore,
        blobs: Blobs,
        parsing: Parsing,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._blobs = blobs
        self._parsing = parsing
        self._clock = clock

    async def on_stored(self, event: Event, _: Envelope) -> Outcome:
        """Parse the original, write the parsed blob, tell the memorizer."""
        assert isinstance(event, DocumentStored)  # noqa: S101 - the table routes by type
        async with self._database.read() as tx:
            await self._refuse_stale(tx, event)
        began = self._clock.now_ms()
        try:
            async with self._blobs.as_file(event.original.path) as path:
                document = await self._parsing.parse(
                    path, name=event.name, media_type=event.media_type
                )
        except NotFound as gone:
            async with self._database.read() as tx:
                await self._refuse_stale(tx, event)
            raise InvalidInput(
                "the document's bytes are gone; upload it again", code=Code.NOT_FETCHED
            ) from gone
        target = parsed_path(parsed_prefix(event), event.revision)
        stored = await self._blobs.put(target, document.json)
        identity = event.model_dump(include=set(DocumentIdentity.model_fields))
        events = (
            DocumentParsed(
                **identity,
                name=event.name,
                parsed=BlobRef(path=target, size=stored.size, sha256=stored.sha256),
                title=document.title,
                pages=document.pages,
                characters=document.characters,
                tags=event.tags,
            ),
            DocumentProgressed(
                **identity,
                stage="parsed",
                progress=1.0,
                name=event.name,
                media_type=event.media_type,
                pages=document.pages,
            ),
        )
        took = self._clock.now_ms() - began

        async def apply(tx: Transaction) -> tuple[Event, ...]:
            if await self._store.is_removed(tx, event):
                # Removed while it was parsed: its folder was emptied before this blob was put.
                await self._blobs.delete(target)
                return ()
            await self._store.record(tx, event, characters=document.characters, milliseconds=took)
            return events

        return Outcome(apply=apply)

    async def on_removed(self, event: Event, _: Envelope) -> Outcome:
        """Tombstone first, then the blobs: a repeat does both again, harmlessly."""
        assert isinstance(event, DocumentRemoved)  # noqa: S101 - the table routes by type
        async with self._database.write() as tx:
            await self._store.bury(tx, event)
        gone = await self._blobs.delete_prefix(parsed_prefix(event))
        return Outcome(events=(_told(event, event.deletion_id, parsed=gone),))

    async def on_owner_removed(self, event: Event, _: Envelope) -> Outcome:
        """A knowledge base's parsed blobs go with it; users own none."""
        assert isinstance(event, OwnerRemoved)  # noqa: S101 - the table routes by type
        if not event.is_knowledge_base:
            return Outcome()
        async with self._database.write() as tx:
            await self._store.bury_owner(tx, event)
        gone = await self._blobs.delete_prefix(f"parsed/{event.project_id}/{event.owner.id}/")
        told = DeletionProgressed(
            project_id=event.project_id,
            subject=owner_subject(event.owner),
            service=Service.PARSER,
            deletion_id=event.deletion_id,
            counts={"parsed": gone},
        )
        return Outcome(events=(told,))

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """A document that cannot be parsed ends FAILED with its code."""
        if not isinstance(event, DocumentStored):
            return Outcome()
        failed = DocumentProgressed(
            **event.model_dump(include=set(DocumentIdentity.model_fields)),
            stage="parsed",
            outcome="failed",
            error_code=int(error.code),
            error_message=error.message,
            name=event.name,
            media_type=event.media_type,
        )
        return Outcome(events=(failed,))

    async def _refuse_stale(self, tx: Transaction, event: DocumentIdentity) -> None:
        if await self._store.is_removed(tx, event):
            ignored = _told(event, done=False, events_ignored=1)
            raise StaleEvent("the document was removed", tell=(ignored,))
        if await self._store.latest(tx, event) > event.revision:
            raise StaleEvent("a newer revision of the document was parsed already")


def _told(
    event: DocumentIdentity, deletion_id: str = "", *, done: bool = True, **counts: int
) -> DeletionProgressed:
    """What was done about a document that was deleted."""
    return DeletionProgressed(
        project_id=event.project_id,
        subject=document_subject(event.document_id),
        service=Service.PARSER,
        deletion_id=deletion_id,
        done=done,
        counts=counts,
    )
