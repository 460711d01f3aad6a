"""Keys, projects and plans, for whoever runs a Memloom; also while a server runs.

A running server hears of a change within a second.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from services.cli.options import HERE, Create, Data, check_used
from services.kernel.contracts.errors import InvalidInput

if TYPE_CHECKING:
    from services.gateway.domain.model import ApiKey
    from services.gateway.handlers.access import Access

keys = typer.Typer(help="API keys; only their hashes are kept.", no_args_is_help=True)
plans = typer.Typer(help="Plans of projects, and what they use.", no_args_is_help=True)
projects = typer.Typer(help="Projects: list, create, rename.", no_args_is_help=True)

Project = Annotated[str, typer.Option(help="Name of the project.")]
T = TypeVar("T")
_LONGEST_DAYS = 36_500


class KeyRole(StrEnum):
    """What a key may do; the gateway's own roles, named here so that `--help` stays light."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@asynccontextmanager
async def _access(data: Path, *, create: bool) -> AsyncIterator["Access"]:
    # Heavy, as `options` says.
    from services.gateway.app import GatewayProcess, access  # noqa: PLC0415
    from services.kernel.adapters.process import opened  # noqa: PLC0415
    from services.kernel.runtime.settings import load  # noqa: PLC0415

    settings = load(GatewayProcess, data=data)
    check_used(data, create=create, on_servers=bool(settings.postgres.url))
    async with opened(settings, name="cli") as found:
        try:
            async with access(settings.gateway, found) as opened_access:
                yield opened_access
        finally:
            await found.bus.close()


def _run(data: Path, work: Callable[["Access"], Awaitable[T]], *, create: bool = False) -> T:
    async def whole() -> T:
        async with _access(data, create=create) as access:
            return await work(access)

    return asyncio.run(whole())


@keys.command("create")
def create_key(
    *,
    project: Project = "default",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    plan: Annotated[
        str | None, typer.Option(help="Plan of the project, where this makes it.")
    ] = None,
    role: Annotated[KeyRole, typer.Option(help="What it may do.")] = KeyRole.ADMIN,
    operator: Annotated[
        bool, typer.Option("--operator", help="Also what concerns all projects.")
    ] = False,
    expires_in_days: Annotated[
        float | None, typer.Option(help="Days after which it is refused; default: never.")
    ] = None,
    create: Create = False,
    data: Data = HERE,
) -> None:
    """Make a key, and the project where there is none; the key is shown this once.

    --plan is for a project that is made now: for one that is on another plan nothing is made.
    """
    from services.gateway.domain.model import Role  # noqa: PLC0415 - heavy, as options says
    from services.gateway.handlers.access import KeyTerms  # noqa: PLC0415 - heavy, as options says

    if operator and role is not KeyRole.ADMIN:
        message = "an operator's key has the role admin: leave --role out"
        raise InvalidInput(message)
    terms = KeyTerms(role=Role(role.value), operator=operator, expires_at=_expiry(expires_in_days))

    async def work(access: "Access") -> tuple[str, str]:
        known = {found.name for found in await access.list_projects()}
        _, made = await access.create_key(project=project, name=name, plan=plan, terms=terms)
        if project in known:
            return made, ""
        (now,) = [found for found in await access.list_projects() if found.name == project]
        return made, f"the project {project!r} was made, on the plan {now.plan}"

    made, note = _run(data, work, create=create)
    if note:
        typer.echo(note, err=True)
    typer.echo(made)


def _expiry(days: float | None) -> int | None:
    if days is None:
        return None
    if not 0 < days <= _LONGEST_DAYS:
        message = f"--expires-in-days must lie between 0 and {_LONGEST_DAYS}"
        raise InvalidInput(message)
    return int((datetime.now(UTC) + timedelta(days=days)).timestamp() * 1000)


