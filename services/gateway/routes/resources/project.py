"""Routes of the project: its plan, its audit log; and those of all projects, for operators."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from services.gateway.domain.audit import AuditFilter
from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request
from services.gateway.domain.usage import LONGEST_DAYS
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.table import Query, Resource, ResourceRequest

Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(str.strip)]
Time = Annotated[int, Field(ge=0, le=1 << 52)]


class AuditQuery(Query):
    """Which lines of the audit log. since, until: epoch milliseconds. cursor: the `next_cursor` of
    the answer before.
    """

    operation: Annotated[str, Field(max_length=100)] | None = None
    key_id: Annotated[str, Field(max_length=64)] | None = None
    result: Literal["ok", "refused"] | None = None
    since: Time | None = None
    until: Time | None = None
    cursor: Annotated[str, Field(max_length=20)] | None = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


class UsageQuery(Query):
    """How many days, today among them."""

    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 30


class MakeProject(Request):
    """A new project; its first key is made with it, and shown once."""

    name: Name
    plan: str | None = None


class ChangeProject(Request):
    """Another name or another plan of a project."""

    name: Name | None = None
    plan: str | None = None


def project_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Plan, plans and audit log of the caller's project."""

    async def show_plan(request: ResourceRequest[None, None]) -> Any:
        return await cases.overview.plan(request.call)

    async def show_usage(request: ResourceRequest[None, UsageQuery]) -> Any:
        return await cases.meter.shown(request.call, request.query.days)

    async def list_plans(_: ResourceRequest[None, None]) -> Any:
        return cases.projects.plans()

    async def show_audit(request: ResourceRequest[None, AuditQuery]) -> Any:
        asked = request.query
        wanted = AuditFilter(asked.operation, asked.key_id, asked.result, asked.since, asked.until)
        return await cases.audit.page(
            request.call.project.id, wanted, cursor=asked.cursor, limit=asked.limit
        )

    return (
        Resource("GET", "/plan", "Plan and usage", show_plan, response=answers.PlanUsage),
        Resource("GET", "/usage", "Usage by day", show_usage, query=UsageQuery),
        Resource("GET", "/plans", "List the plans that are offered", list_plans),
        Resource(
            "GET",
            "/audit",
            "Who did what, newest first",
            show_audit,
            needs=Role.ADMIN,
            query=AuditQuery,
            response=answers.AuditList,
        ),
    )


def operator_resources(cases: UseCases) -> tuple[Resource, ...]:
    """All projects, for an operator's key."""

    async def list_projects(_: ResourceRequest[None, None]) -> Any:
        return await cases.projects.list()

    async def make_project(request: ResourceRequest[MakeProject, None]) -> Any:
        return await cases.projects.create(request.call, request.body.name, request.body.plan)

    async def change_project(request: ResourceRequest[ChangeProject, None]) -> Any:
        asked = request.body
        return await cases.projects.change(
            request.call, request.path["id"], name=asked.name, plan=asked.plan
        )

    return (
        Resource(
            "GET",
            "/projects",
            "List all projects (operators)",
            list_projects,
            needs=Role.ADMIN,
            operator=True,
        ),
        Resource(
            "POST",
            "/projects",
            "Make a project and its first key, shown once (operators)",
            make_project,
            needs=Role.ADMIN,
            operator=True,
            body=MakeProject,
            status=HTTPStatus.CREATED,
            problems=(HTTPStatus.CONFLICT,),
        ),
        Resource(
            "PATCH",
            "/projects/{id}",
            "Rename a project or change its plan (operators)",
            change_project,
            needs=Role.ADMIN,
            operator=True,
            body=ChangeProject,
            problems=(HTTPStatus.CONFLICT,),
        ),
    )
