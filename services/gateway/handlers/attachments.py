"""Files in messages: they go the way of documents, as memory of those who sent them.

Each subject has a place of its own for them (`files_of`), searched by nobody else; knowledge bases
that the caller allows get them as documents too. The state of a task tells of its files by the
documents' own states.
"""

import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.gateway.domain.documents import file_detail, files_of
from services.gateway.domain.messages import FilePart
from services.gateway.domain.model import Document, Place, Task
from services.gateway.domain.tasks import document_of_part
from services.gateway.handlers.calls import Call
from services.gateway.handlers.ports import CatalogueStore
from services.gateway.handlers.quotas import Quotas
from services.gateway.handlers.receiving import Admitted, Incoming
from services.gateway.handlers.uploads import Uploads
from services.kernel.contracts.records import Owner
from services.kernel.ports.store import Transaction

_SHOWN: Final = ("id", "name", "status", "searchable", "error_code", "error_message")


@dataclass(frozen=True, slots=True)
class Staged:
    """The files of one request, checked and staged once for each place that they go to."""

    places: dict[Place, list[Admitted]]


class Attachments:
    """What messages bring beside their words."""

    def __init__(self, *, uploads: Uploads, catalogue: CatalogueStore, quotas: Quotas) -> None:
        self._uploads = uploads
        self._catalogue = catalogue
        self._quotas = quotas

    @asynccontextmanager
    async def staged(
        self, call: Call, parts: Sequence[FilePart], owners: Sequence[Owner], bases: Sequence[Place]
    ) -> AsyncIterator[Staged]:
        """The files for each owner and knowledge base; what is not entered is removed again.
        One bad file refuses all, with the code of uploads.
        """
        staged = Staged({})
        places = [*(files_of(call.project.id, owner) for owner in owners), *bases]
        try:
            for place in dict.fromkeys(places) if parts else ():
                entries = [
                    Incoming("text", io.BytesIO(part.content.encode()), name=part.name)
                    for part in parts
                ]
                staged.places[place] = await self._uploads.receive(call, entries)
            yield staged
        finally:
            for admitted in staged.places.values():
                await self._uploads.discard(admitted)

    async def enter(
        self, tx: Transaction, call: Call, staged: Staged
    ) -> dict[Place, list[Document]]:
        """Documents of the files, by place, in the order of the files."""
        if not staged.places:
            return {}
        project = await self._quotas.lock(tx, call)
        return {
            place: await self._uploads.enter(tx, call, project, place, admitted)
            for place, admitted in staged.places.items()
        }

    async def parts(self, tx: Transaction, project_id: str, parts: Sequence[Task]) -> list[Task]:
        """The parts of a task, those that stand for files in the state of their documents."""
        return [task for task, _ in await self._states(tx, project_id, parts)]

    async def files(
        self, tx: Transaction, project_id: str, parts: Sequence[Task]
    ) -> list[dict[str, Any]]:
        """The task's files as get/status shows them."""
        states = await self._states(tx, project_id, parts)
        shown = [file_detail(document) for _, document in states if document is not None]
        return [{key: detail[key] for key in _SHOWN} for detail in shown]

    async def _states(
        self, tx: Transaction, project_id: str, parts: Sequence[Task]
    ) -> list[tuple[Task, Document | None]]:
        wanted = [name for part in parts if (name := document_of_part(part.id))]
        found = await self._catalogue.documents(tx, project_id, wanted) if wanted else {}
        copied = sorted({one.duplicate_of for one in found.values()} - {""})
        originals = await self._catalogue.documents(tx, project_id, copied) if copied else {}
        states: list[tuple[Task, Document | None]] = []
        for part in parts:
            document = found.get(document_of_part(part.id))
            if document is not None and document.duplicate_of:
                document = originals.get(document.duplicate_of, document)
            states.append((_in_state(part, document), document))
        return states


def part_of(document_id: str, task_id: str) -> str:
    """The part of a task that stands for a file."""
    return f"{document_id}.{UUID(task_id).hex}"


def _in_state(part: Task, document: Document | None) -> Task:
    if document is None:
        return part
    if document.deleted_at is not None:
        return Task(part.id, part.project_id, part.kind, "completed", part.created_at)
    state = document.state
    return Task(
        part.id,
        part.project_id,
        part.kind,
        state.outcome if state.outcome in {"completed", "failed"} else "running",
        part.created_at,
        error_code=state.error_code,
        error_message=f"{document.name}: {state.error_message}" if state.error_code else "",
    )
