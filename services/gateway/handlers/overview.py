"""What our own routes show beside the public API."""

from typing import Any

from services.gateway.domain.documents import file_detail
from services.gateway.domain.items import memory_item
from services.gateway.domain.limits import plan_of
from services.gateway.handlers.access import Access
from services.gateway.handlers.calls import Call
from services.gateway.handlers.documents import Documents
from services.kernel.contracts.records import Kind
from services.kernel.ports.clock import Clock
from services.kernel.ports.records import Records


class Overview:
    """Lists for people."""

    def __init__(
        self, *, access: Access, documents: Documents, records: Records, clock: Clock
    ) -> None:
        self._access = access
        self._documents = documents
        self._records = records
        self._clock = clock

    async def plan(self, call: Call) -> dict[str, Any]:
        """The project's plan and what it uses of it."""
        project, usage = await self._access.usage(call.project.id)
        plan = plan_of(project.plan)
        owned = [entry for entry in usage if entry.project_id == project.id]
        return {
            "project": {"id": project.id, "name": project.name},
            "plan": plan.name,
            "knowledge_bases": {"used": len(owned), "limit": plan.knowledge_bases},
            "bytes_each": plan.bytes_each,
            "bytes_used": sum(entry.bytes for entry in owned),
        }

    async def document(self, call: Call, identifier: str) -> dict[str, Any]:
        """A document with its passages and processed memories, in reading order."""
        document = await self._documents.one(call, identifier)
        now = self._clock.now_ms()
        passages = await self._records.of_document(call.project.id, identifier, (Kind.PASSAGE,))
        memories = await self._records.of_document(call.project.id, identifier, (Kind.SUMMARY,))
        return file_detail(document) | {
            "passage_list": [memory_item(record, now) for record in passages],
            "memory_list": [memory_item(record, now) for record in memories],
        }
