"""Submitted documents become stored originals; removed ones leave nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.ingest.domain.media import HEAD_BYTES, detect, detect_skill, safe_name
from services.kernel.contracts.blob_paths import original_path, original_prefix
from services.kernel.contracts.errors import Code, InvalidInput, MemloomError, NotFound, StaleEvent
from services.kernel.contracts.events import (
    BlobRef,
    DeletionProgressed,
    DocumentIdentity,
    DocumentProgressed,
    DocumentRemoved,
    DocumentStored,
    DocumentSubmitted,
    Envelope,
    Event,
    OwnerRemoved,
    document_subject,
    owner_subject,
)
from services.kernel.contracts.skills import MAX_ARCHIVE_BYTES, SKILL
from services.kernel.contracts.topics import Service
from services.kernel.ports.blobs import BlobInfo, Blobs
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime.dispatch import Outcome


class Fetched(Protocol):
    """A response being read: the name and type that it claims, and its bytes."""

    @property
    def name(self) -> str:
        """File name, from the header or the URL."""
        ...

    @property
    def media_type(self) -> str:
        """As the host declares it."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes, where the host says so."""
        ...

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes, once."""
        ...


class Fetcher(Protocol):
    """A guarded way to the outside."""

    def fetch(self, url: str) -> AbstractAsyncContextManager[Fetched]:
        """InvalidInput NOT_FETCHED when it is refused, missing or keeps failing."""
        ...


class DocumentStore(Protocol):
    """What ingest remembers of documents."""

    async def is_removed(self, tx: Transaction, event: DocumentIdentity) -> bool:
        """Whether the document, or its knowledge base, has a tombstone."""
        ...

    async def record(self, tx: Transaction, event: DocumentIdentity, stored: BlobInfo) -> None:
        """Remember the stored original of a revision."""
        ...

    async def bury(self, tx: Transaction, event: DocumentRemoved) -> None:
        """Write the document's tombstone, known or not."""
        ...

    async def bury_owner(self, tx: Transaction, event: OwnerRemoved) -> None:
        """Write a knowledge base's tombstone."""
        ...


def needs_fetch(event: Event) -> bool:
    """Whether it is a document whose bytes are still at its URL."""
    return isinstance(event, DocumentSubmitted) and event.staged is None


