"""Admission of documents: checked, staged, then admitted in one transaction, all or none."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final, Literal
from uuid import uuid4

from services.gateway.domain import encoding, media, status
from services.gateway.domain.documents import as_copy, uploaded
from services.gateway.domain.limits import MEGABYTE, Limits, plan_of
from services.gateway.domain.model import Document, DocumentState, Place, Project
from services.gateway.domain.quota import check_may_store
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.documents import resolved
from services.gateway.handlers.knowledgebases import require_linked
from services.gateway.handlers.pieces import all_of
from services.gateway.handlers.pieces import pieces as pieces_of
from services.gateway.handlers.ports import CatalogueStore, KeyStore, Outbox
from services.kernel.contracts.errors import (
    Code,
    InvalidInput,
    NotFound,
    TooManyRequests,
    Unauthorized,
)
from services.kernel.contracts.events import BlobRef, DocumentSubmitted
from services.kernel.ports.blobs import BlobInfo, Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.preview import Probe
from services.kernel.ports.store import Database, Transaction

STAGING: Final = "staging/"
_DOCUMENT_TYPES: Final = ("document", "doc")
_LONGEST_URL: Final = 8192
# Uploads that may wait for a place, as a multiple of the places; more are told to come back.
_QUEUE: Final = 8


@dataclass(frozen=True, slots=True)
class Incoming:
    """One entry of an upload as it arrived. kind `text`: `source` holds the `content` field (a
    URL, a data URI, Base64 or the text itself); `bytes`: the file itself.
    """

    kind: Literal["text", "bytes"]
    source: BinaryIO
    name: str = ""
    type: str = "document"
    declared: str = ""


@dataclass(slots=True)
class Admitted:
    """An entry that passed the checks: its bytes are staged, or its URL was looked at. named: by
    the caller.
    """

    name: str
    declared: str
    url: str = ""
    staged: BlobInfo | None = None
    size: int | None = None
    named: bool = False
    used: bool = field(default=False)


class Uploads:
    """Use cases that bring documents in."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        keys: KeyStore,
        outbox: Outbox,
        writes: Writes,
        blobs: Blobs,
        probe: Probe,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._keys = keys
        self._outbox = outbox
        self._writes = writes
        self._blobs = blobs
        self._probe = probe
        self._clock = clock
        self._limits = limits
        self._places = asyncio.Semaphore(limits.uploads)
        self._waiting = 0

    async def add(
        self, call: Call, knowledgebase_id: str, entries: Sequence[Incoming]
    ) -> list[dict[str, Any]]:
        """Admit the documents; one bad entry refuses all, and then nothing is admitted."""
        async with self._database.read() as tx:
            await require_linked(tx, self._catalogue, call.project.id, [knowledgebase_id])
        admitted = await self.receive(entries)
        try:
            return await self._once(call, knowledgebase_id, admitted)
        finally:
            await self.discard(admitted)

    async def replace_content(
        self, call: Call, document_id: str, entry: Incoming
    ) -> dict[str, Any]:
        """New bytes of a document: its next revision."""
        (admitted,) = await self.receive([entry])
        try:
            async with self._database.write() as tx:
                document = await self._catalogue.document(tx, document_id, locked=True)
                if (
                    document is None
                    or document.project_id != call.project.id
                    or document.deleted_at is not None
                ):
                    raise NotFound(f"there is no document {document_id!r}")
                state = DocumentState(revision=document.state.revision + 1)
                renewed = await self._submit(tx, call, replace(document, state=state), admitted)
            return uploaded(renewed)
        finally:
            await self.discard([admitted])

    def _check_request(self, entries: Sequence[Incoming]) -> None:
        if not entries:
            raise InvalidInput("`file` must not be empty", code=Code.LIST_EMPTY)
        if len(entries) > self._limits.max_files:
            raise InvalidInput(
                f"{len(entries)} files were sent; send at most {self._limits.max_files} at once",
                code=Code.TOO_MANY_FILES,
            )
        for entry in entries:
            if entry.type not in _DOCUMENT_TYPES:
                raise InvalidInput(
                    f"`type` {entry.type!r} is not supported; send `document`",
                    code=Code.UNSUPPORTED_TYPE_FIELD,
                )

    async def receive(self, entries: Sequence[Incoming]) -> list[Admitted]:
        """Check the entries and stage their bytes; what is not entered then is to be discarded."""
        self._check_request(entries)
        if self._waiting >= self._limits.uploads * _QUEUE:
            raise TooManyRequests("too many uploads at once; try again", retry_after=2.0)
        self._waiting += 1
        try:
            async with self._places:
                return await self._check_and_stage(entries)
        finally:
            self._waiting -= 1

    async def _check_and_stage(self, entries: Sequence[Incoming]) -> list[Admitted]:
        heads = [await self._look(entry) for entry in entries]
        self._check_sizes(sum(size for _, size in heads), [size for _, size in heads])
        probes = [
            self._look_at_url(entry)
            for entry, (head, _) in zip(entries, heads, strict=True)
            if head.kind == "url"
        ]
        found = iter(await asyncio.gather(*probes))
        admitted: list[Admitted] = []
        whole = False
        try:
            for entry, (head, _) in zip(entries, heads, strict=True):
                if head.kind == "url":
                    admitted.append(next(found))
                else:
                    admitted.append(await self._stage(entry, head))
                self._check_sizes(sum(known.size or 0 for known in admitted), [])
            whole = True
        finally:
            if not whole:
                await self.discard(admitted)
        return admitted

    def _check_sizes(self, total: int, each: Sequence[int]) -> None:
        limits = self._limits
        for size in each:
            if size > limits.max_file_bytes:
                raise InvalidInput(
                    f"a file has {size / MEGABYTE:.1f} MB; "
                    f"send at most {limits.max_file_bytes / MEGABYTE:g} MB each",
                    code=Code.FILE_TOO_LARGE,
                )
        if total > limits.max_upload_bytes:
            raise InvalidInput(
                f"the files have more than {limits.max_upload_bytes / MEGABYTE:g} MB together; "
                "send them in several requests",
                code=Code.FILES_TOO_LARGE,
            )

    async def _look(self, entry: Incoming) -> tuple[encoding.ContentHead, int]:
        """What the entry is, and about how many bytes it decodes to."""

        def look() -> tuple[bytes, int]:
            size = entry.source.seek(0, 2)
            entry.source.seek(0)
            return entry.source.read(encoding.HEAD_BYTES), size

        start, size = await asyncio.to_thread(look)
        if entry.kind == "bytes":
            return encoding.ContentHead("bytes"), size
        may_be_text = media.names_text(media.safe_name(entry.name, default=""), entry.declared)
        head = encoding.inspect(start, may_be_text=may_be_text)
        if head.kind != "base64":
            return head, size if head.kind == "text" else 0
        # Line feeds inside make the text longer than the bytes need; decoding counts exactly.
        return head, 0 if b"\n" in start else max(0, (size - head.offset) * 3 // 4 - 2)

    async def _look_at_url(self, entry: Incoming) -> Admitted:
        raw = await asyncio.to_thread(_read_from, entry.source, 0)
        url = raw.decode("utf-8", "replace").strip()
        if len(url) > _LONGEST_URL:
            raise InvalidInput("the URL is too long", code=Code.NOT_FETCHED)
        given = media.safe_name(entry.name, default="")
        if given:
            media.check_name(given, entry.declared)
        seen = await self._probe.probe(url)
        declared = entry.declared or seen.media_type
        name = given or media.safe_name(seen.name, default="") or media.name_from_url(url)
        if name and not given and media.extension_of(name) not in media.MEDIA_TYPES:
            # A page address such as /download.php says less than the type that its host names.
            extension = media.extension_for(seen.media_type)
            name = f"{name}.{extension}" if extension else name
        if name and not given:
            media.check_name(name, declared)
        media.check_page(name, seen.media_type)
        if seen.size is not None:
            self._check_sizes(0, [seen.size])
        return Admitted(name=name or "document", declared=declared, url=url, size=seen.size)

    async def _stage(self, entry: Incoming, head: encoding.ContentHead) -> Admitted:
        declared = entry.declared or head.media_type
        name = media.safe_name(entry.name, default="")
        if name:
            media.check_name(name, declared)
        pieces = (
            pieces_of(entry.source, 0)
            if head.kind in {"bytes", "text"}
            else encoding.decode(pieces_of(entry.source, head.offset))
        )
        start = await asyncio.to_thread(next, pieces, b"")
        named = bool(name)
        name = name or f"document{_suffix(declared, start)}"
        media.check_head(name, start[: media.HEAD_BYTES], declared)
        if not media.extension_of(name) and not declared:
            declared = media.MEDIA_TYPES.get(_extension(declared, start), "")
        staged = await self._blobs.put(
            f"{STAGING}{uuid4().hex}", all_of(start, pieces), limit=self._limits.max_file_bytes
        )
        return Admitted(
            name=name, declared=declared, staged=staged, size=staged.size, named=named
        )

    async def _once(
        self, call: Call, knowledgebase_id: str, admitted: list[Admitted]
    ) -> list[dict[str, Any]]:
        async def perform(call: Call) -> list[dict[str, Any]]:
            return await self._admit(call, knowledgebase_id, admitted)

        # The same bytes are recognised as such; only a URL needs the rule for repeats.
        if not call.idempotency_key and all(entry.staged is not None for entry in admitted):
            return await perform(call)
        body = [
            knowledgebase_id,
            [
                [entry.name, entry.url, entry.staged.sha256 if entry.staged else ""]
                for entry in admitted
            ],
        ]
        answer = await self._writes.once(
            call, "add/knowledgebase-file", body, perform, usable=self._none_failed(call)
        )
        return await self._present(call, answer)

    def _none_failed(self, call: Call) -> Any:
        async def usable(answer: list[dict[str, Any]]) -> bool:
            present = await self._present(call, answer)
            return call.idempotency_key != "" or all(
                entry["status"] != "FAILED" for entry in present
            )

        return usable

    async def _present(self, call: Call, answer: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A remembered answer with the present states."""
        async with self._database.read() as tx:
            ids = [entry["id"] for entry in answer]
            found = await resolved(tx, self._catalogue, call.project.id, ids)
        return [uploaded(found[entry["id"]]) if entry["id"] in found else entry for entry in answer]

    async def _admit(
        self, call: Call, knowledgebase_id: str, admitted: Sequence[Admitted]
    ) -> list[dict[str, Any]]:
        async with self._database.write() as tx:
            project = await self._keys.lock_project(tx, call.project.id)
            if project is None:
                raise Unauthorized("the key's project is gone", code=Code.BAD_PROJECT)
            (place,) = await require_linked(tx, self._catalogue, project.id, [knowledgebase_id])
            documents = await self.enter(tx, call, project, place, admitted)
            documents = [
                await self._under_its_name(tx, document, entry)
                for document, entry in zip(documents, admitted, strict=True)
            ]
            answer = [uploaded(document) for document in documents]
            subjects = [f"kb:{knowledgebase_id}", *(f"document:{doc.id}" for doc in documents)]
            await self._writes.remember(tx, call, answer, subjects)
        return answer

    async def enter(
        self,
        tx: Transaction,
        call: Call,
        project: Project,
        place: Place,
        admitted: Sequence[Admitted],
        *,
        held: int = 0,
    ) -> list[Document]:
        """The entries as documents that go their way, where the plan has room; the project is
        locked. held: bytes in use where no knowledge base of the catalogue counts them.
        """
        usage = [
            kb for kb in await self._catalogue.usage(tx, project.id) if kb.project_id == project.id
        ]
        found = [await self._known(tx, project, place, entry) for entry in admitted]
        more = sum(
            self._reserve(entry)
            for entry, known in zip(admitted, found, strict=True)
            if known is None or known.state.outcome == "failed"
        )
        check_may_store(plan_of(project.plan), usage, place, held + more)
        documents = []
        for entry in admitted:
            # Again: an entry before it in this request may hold the same bytes.
            known = await self._known(tx, project, place, entry)
            documents.append(await self._enter(tx, call, place, entry, known))
        return documents

    async def _known(
        self, tx: Transaction, project: Project, place: Place, entry: Admitted
    ) -> Document | None:
        sha256 = entry.staged.sha256 if entry.staged is not None else ""
        return await self._catalogue.same_content(tx, project.id, place, sha256, entry.url)

    def _reserve(self, entry: Admitted) -> int:
        return entry.size if entry.size is not None else self._limits.max_file_bytes

    async def _enter(
        self,
        tx: Transaction,
        call: Call,
        place: Place,
        entry: Admitted,
        known: Document | None,
    ) -> Document:
        if known is None:
            now = self._clock.now_ms()
            fresh = Document(
                id=uuid4().hex,
                project_id=call.project.id,
                knowledgebase_id=place,
                name=entry.name,
                type="document",
                url=entry.url,
                staged_path="",
                reserved=0,
                created_at=now,
                updated_at=now,
                state=DocumentState(),
            )
            await self._catalogue.add_document(tx, fresh)
            return await self._submit(tx, call, fresh, entry)
        if known.state.outcome != "failed":
            return known
        again = DocumentState(revision=known.state.revision, attempt=known.state.attempt + 1)
        return await self._submit(tx, call, replace(known, state=again), entry)

    async def _under_its_name(
        self, tx: Transaction, document: Document, entry: Admitted
    ) -> Document:
        """The document; one that was there under another name gets this one as well: a copy with
        an id of its own, which may be deleted without the document.
        """
        if not entry.named or entry.name == document.name:
            return document
        copy = await self._catalogue.copy_named(tx, document.id, entry.name)
        if copy is None:
            now = self._clock.now_ms()
            copy = replace(
                document,
                id=uuid4().hex,
                name=entry.name,
                url="",
                staged_path="",
                reserved=0,
                created_at=now,
                updated_at=now,
                state=DocumentState(outcome="completed", stage="removed"),
                # Nothing lies anywhere under this id: neither a list nor a purge concerns it.
                deleted_at=now,
                purged_at=now,
                duplicate_of=document.id,
            )
            await self._catalogue.add_document(tx, copy)
        return as_copy(copy, document)

    async def _submit(
        self, tx: Transaction, call: Call, document: Document, entry: Admitted
    ) -> Document:
        state = replace(
            document.state,
            size=entry.size,
            sha256=entry.staged.sha256 if entry.staged is not None else "",
        )
        submitted = replace(
            document,
            state=state,
            name=entry.name,
            url=entry.url,
            staged_path=entry.staged.path if entry.staged is not None else "",
            reserved=status.reserved_bytes(state, self._reserve(entry)),
            updated_at=self._clock.now_ms(),
        )
        entry.used = True
        await self._catalogue.save_document(tx, submitted)
        event = DocumentSubmitted(
            project_id=submitted.project_id,
            knowledgebase_id=submitted.knowledgebase_id,
            document_id=submitted.id,
            revision=state.revision,
            attempt=state.attempt,
            name=submitted.name,
            url=submitted.url,
            staged=None
            if entry.staged is None
            else BlobRef(
                path=entry.staged.path, size=entry.staged.size, sha256=entry.staged.sha256
            ),
            declared_type=entry.declared,
        )
        await self._outbox.add(tx, [event], correlation_id=call.request_id)
        return submitted

    async def discard(self, admitted: Sequence[Admitted]) -> None:
        """Remove what was staged and not entered."""
        for entry in admitted:
            if entry.staged is not None and not entry.used:
                await self._blobs.delete(entry.staged.path)


def _suffix(declared: str, head: bytes) -> str:
    extension = _extension(declared, head)
    return f".{extension}" if extension else ""


def _extension(declared: str, head: bytes) -> str:
    start = head[: media.HEAD_BYTES]
    return (
        media.extension_for(declared) or media.guess_extension(start) or media.sniff_text(start)
    )


def _read_from(source: BinaryIO, offset: int) -> bytes:
    source.seek(offset)
    return source.read(_LONGEST_URL * 4)
