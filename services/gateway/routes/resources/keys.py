"""Routes of the project's keys."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from services.gateway.domain.keys import LONGEST_OVERLAP_SECONDS
from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.table import Resource, ResourceRequest

Name = Annotated[str, Field(max_length=200), AfterValidator(str.strip)]


class MakeKey(Request):
    """A further key of the same project. expires_at: epoch milliseconds, left out for never."""

    name: Name = ""
    role: Annotated[Role, Field(strict=False)] = Role.ADMIN
    expires_at: Annotated[int, Field(ge=0, le=1 << 52)] | None = None


class RenameKey(Request):
    """Another name of a key."""

    name: Name


class RotateKey(Request):
    """A new secret of a key. overlap_seconds: how long the old one works; 0 ends it at once."""

    overlap_seconds: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_SECONDS)] | None = None


def key_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List, make, rename, rotate and revoke keys."""

    async def list_keys(request: ResourceRequest[None, None]) -> Any:
        return await cases.keys.list(request.call)

    async def make_key(request: ResourceRequest[MakeKey, None]) -> Any:
        asked = request.body
        return await cases.keys.create(
            request.call, name=asked.name, role=asked.role, expires_at=asked.expires_at
        )

    async def rename_key(request: ResourceRequest[RenameKey, None]) -> Any:
        return await cases.keys.rename(request.call, request.path["id"], request.body.name)

    async def rotate_key(request: ResourceRequest[RotateKey, None]) -> Any:
        overlap = request.body.overlap_seconds
        return await cases.keys.rotate(request.call, request.path["id"], overlap)

    async def revoke_key(request: ResourceRequest[None, None]) -> Any:
        return await cases.keys.revoke(request.call, request.path["id"])

    one = "/keys/{id}"
    return (
        Resource(
            "GET", "/keys", "List keys", list_keys, needs=Role.ADMIN, response=answers.KeyList
        ),
        Resource(
            "POST",
            "/keys",
            "Make a key; it is shown once",
            make_key,
            needs=Role.ADMIN,
            body=MakeKey,
            response=answers.ShownKey,
            status=HTTPStatus.CREATED,
            examples={"for an application": {"name": "till", "role": "write"}},
        ),
        Resource(
            "PATCH",
            one,
            "Rename a key",
            rename_key,
            needs=Role.ADMIN,
            body=RenameKey,
            response=answers.KeyDetail,
        ),
        Resource(
            "POST",
            one + "/rotate",
            "Make a new secret for a key; it is shown once",
            rotate_key,
            body=RotateKey,
            response=answers.ShownKey,
            problems=(HTTPStatus.CONFLICT,),
            description="The old secret works for the overlap. A key without the role `admin` may "
            "rotate itself.",
        ),
        Resource(
            "DELETE",
            one,
            "Revoke a key",
            revoke_key,
            needs=Role.ADMIN,
            problems=(HTTPStatus.CONFLICT,),
        ),
    )
