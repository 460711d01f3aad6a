"""What a project holds and may add, counted under its lock: no two writes share the rest."""

from services.gateway.domain.model import KnowledgeBase, Place, Project
from services.gateway.domain.plans import Plans
from services.gateway.domain.quota import (
    Holdings,
    check_may_create,
    check_may_link,
    check_may_store,
)
from services.gateway.handlers.calls import Call
from services.gateway.handlers.ports import CatalogueStore, KeyStore
from services.kernel.contracts.errors import Code, Unauthorized
from services.kernel.ports.store import Transaction


class Quotas:
    """Admission of knowledge bases and bytes. Everything here runs in the caller's transaction,
    after `lock`: on PostgreSQL the project's row is held, on SQLite the whole file is.
    """

    def __init__(self, *, catalogue: CatalogueStore, keys: KeyStore, plans: Plans) -> None:
        self._catalogue = catalogue
        self._keys = keys
        self._plans = plans

    async def lock(self, tx: Transaction, call: Call) -> Project:
        """The caller's project, held until the transaction ends; Unauthorized where it is gone."""
        project = await self._keys.lock_project(tx, call.project.id)
        if project is None:
            raise Unauthorized("the key's project is gone", code=Code.BAD_PROJECT)
        return project

    async def check_create(self, tx: Transaction, project: Project) -> None:
        """QuotaExceeded where the plan allows no further knowledge base."""
        holdings = await self._holdings(tx, project.id)
        check_may_create(self._plans.of(project), holdings)

    async def check_link(self, tx: Transaction, project: Project, entry: KnowledgeBase) -> None:
        """QuotaExceeded where an own knowledge base that stopped to count has no room any more."""
        usage = await self._catalogue.usage(tx, project.id)
        counted = next((found for found in usage if found.id == entry.id), entry)
        in_messages = await self._catalogue.message_file_bytes(tx, project.id)
        holdings = Holdings.of(project.id, usage, in_messages)
        check_may_link(self._plans.of(project), holdings, counted)

    async def check_store(self, tx: Transaction, project: Project, place: Place, more: int) -> None:
        """QuotaExceeded where the plan has no room for `more` bytes in a place of the project's."""
        holdings = await self._holdings(tx, project.id)
        check_may_store(self._plans.of(project), holdings, place, more)

    async def _holdings(self, tx: Transaction, project_id: str) -> Holdings:
        usage = await self._catalogue.usage(tx, project_id)
        in_messages = await self._catalogue.message_file_bytes(tx, project_id)
        return Holdings.of(project_id, usage, in_messages)