@keys.command("list")
def list_keys(
    project: Annotated[str | None, typer.Option(help="Only of this project.")] = None,
    data: Data = HERE,
) -> None:
    """All keys: id, project, hint, state, role, last use, name."""
    from services.gateway.domain.keys import moment  # noqa: PLC0415 - heavy, as options says

    async def work(access: "Access") -> list[str]:
        named = {found.id: found.name for found in await access.list_projects()}
        now = int(datetime.now(UTC).timestamp() * 1000)
        return [
            f"{key.id}  {named[key.project_id]}  {key.hint}  {_state(key, now)}  "
            f"{'operator' if key.operator else key.role.value}  "
            f"used {moment(key.last_used_at)}  {key.name}"
            for key in await access.list_keys()
            if project in (None, named[key.project_id])
        ]

    for line in _run(data, work):
        typer.echo(line)


def _state(key: "ApiKey", now: int) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "active" if key.is_active(now) else "expired"


@keys.command("revoke")
def revoke_key(
    key_id: str,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also the last active admin key of its project.")
    ] = False,
    data: Data = HERE,
) -> None:
    """Refuse a key from now on."""
    _run(data, lambda access: access.revoke_key(key_id, force=force))
    typer.echo(f"{key_id} is revoked")


@keys.command("rotate")
def rotate_key(
    key_id: str,
    overlap_hours: Annotated[
        float, typer.Option(min=0, max=720, help="Hours for which the old secret still works.")
    ] = 24.0,
    data: Data = HERE,
) -> None:
    """Make a new secret for a key, shown this once; the old one still works for a while."""
    overlap_ms = int(overlap_hours * 3_600_000)
    _, made = _run(data, lambda access: access.rotate_key(key_id, overlap_ms=overlap_ms))
    typer.echo(made)


@keys.command("rename")
def rename_key(key_id: str, name: str, data: Data = HERE) -> None:
    """Give a key another name."""
    _run(data, lambda access: access.rename_key(key_id, name))
    typer.echo(f"{key_id} is called {name}")


@plans.command("list")
def list_plans(data: Data = HERE) -> None:
    """Every project with its plan and what it uses."""

    async def work(access: "Access") -> list[str]:
        lines = []
        for project in await access.list_projects():
            _, bases, in_messages = await access.usage(project.id)
            owned = [base for base in bases if base.project_id == project.id]
            size = sum(base.bytes for base in owned) + in_messages
            lines.append(f"{project.name}  {project.plan}  {len(owned)} bases  {size} bytes")
        return lines

    for line in _run(data, work):
        typer.echo(line)


@plans.command("show")
def show_plans(data: Data = HERE) -> None:
    """The plans that are offered, with their limits."""
    from services.gateway.domain.plans import size_text  # noqa: PLC0415 - heavy, as options says

    async def work(access: "Access") -> list[str]:
        return [
            f"{plan.name}  {plan.knowledge_bases} bases  {size_text(plan.bytes_each)} each  "
            + (f"{plan.requests_per_second:g} requests/s" if plan.requests_per_second else "-")
            for plan in access.offered_plans()
        ]

    for line in _run(data, work):
        typer.echo(line)


@plans.command("set")
def set_plan(project: str, plan: str, data: Data = HERE) -> None:
    """Put a project (name or id) on another plan; nothing is deleted."""
    _run(data, lambda access: access.set_plan(project, plan))
    typer.echo(f"{project} is on {plan}")


@projects.command("list")
def list_projects(data: Data = HERE) -> None:
    """All projects: id, name, plan."""

    async def work(access: "Access") -> list[str]:
        return [
            f"{project.id}  {project.name}  {project.plan}"
            for project in await access.list_projects()
        ]

    for line in _run(data, work):
        typer.echo(line)


@projects.command("create")
def create_project(
    name: str,
    *,
    plan: Annotated[str | None, typer.Option(help="Its plan; default: the first one.")] = None,
    create: Create = False,
    data: Data = HERE,
) -> None:
    """Make a project without keys; `memloom keys create --project NAME` makes its first key."""
    made = _run(data, lambda access: access.create_project(name, plan), create=create)
    typer.echo(f"{made.id}  {made.name}  {made.plan}")


@projects.command("rename")
def rename_project(project: str, name: str, data: Data = HERE) -> None:
    """Give a project (name or id) another name."""
    _run(data, lambda access: access.rename_project(project, name))
    typer.echo(f"{project} is called {name}")
