"""What our own routes show beside the public API."""

from typing import Any

from services.gateway.domain.documents import file_detail
from services.gateway.domain.items import memory_item
from services.gateway.domain.plans import Plans
from services.gateway.domain.quota import Holdings, check_usage_fits
from services.gateway.handlers.access import Access
from services.gateway.handlers.calls import Call
from services.gateway.handlers.documents import Documents
from services.kernel.contracts.errors import QuotaExceeded
from services.kernel.contracts.records import Kind
from services.kernel.ports.clock import Clock
from services.kernel.ports.records import Records


class Overview:
    """Lists for people."""

    def __init__(
        self,
        *,
        access: Access,
        documents: Documents,
        records: Records,
        plans: Plans,
        clock: Clock,
    ) -> None:
        self._access = access
        self._plans = plans
        self._documents = documents
        self._records = records
        self._clock = clock

    async def plan(self, call: Call) -> dict[str, Any]:
        """The project's plan, what it uses of it, and whether something can be added."""
        project, usage, in_messages = await self._access.usage(call.project.id)
        holdings = Holdings.of(project.id, usage, in_messages)
        shown: dict[str, Any] = {
            "project": {"id": project.id, "name": project.name},
            "plan": project.plan,
            "knowledge_bases": {"used": len(holdings.bases)},
            "bytes_used": sum(entry.bytes for entry in holdings.bases),
            "message_file_bytes": in_messages,
            "unlinked": [
                {"id": entry.id, "name": entry.name, "unlinked_at": entry.unlinked_at}
                for entry in usage
                if entry.project_id == project.id and entry.unlinked_at is not None
            ],
        }
        try:
            plan = self._plans.of(project)
            shown["knowledge_bases"]["limit"] = plan.knowledge_bases
            shown["bytes_each"] = plan.bytes_each
            shown["requests_per_second"] = plan.requests_per_second or None
            check_usage_fits(plan, holdings)
        except QuotaExceeded as error:
            return shown | {"fits": False, "reason": error.message}
        return shown | {"fits": True, "reason": ""}

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
