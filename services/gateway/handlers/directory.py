"""The project's knowledge bases as resources: list, look at, rename, delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.gateway.domain.cursors import decode_cursor, page_of
from services.gateway.domain.documents import base_detail
from services.gateway.domain.model import Activity, Document, KnowledgeBase, Place
from services.gateway.domain.requests import CreateKnowledgebase, DeleteKnowledgebase
from services.gateway.domain.versions import knowledge_base_version
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.knowledgebases import KnowledgeBases
from services.gateway.handlers.ports import CatalogueStore
from services.kernel.contracts.errors import Code, Forbidden, NotFound
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction


class DirectoryStore(Protocol):
    """Lists by cursor. after: the sort key of the last entry that was seen."""

    async def page_of_bases(
        self, tx: Transaction, project_id: str, after: Sequence[Any] | None, limit: int
    ) -> list[KnowledgeBase]:
        """Owned or linked ones, oldest first; the key is (created_at, id)."""
        ...

    async def activity(self, tx: Transaction, ids: Sequence[str]) -> dict[str, Activity]:
        """What each of them holds."""
        ...

    async def describe(
        self, tx: Transaction, identifier: str, *, name: str, description: str, at: int
    ) -> None:
        """Write name and description."""
        ...

    async def page_of_documents(
        self,
        tx: Transaction,
        place: Place,
        *,
        outcome: str | None,
        media_type: str | None,
        name: str | None,
        after: int | None,
        limit: int,
    ) -> list[tuple[int, Document]]:
        """Live ones, newest first, each with its position, which is the key. name: a part of the
        name, in any letter case.
        """
        ...


def no_such_base(identifier: str) -> NotFound:
    """One answer for what does not exist and for what is not the caller's."""
    return NotFound(
        f"there is no knowledge base {identifier!r}", code=Code.KNOWLEDGE_BASE_NOT_FOUND
    )


async def visible_base(
    tx: Transaction, store: CatalogueStore, call: Call, identifier: str
) -> KnowledgeBase:
    """A live knowledge base that the project owns or has linked; NotFound."""
    entry = (await store.knowledge_bases(tx, call.project.id, [identifier])).get(identifier)
    if entry is None or not (entry.linked or entry.project_id == call.project.id):
        raise no_such_base(identifier)
    return entry


async def owned_base(
    tx: Transaction, store: CatalogueStore, call: Call, identifier: str
) -> KnowledgeBase:
    """A live knowledge base that the project made; NotFound, Forbidden where it is only linked."""
    entry = await visible_base(tx, store, call, identifier)
    if entry.project_id != call.project.id:
        raise Forbidden(
            f"the knowledge base {identifier!r} is shared with this project; only the project that "
            "made it may do this",
            code=Code.KNOWLEDGE_BASE_NOT_LINKED,
        )
    return entry


@dataclass(frozen=True, slots=True)
class BaseChange:
    """What of a knowledge base is to change; None leaves it."""

    name: str | None = None
    description: str | None = None


class Directory:
    """Use cases over the list of knowledge bases."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        store: DirectoryStore,
        knowledge_bases: KnowledgeBases,
        writes: Writes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._store = store
        self._knowledge_bases = knowledge_bases
        self._writes = writes
        self._clock = clock

    async def page(self, call: Call, *, cursor: str | None, limit: int) -> dict[str, Any]:
        """A page of the project's knowledge bases, oldest first."""
        after = decode_cursor(cursor, int, str)
        async with self._database.read() as tx:
            found = await self._store.page_of_bases(tx, call.project.id, after, limit + 1)
            page = page_of(found, limit, lambda entry: (entry.created_at, entry.id))
            held = await self._store.activity(tx, [entry.id for entry in page.entries])
        return page.shown(
            "knowledge_bases",
            lambda entry: base_detail(entry, held[entry.id], project_id=call.project.id),
        )

    async def one(self, call: Call, identifier: str) -> dict[str, Any]:
        """A knowledge base that the project owns or has linked; NotFound."""
        async with self._database.read() as tx:
            entry = await visible_base(tx, self._catalogue, call, identifier)
            return await self._shown(tx, call, entry)

    async def require(self, call: Call, identifier: str) -> None:
        """NotFound for a knowledge base that the project neither owns nor has linked."""
        async with self._database.read() as tx:
            await visible_base(tx, self._catalogue, call, identifier)

    async def create(self, call: Call, name: str, description: str) -> dict[str, Any]:
        """A new knowledge base, linked to its project; QuotaExceeded."""
        wanted = CreateKnowledgebase(knowledgebase_name=name, knowledgebase_description=description)
        made = await self._knowledge_bases.create(call, wanted)
        return await self.one(call, made["id"])

    async def change(self, call: Call, identifier: str, change: BaseChange) -> dict[str, Any]:
        """Rename or describe it; NotFound, Forbidden, VersionChanged."""
        async with self._database.write() as tx:
            entry = await owned_base(tx, self._catalogue, call, identifier)
            call.expect(knowledge_base_version(await self._shown(tx, call, entry)))
            await self._store.describe(
                tx,
                identifier,
                name=entry.name if change.name is None else change.name.strip(),
                description=entry.description if change.description is None else change.description,
                at=self._clock.now_ms(),
            )
            await self._writes.touch(tx, call, [f"kb:{identifier}"])
            changed = await owned_base(tx, self._catalogue, call, identifier)
            return await self._shown(tx, call, changed)

    async def delete(self, call: Call, identifier: str) -> dict[str, Any]:
        """Delete it with its documents and memories; NotFound, Forbidden, VersionChanged."""
        async with self._database.read() as tx:
            entry = await owned_base(tx, self._catalogue, call, identifier)
            call.expect(knowledge_base_version(await self._shown(tx, call, entry)))
        wanted = DeleteKnowledgebase(knowledgebase_id=identifier, delete_all=True)
        return await self._knowledge_bases.delete(call, wanted)

    async def unlink(self, call: Call, identifier: str) -> dict[str, Any]:
        """Unlink it from this project, in which no search finds it any more; repeating is
        harmless. NotFound.
        """
        async with self._database.write() as tx:
            entry = await visible_base(tx, self._catalogue, call, identifier)
            answer = await self._knowledge_bases.unlink(tx, call, entry)
            await self._writes.touch(tx, call, [f"kb:{identifier}"])
        return {"success": True} | answer

    async def _shown(self, tx: Transaction, call: Call, entry: KnowledgeBase) -> dict[str, Any]:
        held = await self._store.activity(tx, [entry.id])
        return base_detail(entry, held[entry.id], project_id=call.project.id)
