"""Knowledge bases: create, link, unlink, delete, and who may use which."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from services.gateway.domain.audit import UPKEEP
from services.gateway.domain.keys import moment
from services.gateway.domain.model import KnowledgeBase, Place, Project, Removal
from services.gateway.domain.requests import CreateKnowledgebase, DeleteKnowledgebase
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.ports import CatalogueStore, KeyStore, Outbox, TaskStore
from services.gateway.handlers.quotas import Quotas
from services.kernel.contracts.errors import Code, Forbidden, NotFound
from services.kernel.contracts.events import DocumentRemoved, OwnerRemoved
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

# Every linked knowledge base: a name that searches may use, and nothing else.
ALL = "all"
# Knowledge bases deleted in one round of the upkeep.
_ROUND = 100


async def require_linked(
    tx: Transaction, store: CatalogueStore, project_id: str, ids: Sequence[str]
) -> list[Place]:
    """Return the ids without repeats, all of them live and linked to the project.

    The one way from an id that a caller names to a place that is written, listed or changed.
    NotFound KNOWLEDGE_BASE_NOT_FOUND, Forbidden KNOWLEDGE_BASE_NOT_LINKED.
    """
    if not ids:
        return []
    wanted = list(dict.fromkeys(ids))
    found = await store.knowledge_bases(tx, project_id, wanted)
    visible = {
        identifier: entry.linked
        for identifier, entry in found.items()
        # Another project's is as one that does not exist.
        if entry.linked or entry.project_id == project_id
    }
    check_linked(wanted, visible)
    return [Place(identifier) for identifier in wanted]


def check_linked(wanted: Sequence[str], linked: Mapping[str, bool]) -> None:
    """NotFound for one that does not exist (is not in `linked`), Forbidden for an unlinked one."""
    for identifier in wanted:
        if identifier not in linked:
            hint = (
                "; `all` is for `knowledgebase_ids` of a search, alone: name the knowledge base"
                if identifier == ALL
                else ""
            )
            raise NotFound(
                f"there is no knowledge base {identifier!r}{hint}",
                code=Code.KNOWLEDGE_BASE_NOT_FOUND,
            )
        if not linked[identifier]:
            raise Forbidden(
                f"the knowledge base {identifier!r} is not linked to this project",
                code=Code.KNOWLEDGE_BASE_NOT_LINKED,
            )


async def require_owned(
    tx: Transaction, store: CatalogueStore, project_id: str, ids: Sequence[str]
) -> list[Place]:
    """Return the ids without repeats, all of them live, linked to the project and made by it:
    what a knowledge base holds is changed by its owner alone. NotFound, Forbidden as
    `require_linked`.
    """
    places = await require_linked(tx, store, project_id, ids)
    found = await store.knowledge_bases(tx, project_id, places)
    for place in places:
        if place in found and found[place].project_id != project_id:
            raise Forbidden(
                f"the knowledge base {place!r} is shared with this project for searching; only "
                "the project that made it may change what it holds",
                code=Code.KNOWLEDGE_BASE_NOT_LINKED,
            )
    return places


class KnowledgeBases:
    """Use cases over the catalogue's first half."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        keys: KeyStore,
        tasks: TaskStore,
        outbox: Outbox,
        writes: Writes,
        quotas: Quotas,
        clock: Clock,
        unlinked_ms: int,
        deletions: Deletions,
    ) -> None:
        """unlinked_ms: how long a knowledge base that no project links is kept."""
        self._database = database
        self._deletions = deletions
        self._catalogue = catalogue
        self._keys = keys
        self._tasks = tasks
        self._outbox = outbox
        self._writes = writes
        self._quotas = quotas
        self._clock = clock
        self._unlinked_ms = unlinked_ms

    async def create(self, call: Call, request: CreateKnowledgebase) -> dict[str, Any]:
        """A new knowledge base; QuotaExceeded."""

        async def perform(call: Call) -> dict[str, Any]:
            now = self._clock.now_ms()
            entry = KnowledgeBase(
                id=f"base{uuid4()}",
                project_id=call.project.id,
                name=request.knowledgebase_name.strip(),
                description=request.knowledgebase_description,
                created_at=now,
                updated_at=now,
            )
            answer = {"id": entry.id, "knowledgebase_id": entry.id}
            async with self._database.write() as tx:
                project = await self._quotas.lock(tx, call)
                await self._quotas.check_create(tx, project)
                await self._catalogue.add_knowledge_base(tx, entry)
                await self._writes.remember(tx, call, answer, [f"kb:{entry.id}"])
            return answer

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(
            call, "create/knowledgebase", body, perform
        )
        return answer

    async def delete(self, call: Call, request: DeleteKnowledgebase) -> dict[str, Any]:
        """Unlink it, or (delete_all) delete it with its documents and memories; what is deleted
        is not found from this moment on.
        """

        async def perform(call: Call) -> dict[str, Any]:
            answer: dict[str, Any] = {"success": True}
            identifier = request.knowledgebase_id
            async with self._database.write() as tx:
                found = await self._catalogue.knowledge_bases(tx, call.project.id, [identifier])
                entry = found.get(identifier)
                owned = entry is not None and entry.project_id == call.project.id
                if entry is None or not (owned or entry.linked):
                    raise NotFound(
                        f"there is no knowledge base {identifier!r}",
                        code=Code.KNOWLEDGE_BASE_NOT_FOUND,
                    )
                if not entry.linked and not (request.delete_all and owned):
                    raise Forbidden(
                        f"the knowledge base {identifier!r} is not linked to this project",
                        code=Code.KNOWLEDGE_BASE_NOT_LINKED,
                    )
                if request.delete_all and not owned:
                    raise Forbidden(
                        "only the project that made a knowledge base may delete it; without "
                        "delete_all it is unlinked from yours",
                        code=Code.KNOWLEDGE_BASE_NOT_LINKED,
                    )
                if request.delete_all:
                    answer["deletion_id"] = await self._delete_all(tx, call, entry)
                else:
                    answer |= await self.unlink(tx, call, entry)
                await self._writes.remember(tx, call, answer, [f"kb:{identifier}"])
            return answer

        body = request.model_dump(mode="json")
        answer: dict[str, Any] = await self._writes.once(
            call, "delete/knowledgebase", body, perform
        )
        return answer

    async def unlink(self, tx: Transaction, call: Call, entry: KnowledgeBase) -> dict[str, Any]:
        """Unlink it from the caller's project; what the answer says of its further life."""
        await self._catalogue.lock_knowledge_base(tx, entry.id)
        await self._catalogue.unlink(tx, call.project.id, entry.id)
        others = await self._catalogue.links(tx, entry.id)
        if others:
            if entry.project_id != call.project.id:
                return {}
            return {
                "note": f"other projects link this knowledge base ({others}): it stays, and counts "
                "toward your plan until it is deleted (delete_all)"
            }
        now = self._clock.now_ms()
        await self._catalogue.mark_unlinked(tx, now)
        if entry.project_id != call.project.id:
            return {}
        until = (entry.unlinked_at or now) + self._unlinked_ms
        return {
            "deletes_at": until,
            "note": "no project links this knowledge base any more: it does not count toward your "
            f"plan from now on, and is deleted after {moment(until)} unless it is linked again "
            f"before (POST /api/v1/knowledge-bases/{entry.id}/link)",
        }

    async def purge_unlinked(self) -> int:
        """Delete what nobody has linked for long enough, and note what nobody links since now;
        how many were deleted.
        """
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            await self._catalogue.mark_unlinked(tx, now)
        async with self._database.read() as tx:
            ended = await self._catalogue.unlinked_before(tx, now - self._unlinked_ms, _ROUND)
        purged = 0
        for entry in ended:
            purged += await self._purge(entry, now - self._unlinked_ms)
        return purged

    async def _purge(self, entry: KnowledgeBase, before: int) -> bool:
        async with self._database.write() as tx:
            await self._catalogue.lock_knowledge_base(tx, entry.id)
            # It may have been linked or deleted since it was found.
            found = await self._catalogue.knowledge_bases(tx, entry.project_id, [entry.id])
            present = found.get(entry.id)
            if present is None or present.unlinked_at is None or present.unlinked_at > before:
                return False
            owner = await self._keys.project(tx, entry.project_id)
            call = Call(
                project=owner or Project(entry.project_id, "", ""),
                key_name=UPKEEP.key_name,
                operation="delete/knowledgebase",
            )
            await self._delete_all(tx, call, present)
            await self._writes.touch(tx, call, [f"kb:{entry.id}"])
        return True

    async def _delete_all(self, tx: Transaction, call: Call, entry: KnowledgeBase) -> str:
        now = self._clock.now_ms()
        documents = await self._catalogue.live_documents(tx, Place(entry.id))
        await self._catalogue.delete_documents(tx, [found.id for found in documents], now)
        await self._catalogue.unlink(tx, None, entry.id)
        await self._catalogue.delete_knowledge_base(tx, entry.id, now)
        task_id = str(uuid4())
        await self._tasks.add_removal(
            tx, Removal(task_id, call.project.id, OwnerType.KNOWLEDGE_BASE.value, entry.id, now)
        )
        owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id=entry.id)
        lines = await self._tasks.forget_corrections(tx, call.project.id, entry.id)
        deletion_id = await self._deletions.open(
            tx,
            call,
            "knowledge_base",
            owner=owner,
            documents=documents,
            counts={"corrections": lines},
        )
        removed = [
            DocumentRemoved(
                project_id=found.project_id,
                knowledgebase_id=found.knowledgebase_id,
                document_id=found.id,
                revision=found.state.revision,
                attempt=found.state.attempt,
                removed_at=now,
                deletion_id=deletion_id,
            )
            for found in documents
        ]
        gone = OwnerRemoved(
            project_id=call.project.id,
            owner=owner,
            removed_at=now,
            task_id=task_id,
            deletion_id=deletion_id,
        )
        await self._outbox.add(tx, [*removed, gone], correlation_id=call.request_id)
        return deletion_id
