"""Knowledge bases shared with other projects.

The owner offers, the other project accepts: nothing enters a project's searches that it did not
let in. An accepted offer is a link and nothing else: the other project searches the knowledge base
and sees it listed; changing, sharing and deleting stay with the owner. An offer to a project that
does not exist looks like any other, so that nobody learns which projects there are.
"""

from typing import Any, Protocol
from uuid import uuid4

from services.gateway.domain.model import Share
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.directory import no_such_base, owned_base
from services.gateway.handlers.ports import CatalogueStore, KeyStore
from services.gateway.handlers.quotas import Quotas
from services.kernel.contracts.errors import InvalidInput, NotFound
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction


class ShareStore(Protocol):
    """Offers."""

    async def add(self, tx: Transaction, share: Share) -> Share:
        """The offer; the one that is there where the project was named before."""
        ...

    async def of_base(self, tx: Transaction, knowledgebase_id: str) -> list[Share]:
        """All offers of a knowledge base, oldest first."""
        ...

    async def offered(self, tx: Transaction, target_id: str, knowledgebase_id: str) -> Share | None:
        """The offer of it to a project."""
        ...

    async def offers_to(self, tx: Transaction, target_id: str) -> list[Share]:
        """All offers to a project, oldest first."""
        ...

    async def accept(self, tx: Transaction, identifier: str, at: int) -> None:
        """Accepted; harmless when it was already."""
        ...

    async def remove(self, tx: Transaction, identifier: str) -> None:
        """Withdraw."""
        ...


def _shown(share: Share) -> dict[str, Any]:
    return {
        "id": share.id,
        "knowledgebase_id": share.knowledgebase_id,
        "project": share.project,
        "status": "offered" if share.accepted_at is None else "accepted",
        "create_time": share.created_at,
        "accept_time": share.accepted_at,
    }


class Sharing:
    """Use cases over offers and links."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        keys: KeyStore,
        store: ShareStore,
        writes: Writes,
        quotas: Quotas,
        clock: Clock,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._keys = keys
        self._store = store
        self._writes = writes
        self._quotas = quotas
        self._clock = clock

    async def offer(self, call: Call, identifier: str, project: str) -> dict[str, Any]:
        """Offer a knowledge base to the project of that name or id; repeating is harmless.
        NotFound, Forbidden for one that is only linked, InvalidInput for the own project.
        """
        wanted = project.strip()
        if wanted in (call.project.id, call.project.name):
            raise InvalidInput("`project` is your own; name the project to share with")
        async with self._database.write() as tx:
            entry = await owned_base(tx, self._catalogue, call, identifier)
            found = await self._keys.project_named(tx, wanted)
            found = found or await self._keys.project(tx, wanted)
            share = await self._store.add(
                tx,
                Share(
                    id=uuid4().hex,
                    knowledgebase_id=entry.id,
                    owner_id=call.project.id,
                    project=wanted,
                    target_id="" if found is None else found.id,
                    created_at=self._clock.now_ms(),
                ),
            )
        return _shown(share)

    async def offers(self, call: Call, identifier: str) -> dict[str, Any]:
        """All offers of a knowledge base, open and accepted; NotFound, Forbidden."""
        async with self._database.read() as tx:
            await owned_base(tx, self._catalogue, call, identifier)
            found = await self._store.of_base(tx, identifier)
        return {"shares": [_shown(share) for share in found]}

    async def offered(self, call: Call) -> dict[str, Any]:
        """What other projects offer to this one, open and accepted."""
        async with self._database.read() as tx:
            found = await self._store.offers_to(tx, call.project.id)
            named = await self._catalogue.knowledge_bases(
                tx, call.project.id, [share.knowledgebase_id for share in found]
            )
            owners = {
                owner: await self._keys.project(tx, owner)
                for owner in {share.owner_id for share in found}
            }
        shown = []
        for share in found:
            entry, owner = named.get(share.knowledgebase_id), owners[share.owner_id]
            if entry is not None and owner is not None:
                shown.append(
                    {
                        "knowledgebase_id": entry.id,
                        "name": entry.name,
                        "description": entry.description,
                        "owner": owner.name,
                        "status": "offered" if share.accepted_at is None else "accepted",
                        "linked": entry.linked,
                        "create_time": share.created_at,
                    }
                )
        return {"offers": shown}

    async def revoke(self, call: Call, identifier: str, share_id: str) -> dict[str, Any]:
        """Withdraw an offer: the other project's searches find nothing of it from now on.
        NotFound, Forbidden.
        """
        async with self._database.write() as tx:
            await owned_base(tx, self._catalogue, call, identifier)
            shares = await self._store.of_base(tx, identifier)
            share = next((one for one in shares if one.id == share_id), None)
            if share is None:
                raise NotFound(f"there is no share {share_id!r} of this knowledge base")
            await self._store.remove(tx, share.id)
            # The same project may have been named twice, by name and by id: the other offer holds.
            if share.target_id and not any(
                one.target_id == share.target_id for one in shares if one.id != share.id
            ):
                await self._catalogue.unlink(tx, share.target_id, identifier)
        return {"success": True}

    async def link(self, call: Call, identifier: str) -> dict[str, Any]:
        """Link a knowledge base of this project again, or accept one that was offered to it;
        repeating is harmless. NotFound for any other; QuotaExceeded where an own one had stopped
        to count and the plan has no room for it.
        """
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            project = await self._quotas.lock(tx, call)
            await self._catalogue.lock_knowledge_base(tx, identifier)
            found = await self._catalogue.knowledge_bases(tx, call.project.id, [identifier])
            entry = found.get(identifier)
            share = await self._store.offered(tx, call.project.id, identifier)
            if entry is None or (entry.project_id != call.project.id and share is None):
                raise no_such_base(identifier)
            if entry.project_id == project.id and entry.unlinked_at is not None:
                await self._quotas.check_link(tx, project, entry)
            if share is not None:
                await self._store.accept(tx, share.id, now)
            await self._catalogue.link(tx, call.project.id, identifier, now)
            await self._writes.touch(tx, call, [f"kb:{identifier}"])
        return {"success": True}
