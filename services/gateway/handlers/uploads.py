"""Admission of documents: checked, staged, then admitted in one transaction, all or none."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from services.gateway.domain import status
from services.gateway.domain.documents import as_copy, uploaded
from services.gateway.domain.limits import Limits
from services.gateway.domain.model import Document, DocumentState, Place, Project
from services.gateway.domain.versions import version_of
from services.gateway.handlers.admission import Admission
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.documents import resolved
from services.gateway.handlers.door import Gate
from services.gateway.handlers.knowledgebases import require_owned
from services.gateway.handlers.ports import CatalogueStore, Outbox
from services.gateway.handlers.quotas import Quotas
from services.gateway.handlers.receiving import Admitted, FileReceiver, Incoming
from services.gateway.handlers.usage import Meter
from services.kernel.contracts.errors import Code, Conflict, NotFound
from services.kernel.ports.blobs import BlobInfo, Blobs
from services.kernel.ports.clock import Clock
from services.kernel.ports.preview import Probe
from services.kernel.ports.store import Database, Transaction


class Uploads:
    """Use cases that bring documents in."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        quotas: Quotas,
        admission: Admission,
        outbox: Outbox,
        writes: Writes,
        gate: Gate,
        blobs: Blobs,
        probe: Probe,
        clock: Clock,
        limits: Limits,
        meter: Meter,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._meter = meter
        self._quotas = quotas
        self._admission = admission
        self._outbox = outbox
        self._writes = writes
        self._gate = gate
        self._receiver = FileReceiver(blobs=blobs, probe=probe, limits=limits)
        self._clock = clock
        self._limits = limits

    async def add(
        self, call: Call, knowledgebase_id: str, entries: Sequence[Incoming]
    ) -> list[dict[str, Any]]:
        """Admit the documents; one bad entry refuses all, and then nothing is admitted."""
        self._gate.queue("documents")
        async with self._database.read() as tx:
            await require_owned(tx, self._catalogue, call.project.id, [knowledgebase_id])
        admitted = await self.receive(call, entries)
        try:
            return await self._once(call, knowledgebase_id, admitted)
        finally:
            await self.discard(admitted)

    async def replace_content(
        self, call: Call, document_id: str, entry: Incoming
    ) -> dict[str, Any]:
        """New bytes of a document: its next revision, where the plan has room."""
        self._gate.queue("documents")
        async with self._database.read() as tx:
            kind = (await self._own(tx, call, document_id, locked=False)).type
        (admitted,) = await self.receive(call, [replace(entry, type=kind)])
        try:
            async with self._database.write() as tx:
                project = await self._quotas.lock(tx, call)
                document = await self._own(tx, call, document_id)
                call.expect(version_of(document.id, document.state.revision))
                place = await self._place_of(tx, project, document)
                more = self._reserve(admitted) - document.reserved
                await self._quotas.check_store(tx, project, place, more)
                state = DocumentState(revision=document.state.revision + 1)
                renewed = await self._queue(tx, replace(document, state=state), admitted)
                await self._admit_queued(tx, call)
                await self._writes.touch(tx, call, _touched(document))
            return uploaded(renewed)
        finally:
            await self.discard([admitted])

    async def retry(self, call: Call, document_id: str) -> None:
        """Send a FAILED document its way again; NotFound, Conflict for one that did not fail,
        QuotaExceeded.
        """
        async with self._database.write() as tx:
            project = await self._quotas.lock(tx, call)
            document = await self._own(tx, call, document_id)
            state = document.state
            if state.outcome != "failed":
                raise Conflict(
                    f"document {document_id!r} did not fail, it is {state.outcome}; only a FAILED "
                    "one is tried again",
                    code=Code.STATE_CONFLICT,
                )
            entry = Admitted(
                name=document.name,
                declared=document.declared_type or state.media_type,
                url=document.url,
                staged=BlobInfo(document.staged_path, state.size or 0, state.sha256)
                if document.staged_path
                else None,
                size=state.size,
                type=document.type,
            )
            place = await self._place_of(tx, project, document)
            await self._quotas.check_store(tx, project, place, self._reserve(entry))
            again = DocumentState(revision=state.revision, attempt=state.attempt + 1)
            await self._queue(tx, replace(document, state=again), entry)
            await self._admit_queued(tx, call)
            await self._writes.touch(tx, call, _touched(document))

    async def _own(
        self, tx: Transaction, call: Call, document_id: str, *, locked: bool = True
    ) -> Document:
        document = await self._catalogue.document(tx, document_id, locked=locked)
        if (
            document is None
            or document.project_id != call.project.id
            or document.deleted_at is not None
        ):
            raise NotFound(f"there is no document {document_id!r}")
        return document

    async def _place_of(self, tx: Transaction, project: Project, document: Document) -> Place:
        """Where the document lies; Forbidden where that is a knowledge base that is not linked."""
        place = document.knowledgebase_id
        if place in await self._catalogue.knowledge_bases(tx, project.id, [place]):
            await require_owned(tx, self._catalogue, project.id, [place])
        return Place(place)

    async def receive(self, call: Call, entries: Sequence[Incoming]) -> list[Admitted]:
        """Check the entries and stage their bytes; what is not entered then is to be discarded."""
        return await self._receiver.receive(call.project.id, entries)

    async def discard(self, admitted: Sequence[Admitted]) -> None:
        """Remove what was staged and not entered."""
        await self._receiver.discard(admitted)

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
                [
                    entry.name,
                    entry.url,
                    entry.staged.sha256 if entry.staged else "",
                    *([] if entry.type == "document" else [entry.type]),
                ]
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
            project = await self._quotas.lock(tx, call)
            (place,) = await require_owned(tx, self._catalogue, project.id, [knowledgebase_id])
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
    ) -> list[Document]:
        """The entries as documents that go their way, where the plan has room; the project is
        locked.
        """
        found = [await self._known(tx, project, place, entry) for entry in admitted]
        more = sum(
            self._reserve(entry)
            for entry, known in zip(admitted, found, strict=True)
            if known is None or known.state.outcome == "failed"
        )
        await self._quotas.check_store(tx, project, place, more)
        documents = []
        for entry in admitted:
            # Again: an entry before it in this request may hold the same bytes.
            known = await self._known(tx, project, place, entry)
            documents.append(await self._enter(tx, call, place, entry, known))
        await self._admit_queued(tx, call)
        return documents

    async def _known(
        self, tx: Transaction, project: Project, place: Place, entry: Admitted
    ) -> Document | None:
        return await self._catalogue.same_content(tx, self._draft(project.id, place, entry))

    def _draft(self, project_id: str, place: Place, entry: Admitted) -> Document:
        """The entry as a document that nobody has yet."""
        now = self._clock.now_ms()
        return Document(
            id=uuid4().hex,
            project_id=project_id,
            knowledgebase_id=place,
            name=entry.name,
            type=entry.type,
            url=entry.url,
            staged_path="",
            reserved=0,
            created_at=now,
            updated_at=now,
            state=DocumentState(sha256=entry.staged.sha256 if entry.staged is not None else ""),
        )

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
            fresh = self._draft(call.project.id, place, entry)
            await self._catalogue.add_document(tx, fresh)
            return await self._queue(tx, fresh, entry)
        if known.state.outcome != "failed":
            return known
        again = DocumentState(revision=known.state.revision, attempt=known.state.attempt + 1)
        return await self._queue(tx, replace(known, state=again), entry)

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
                queued_turn=None,
            )
            await self._catalogue.add_document(tx, copy)
        return as_copy(copy, document)

    async def _admit_queued(self, tx: Transaction, call: Call) -> None:
        events = await self._admission.admit(tx, call.project.id)
        await self._outbox.add(tx, events, correlation_id=call.request_id)

    async def _queue(self, tx: Transaction, document: Document, entry: Admitted) -> Document:
        """The document with the entry's content, in its project's queue."""
        state = replace(
            document.state,
            size=entry.size,
            sha256=entry.staged.sha256 if entry.staged is not None else "",
        )
        queued = self._admission.queue(
            replace(
                document,
                state=state,
                name=entry.name,
                url=entry.url,
                staged_path=entry.staged.path if entry.staged is not None else "",
                reserved=status.reserved_bytes(state, self._reserve(entry)),
                updated_at=self._clock.now_ms(),
                declared_type=entry.declared,
            )
        )
        entry.used = True
        await self._catalogue.save_document(tx, queued)
        self._meter.count_with(tx, queued.project_id, "documents")
        # Of a URL that told no length they are counted when they are here.
        self._meter.count_with(tx, queued.project_id, "bytes", entry.size or 0)
        return queued


def _touched(document: Document) -> list[str]:
    return [f"kb:{document.knowledgebase_id}", f"document:{document.id}"]
