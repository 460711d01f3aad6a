"""What our own routes show beside the public API."""

from typing import Any

from services.gateway.domain.plans import Plans
from services.gateway.domain.quota import Holdings, check_usage_fits
from services.gateway.handlers.access import Access
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import QuotaExceeded


class Overview:
    """What a project has and may have."""

    def __init__(self, *, access: Access, plans: Plans) -> None:
        self._access = access
        self._plans = plans

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