class Documents:
    """Handlers of the document topics."""

    def __init__(
        self,
        *,
        database: Database,
        store: DocumentStore,
        blobs: Blobs,
        fetcher: Fetcher,
        max_file_bytes: int,
    ) -> None:
        self._database = database
        self._store = store
        self._blobs = blobs
        self._fetcher = fetcher
        self._limit = max_file_bytes
        self._fetching: dict[str, asyncio.Task[tuple[str, str, BlobInfo]]] = {}

    async def on_uploaded(self, event: Event, _: Envelope) -> Outcome:
        """Take over the bytes that came with the upload, and tell the parser."""
        assert isinstance(event, DocumentSubmitted)  # noqa: S101 - the table routes by type
        if event.staged is None:
            return Outcome()
        await self._refuse_removed(event)
        path = original_path(original_prefix(event), event.revision)
        stored = await self._adopt(event.staged, path)
        return await self._stored(event, path, (event.name, event.declared_type, stored))

    async def on_linked(self, event: Event, _: Envelope) -> Outcome:
        """Fetch the bytes from the document's URL, and tell the parser."""
        assert isinstance(event, DocumentSubmitted)  # noqa: S101 - the table routes by type
        await self._refuse_removed(event)
        path = original_path(original_prefix(event), event.revision)
        return await self._stored(event, path, await self._fetch_until_removed(event, path))

    async def _refuse_removed(self, event: DocumentSubmitted) -> None:
        async with self._database.read() as tx:
            removed = await self._store.is_removed(tx, event)
        if removed:
            staged = event.staged is not None and await self._blobs.delete(event.staged.path)
            ignored = _told(event, done=False, events_ignored=1, staged=int(staged))
            raise StaleEvent("the document was removed", tell=(ignored,))

    async def _fetch_until_removed(
        self, event: DocumentSubmitted, path: str
    ) -> tuple[str, str, BlobInfo]:
        """What the host sends; StaleEvent as soon as the document is removed here."""
        fetching = asyncio.ensure_future(self._fetch(event, path))
        self._fetching[event.document_id] = fetching
        try:
            await asyncio.wait({fetching})
        finally:
            if self._fetching.get(event.document_id) is fetching:
                del self._fetching[event.document_id]
            if not fetching.done():  # this process stops
                fetching.cancel()
                await asyncio.wait({fetching})
        if fetching.cancelled():
            raise StaleEvent("the document was removed while it was fetched")
        return fetching.result()

    async def _stored(
        self, event: DocumentSubmitted, path: str, found: tuple[str, str, BlobInfo]
    ) -> Outcome:
        """found: name, type as declared, and the bytes."""
        name, declared, stored = found
        head = await self._head(path)
        skill = event.document_type == SKILL
        media_type = detect_skill(name, head) if skill else detect(name, head, declared)
        name = safe_name(name)
        identity = event.model_dump(include=set(DocumentIdentity.model_fields))
        blob = BlobRef(path=path, size=stored.size, sha256=stored.sha256)
        events = (
            DocumentStored(
                **identity, name=name, original=blob, media_type=media_type, tags=event.tags
            ),
            DocumentProgressed(
                **identity,
                stage="stored",
                progress=1.0,
                name=name,
                size=stored.size,
                sha256=stored.sha256,
                media_type=media_type,
            ),
        )

        async def apply(tx: Transaction) -> tuple[Event, ...]:
            if await self._store.is_removed(tx, event):
                # Removed while it was fetched: its folder was emptied before this blob was put.
                await self._blobs.delete(path)
                return ()
            await self._store.record(tx, event, stored)
            return events

        return Outcome(apply=apply)

    async def on_removed(self, event: Event, _: Envelope) -> Outcome:
        """Tombstone first, then the bytes: a repeat does both again, harmlessly."""
        assert isinstance(event, DocumentRemoved)  # noqa: S101 - the table routes by type
        async with self._database.write() as tx:
            await self._store.bury(tx, event)
        fetching = self._fetching.get(event.document_id)
        if fetching is not None:
            fetching.cancel()
        gone = await self._blobs.delete_prefix(original_prefix(event))
        return Outcome(events=(_told(event, event.deletion_id, originals=gone),))

    async def on_owner_removed(self, event: Event, _: Envelope) -> Outcome:
        """A knowledge base's originals go with it; users own none."""
        assert isinstance(event, OwnerRemoved)  # noqa: S101 - the table routes by type
        if not event.is_knowledge_base:
            return Outcome()
        async with self._database.write() as tx:
            await self._store.bury_owner(tx, event)
        gone = await self._blobs.delete_prefix(f"originals/{event.project_id}/{event.owner.id}/")
        told = DeletionProgressed(
            project_id=event.project_id,
            subject=owner_subject(event.owner),
            service=Service.INGEST,
            deletion_id=event.deletion_id,
            counts={"originals": gone},
        )
        return Outcome(events=(told,))

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """A bad document ends FAILED with its code; its bytes are not kept."""
        if not isinstance(event, DocumentSubmitted):
            return Outcome()
        await self._blobs.delete(original_path(original_prefix(event), event.revision))
        failed = DocumentProgressed(
            **event.model_dump(include=set(DocumentIdentity.model_fields)),
            stage="stored",
            outcome="failed",
            error_code=int(error.code),
            error_message=error.message,
            name=safe_name(event.name),
        )
        return Outcome(events=(failed,))

    async def _adopt(self, staged: BlobRef, path: str) -> BlobInfo:
        try:
            await self._blobs.move(staged.path, path)
        except NotFound as error:
            raise InvalidInput(
                "the uploaded bytes are gone; upload the file again", code=Code.NOT_FETCHED
            ) from error
        if staged.sha256:
            return BlobInfo(path=path, size=staged.size, sha256=staged.sha256)
        info = await self._blobs.info(path)
        if info is None:
            raise InvalidInput(
                "the uploaded bytes are gone; upload the file again", code=Code.NOT_FETCHED
            )
        return info

    async def _fetch(self, event: DocumentSubmitted, path: str) -> tuple[str, str, BlobInfo]:
        skill = event.document_type == SKILL
        limit = min(self._limit, MAX_ARCHIVE_BYTES) if skill else self._limit
        async with self._fetcher.fetch(event.url) as fetched:
            if fetched.size is not None and fetched.size > limit:
                raise InvalidInput(
                    f"the file has {fetched.size} bytes; at most {limit} are allowed",
                    code=Code.FILE_TOO_LARGE,
                )
            stored = await self._blobs.put(path, fetched.chunks, limit=limit)
            name = event.name or fetched.name
            return name, event.declared_type or fetched.media_type, stored

    async def _head(self, path: str) -> bytes:
        head = b""
        async for chunk in self._blobs.stream(path, chunk_size=HEAD_BYTES):
            head += chunk
            if len(head) >= HEAD_BYTES:
                break
        return head[:HEAD_BYTES]


def _told(
    event: DocumentIdentity, deletion_id: str = "", *, done: bool = True, **counts: int
) -> DeletionProgressed:
    """What was done about a document that was deleted."""
    return DeletionProgressed(
        project_id=event.project_id,
        subject=document_subject(event.document_id),
        service=Service.INGEST,
        deletion_id=deletion_id,
        done=done,
        counts=counts,
    )
