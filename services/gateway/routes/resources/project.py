"""Routes of the project: plan and keys."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.table import Resource, ResourceRequest


class MakeKey(Request):
    """A further key of the same project."""

    name: Annotated[str, Field(max_length=200), AfterValidator(str.strip)] = ""


def project_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Plan and keys."""

    async def show_plan(request: ResourceRequest[None, None]) -> Any:
        return await cases.overview.plan(request.call)

    async def list_keys(request: ResourceRequest[None, None]) -> Any:
        found = await cases.access.list_keys(project_id=request.call.project.id)
        return {
            "keys": [
                {
                    "id": key.id,
                    "name": key.name,
                    "hint": key.hint,
                    "create_time": key.created_at,
                    "revoke_time": key.revoked_at,
                }
                for key in found
            ]
        }

    async def make_key(request: ResourceRequest[MakeKey, None]) -> Any:
        entry, key = await cases.access.create_key(
            project=request.call.project.name, name=request.body.name
        )
        return {"id": entry.id, "name": entry.name, "hint": entry.hint, "key": key}

    async def revoke_key(request: ResourceRequest[None, None]) -> Any:
        await cases.access.revoke_key(request.path["id"], project_id=request.call.project.id)
        return {"success": True}

    return (
        Resource("GET", "/plan", "Plan and usage", show_plan),
        Resource("GET", "/keys", "List keys", list_keys, needs=Role.ADMIN),
        Resource(
            "POST",
            "/keys",
            "Make a key; it is shown once",
            make_key,
            needs=Role.ADMIN,
            body=MakeKey,
            status=HTTPStatus.CREATED,
        ),
        Resource("DELETE", "/keys/{id}", "Revoke a key", revoke_key, needs=Role.ADMIN),
    )
