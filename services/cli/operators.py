"""Keys, plans and topics, for whoever runs a Memloom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import HERE, Data, resources
from services.kernel.contracts.errors import InvalidInput

if TYPE_CHECKING:
    from services.gateway.handlers.access import Access

keys = typer.Typer(help="API keys; only their hashes are kept.", no_args_is_help=True)
plans = typer.Typer(help="Plans of projects: free, starter, pro.", no_args_is_help=True)

Project = Annotated[str, typer.Option(help="Name of the project.")]


@asynccontextmanager
async def _desk(data: Path) -> AsyncIterator["Access"]:
    """Keys, projects and plans, also while a server runs."""
    from services.gateway.app import access  # noqa: PLC0415 - heavy, as options says

    async with resources(data) as found, access(found) as desk:
        yield desk


@keys.command("create")
def create(
    project: Project = "default",
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    plan: Annotated[str | None, typer.Option(help="Plan, where the project is new.")] = None,
    data: Data = HERE,
) -> None:
    """Make a key, and the project where there is none; the key is shown this once."""

    async def work() -> str:
        async with _desk(data) as desk:
            _, made = await desk.create_key(project=project, name=name, plan=plan)
            return made

    typer.echo(asyncio.run(work()))


@keys.command("list")
def list_keys(data: Data = HERE) -> None:
    """All keys: id, project, hint, state."""

    async def work() -> list[str]:
        async with _desk(data) as desk:
            projects = {project.id: project for project in await desk.list_projects()}
            return [
                f"{key.id}  {projects[key.project_id].name}  {key.hint}  "
                f"{'revoked' if key.revoked_at else 'active'}  {key.name}"
                for key in await desk.list_keys()
            ]

    for line in asyncio.run(work()):
        typer.echo(line)


@keys.command("revoke")
def revoke(key_id: str, data: Data = HERE) -> None:
    """Refuse a key from now on."""

    async def work() -> None:
        async with _desk(data) as desk:
            await desk.revoke_key(key_id)

    asyncio.run(work())
    typer.echo(f"{key_id} is revoked")


@plans.command("list")
def list_plans(data: Data = HERE) -> None:
    """Every project with its plan and what it uses."""

    async def work() -> list[str]:
        async with _desk(data) as desk:
            lines = []
            for project in await desk.list_projects():
                _, bases = await desk.usage(project.id)
                size = sum(base.bytes for base in bases)
                lines.append(f"{project.name}  {project.plan}  {len(bases)} bases  {size} bytes")
            return lines

    for line in asyncio.run(work()):
        typer.echo(line)


@plans.command("set")
def set_plan(project: str, plan: str, data: Data = HERE) -> None:
    """Put a project on another plan; nothing is deleted."""

    async def work() -> None:
        async with _desk(data) as desk:
            await desk.set_plan(project, plan)

    asyncio.run(work())
    typer.echo(f"{project} is on {plan}")


def apply_catalogue(replication: int | None, partitions: int | None) -> None:
    """Topics on the Kafka that the settings name."""
    from services.embedded import EmbeddedSettings  # noqa: PLC0415 - heavy, as options says
    from services.kernel.runtime.settings import load  # noqa: PLC0415 - heavy, as options says

    settings = load(EmbeddedSettings)
    if not settings.kafka.bootstrap:
        raise InvalidInput(
            "MEMLOOM_KAFKA__BOOTSTRAP is not set; the embedded bus needs no topics to be made"
        )
    # Kafka's client is heavy and only needed here.
    from services.kernel.adapters.kafka_bus import apply_topics  # noqa: PLC0415

    report = asyncio.run(
        apply_topics(settings.kafka, replication=replication, partitions=partitions)
    )
    for state in ("created", "changed", "kept", "differing"):
        for name in getattr(report, state):
            typer.echo(f"{state:<10} {name}")
