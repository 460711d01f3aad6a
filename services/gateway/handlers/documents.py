"""Documents: look at them, delete them."""

from collections.abc import Sequence
from typing import Any

from services.gateway.domain.documents import as_copy, file_detail
from services.gateway.domain.model import Document
from services.gateway.domain.requests import DeleteKnowledgebaseFile, GetKnowledgebaseFile
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.knowledgebases import require_linked
from services.gateway.handlers.ports import CatalogueStore, Outbox
from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.events import DocumentRemoved
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction


class Documents:
    """Use cases over the catalogue's documents."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        outbox: Outbox,
        writes: Writes,
        clock: Clock,
        deletions: Deletions,
    ) -> None:
        self._database = database
        self._deletions = deletions
        self._catalogue = catalogue
        self._outbox = outbox
        self._writes = writes
        self._clock = clock

    async def get(self, call: Call, request: GetKnowledgebaseFile) -> dict[str, Any]:
        """Named files (those that are missing are named too), or a page of a knowledge base."""
        async with self._database.read() as tx:
            if request.file_ids is not None:
                wanted = list(dict.fromkeys(request.file_ids))
                shown = await self._shown(tx, call, wanted)
                missing = sorted(set(wanted) - {detail["id"] for detail in shown})
                if not shown:
                    raise NotFound(f"there is no file {', '.join(missing)}")
                data: dict[str, Any] = {"file_detail_list": shown}
                return data | ({"missing_file_ids": missing} if missing else {})
            (identifier,) = await require_linked(
                tx, self._catalogue, call.project.id, [request.knowledgebase_id or ""]
            )
            kind = "document" if request.type == "doc" else request.type
            page, total = await self._catalogue.page(
                tx, identifier, kind, request.page, request.page_size
            )
        return {
            "file_detail_list": [file_detail(document) for document in page],
            "total": total,
            "page": request.page,
            "page_size": request.page_size,
        }

    async def _shown(
        self, tx: Transaction, call: Call, wanted: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Details of those that live; a copy is shown as the document that it is a copy of,
        under its own id and name.
        """
        found = await resolved(tx, self._catalogue, call.project.id, wanted)
        live = [found[identifier] for identifier in wanted if identifier in found]
        return [file_detail(document) for document in live if document.deleted_at is None]

    async def delete(self, call: Call, request: DeleteKnowledgebaseFile) -> dict[str, Any]:
        """Delete files: not found by search from this moment on. Repeating it is harmless; an
        unknown id refuses all (NotFound).
        """

        async def perform(call: Call) -> dict[str, Any]:
            answer: dict[str, Any] = {"success": True}
            now = self._clock.now_ms()
            wanted = list(dict.fromkeys(request.file_ids))
            async with self._database.write() as tx:
                found = await self._catalogue.documents(tx, call.project.id, wanted)
                missing = [identifier for identifier in wanted if identifier not in found]
                if missing:
                    raise NotFound(f"there is no file {', '.join(missing)}; nothing was deleted")
                live = [document for document in found.values() if document.deleted_at is None]
                copies = [document.id for document in found.values() if document.duplicate_of]
                await self._catalogue.forget_copies(tx, copies)
                await self._catalogue.delete_documents(tx, [doc.id for doc in live], now)
                answer["deletion_id"] = await self._deletions.open(
                    tx, call, "document", documents=live
                )
                await self._outbox.add(
                    tx,
                    [removed_event(document, now, answer["deletion_id"]) for document in live],
                    correlation_id=call.request_id,
                )
                subjects = [f"document:{identifier}" for identifier in wanted]
                touched = {f"kb:{document.knowledgebase_id}" for document in live}
                await self._writes.remember(tx, call, answer, [*subjects, *sorted(touched)])
            return answer

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(
            call, "delete/knowledgebase-file", body, perform
        )
        return answer

    async def one(self, call: Call, identifier: str) -> Document:
        """A live document of the project; a copy under its own id and name. NotFound."""
        async with self._database.read() as tx:
            found = await resolved(tx, self._catalogue, call.project.id, [identifier])
        document = found.get(identifier)
        if document is None or document.deleted_at is not None:
            raise NotFound(f"there is no document {identifier!r}")
        return document


async def resolved(
    tx: Transaction, catalogue: CatalogueStore, project_id: str, ids: Sequence[str]
) -> dict[str, Document]:
    """Documents by id; a copy is the document that it is a copy of, under its own id and name.
    Deleted ones are among them.
    """
    found = await catalogue.documents(tx, project_id, ids)
    copied = sorted({document.duplicate_of for document in found.values()} - {""})
    originals = await catalogue.documents(tx, project_id, copied) if copied else {}
    return {
        identifier: as_copy(document, original)
        if (original := originals.get(document.duplicate_of)) is not None
        else document
        for identifier, document in found.items()
    }


def removed_event(document: Document, now: int, deletion_id: str = "") -> DocumentRemoved:
    """What is told of a document that was deleted; deletion_id: of its receipt."""
    return DocumentRemoved(
        project_id=document.project_id,
        knowledgebase_id=document.knowledgebase_id,
        document_id=document.id,
        revision=document.state.revision,
        attempt=document.state.attempt,
        removed_at=now,
        deletion_id=deletion_id,
    )
