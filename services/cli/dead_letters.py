"""Dead letters: what no code could handle, with cause, attempts, origin and untouched bytes."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import HERE, Data, resources
from services.kernel.contracts.errors import MemloomError

if TYPE_CHECKING:
    from services.kernel.adapters.process import Resources
    from services.kernel.ports.bus import DeadLetter

app = typer.Typer(help="Dead letters: list, show, replay, drop.", no_args_is_help=True)

Group = Annotated[str | None, typer.Option(help="Only of this consumer group.")]


@app.command("list")
def list_letters(group: Group = None, limit: int = 100, data: Data = HERE) -> None:
    """One line each, newest last."""

    async def work() -> list["DeadLetter"]:
        async with resources(data) as found:
            return list(await found.bus.list(group=group, limit=limit))

    for letter in asyncio.run(work()):
        at = datetime.fromtimestamp(letter.set_aside_at / 1000, UTC).isoformat(timespec="seconds")
        typer.echo(
            f"{letter.id}  {at}  {letter.group}  {letter.key}  "
            f"attempts {letter.attempts}  code {letter.error_code}  {letter.cause}"
        )


@app.command()
def show(identifier: str, data: Data = HERE) -> None:
    """Everything that is known of one, its bytes last."""

    async def work() -> "DeadLetter":
        async with resources(data) as found:
            return await found.bus.get(identifier)

    letter = asyncio.run(work())
    for name in ("id", "topic", "group", "key", "cause", "error_code", "attempts", "origin"):
        typer.echo(f"{name}: {getattr(letter, name)}")
    for header, content in letter.headers.items():
        typer.echo(f"header {header}: {content!r}")
    typer.echo(letter.value.decode("utf-8", errors="backslashreplace"))


@app.command()
def replay(
    identifiers: Annotated[list[str] | None, typer.Argument(help="Which ones.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All of them (of `--group`).")] = False,
    group: Group = None,
    limit: Annotated[int, typer.Option(help="At most so many.")] = 1000,
    on_error: Annotated[
        str, typer.Option(help="stop at the first that cannot be handed over, or continue.")
    ] = "stop",
    data: Data = HERE,
) -> None:
    """Hand them to their group again, through the same guards; a document is PROCESSING again."""

    async def work() -> tuple[int, int]:
        done = failed = 0
        async with resources(data) as found:
            wanted = list(identifiers or [])
            if every:
                wanted = [letter.id for letter in await found.bus.list(group=group, limit=limit)]
            for identifier in wanted[:limit]:
                try:
                    await _replay(found, identifier)
                except MemloomError as error:
                    typer.echo(f"{identifier}: {error.message}", err=True)
                    failed += 1
                    if on_error == "stop":
                        break
                else:
                    done += 1
        return done, failed

    done, failed = asyncio.run(work())
    typer.echo(f"{done} replayed, {failed} failed")
    if failed:
        raise typer.Exit(1)


async def _replay(found: "Resources", identifier: str) -> None:
    from pydantic import ValidationError  # noqa: PLC0415 - heavy, as options says

    from services.gateway.app import reopen  # noqa: PLC0415 - heavy, as options says
    from services.kernel.contracts.events import (  # noqa: PLC0415 - heavy, as options says
        DocumentIdentity,
        Envelope,
    )

    letter = await found.bus.get(identifier)
    try:
        event = Envelope.model_validate_json(letter.value).open()
    except (ValidationError, KeyError):
        event = None
    if isinstance(event, DocumentIdentity):
        await reopen(found, event.document_id)
    # Bytes that nobody can read are set aside again; their document stays as it is.
    await found.bus.replay(identifier)


@app.command()
def drop(identifier: str, data: Data = HERE) -> None:
    """Forget one for ever."""

    async def work() -> None:
        async with resources(data) as found:
            await found.bus.drop(identifier)

    asyncio.run(work())
    typer.echo(f"{identifier} is dropped")
