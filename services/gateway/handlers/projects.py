"""All projects, for operators over the API."""

from typing import Any

from services.gateway.domain.model import Project
from services.gateway.domain.plans import Plans, plan_item
from services.gateway.handlers.access import Access, KeyTerms
from services.gateway.handlers.calls import Call


class Projects:
    """Use cases over projects; the entrances let operators' keys in only."""

    def __init__(self, *, access: Access, plans: Plans) -> None:
        self._access = access
        self._plans = plans

    def plans(self) -> dict[str, Any]:
        """Return the plans that are offered."""
        return {"plans": [plan_item(plan) for plan in self._plans.all()]}

    async def list(self) -> dict[str, Any]:
        """Return all projects."""
        found = await self._access.list_projects()
        return {"projects": [_item(project) for project in found]}

    async def create(self, call: Call, name: str, plan: str | None) -> dict[str, Any]:
        """Make a project and its first key, which is in this answer alone; Conflict."""
        made = await self._access.create_project(name, plan, actor=call.actor)
        entry, key = await self._access.add_key(made.id, "first", KeyTerms(), call.actor)
        return _item(made) | {"key_id": entry.id, "key": key}

    async def change(
        self, call: Call, project_id: str, *, name: str | None, plan: str | None
    ) -> dict[str, Any]:
        """Rename a project, put it on another plan, or both; NotFound, Conflict."""
        found = await self._access.one_project(project_id)
        if plan is not None:
            found = await self._access.set_plan(found.id, plan, actor=call.actor)
        if name is not None:
            found = await self._access.rename_project(found.id, name, actor=call.actor)
        return _item(found)


def _item(project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name,
        "plan": project.plan,
        "create_time": project.created_at,
    }
