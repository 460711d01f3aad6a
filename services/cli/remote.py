"""Commands that call a running Memloom over its REST API, with the key of an ordinary user."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.kernel.contracts.errors import InvalidInput

if TYPE_CHECKING:
    from pydantic import BaseModel

    from services.client.answers import FoundMemory
    from services.client.rest import RestClient

app = typer.Typer()
bases = typer.Typer(help="Knowledge bases of a running Memloom.", no_args_is_help=True)
corrections = typer.Typer(help="Corrections of a knowledge base.", no_args_is_help=True)

User = Annotated[
    str | None, typer.Option(help="Whom it is about; default: MEMLOOM_CLIENT__USER_ID.")
]
Bases = Annotated[list[str] | None, typer.Option("--base", help="Id of a knowledge base.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Base = Annotated[str, typer.Argument(help="Id of a knowledge base.")]


def _call(work: "Callable[[RestClient], Awaitable[Any]]") -> Any:
    """Run one piece of work with a client of the settings."""
    from services.client.rest import RestClient  # noqa: PLC0415 - heavy, as options says
    from services.client.settings import ClientProcess  # noqa: PLC0415 - heavy, as options says
    from services.kernel.runtime.settings import load  # noqa: PLC0415 - heavy, as options says

    async def run() -> Any:
        async with RestClient(load(ClientProcess).client) as client:
            return await work(client)

    return asyncio.run(run())


def _print_json(models: "list[BaseModel]") -> None:
    typer.echo(f"[{','.join(model.model_dump_json() for model in models)}]")


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="The question.")],
    user: User = None,
    base: Bases = None,
    limit: Annotated[int, typer.Option(min=1, max=25, help="Most memories.")] = 9,
    *,
    json: AsJson = False,
) -> None:
    """Search a user's memories and the knowledge bases (default: all of the project)."""
    from services.client.answers import search_answer  # noqa: PLC0415 - heavy, as options says

    async def work(client: "RestClient") -> Any:
        return await client.search(
            client.user(user),
            query,
            knowledgebase_ids=base or ["all"],
            memory_limit_number=limit,
            include_tool_memory=True,
        )

    answer = search_answer(_call(work))
    if json:
        typer.echo(answer.model_dump_json())
        return
    for item in (*answer.memories, *answer.preferences, *answer.tools):
        typer.echo(_line(item))


def _line(item: "FoundMemory") -> str:
    pages = f" p{'-'.join(str(page) for page in item.pages)}" if item.pages else ""
    place = f"{item.document}{pages}" if item.document else item.source
    score = "" if item.relevance is None else f"{item.relevance:.3f}  "
    mark = "  (corrected)" if item.corrected_by else ""
    return f"{score}[{place}]{mark} {item.text}"


@app.command()
def remember(
    text: Annotated[str, typer.Argument(help="What the user says.")],
    user: User = None,
    conversation: Annotated[str | None, typer.Option(help="Id of the conversation.")] = None,
) -> None:
    """Add a message of a user, and wait until it is remembered."""

    async def work(client: "RestClient") -> Any:
        messages = [{"role": "user", "content": text}]
        task = await client.add_message(client.user(user), messages, conversation_id=conversation)
        return await client.finished_task(str(task["task_id"]))

    _tell_task(_call(work))


@app.command()
def feedback(
    text: Annotated[str, typer.Argument(help="What is wrong or missing, in one sentence.")],
    user: User = None,
    base: Bases = None,
    *,
    dry_run: Annotated[bool, typer.Option(help="Only show what it would change.")] = False,
) -> None:
    """Correct a knowledge base (--base) for everybody, or else the user's own memories."""

    async def work(client: "RestClient") -> Any:
        task = await client.add_feedback(
            client.user(user), text, allow_knowledgebase_ids=base or []
        )
        return await client.finished_task(str(task["task_id"]))

    async def preview(client: "RestClient") -> Any:
        if not base or len(base) != 1:
            raise InvalidInput("--dry-run shows one knowledge base: give one --base")
        return await client.preview_feedback(base[0], text)

    if not dry_run:
        _tell_task(_call(work))
        return
    shown = _call(preview)
    for decision in shown.get("decisions") or []:
        typer.echo(f"{decision.get('kind')}: {decision.get('before')} → {decision.get('after')}")
    if shown.get("reason"):
        typer.echo(shown["reason"])


def _tell_task(state: dict[str, Any]) -> None:
    from services.client.answers import task_state  # noqa: PLC0415 - heavy, as options says

    task = task_state(state)
    views = task.changes
    counts = ", ".join(
        f"{views[name]} {name}" for name in ("added", "updated", "deleted") if views.get(name)
    )
    typer.echo(" ".join(part for part in (task.status, counts, task.message) if part))
    if task.status != "completed":
        raise typer.Exit(1)


@app.command()
def upload(
    base: Base,
    files: Annotated[list[str], typer.Argument(help="Files or URLs.")],
    *,
    wait: Annotated[bool, typer.Option(help="Wait until they are done.")] = True,
) -> None:
    """Add documents to a knowledge base."""
    from services.client.answers import document_state  # noqa: PLC0415 - heavy, as options says

    urls = [file for file in files if file.startswith(("http://", "https://"))]
    paths = [Path(file) for file in files if file not in urls]

    async def work(client: "RestClient") -> Any:
        made = await client.upload_files(base, paths) if paths else []
        if urls:
            made += await client.add_documents(base, [{"content": url} for url in urls])
        ids = [str(item["id"]) for item in made]
        return await (client.finished_documents(ids) if wait else client.documents(ids))

    states = [document_state(item) for item in _call(work)]
    for state in states:
        typer.echo(f"{state.id}  {state.status}  {state.name}  {state.message}".rstrip())
    if any(state.status == "FAILED" for state in states):
        raise typer.Exit(1)


@bases.command("list")
def list_bases(*, json: AsJson = False) -> None:
    """List id, name, documents and bytes of each."""
    from services.client.answers import (  # noqa: PLC0415 - heavy, as options says
        knowledge_base_info,
    )

    async def work(client: "RestClient") -> Any:
        return await client.knowledge_bases()

    found = [knowledge_base_info(item) for item in _call(work)]
    if json:
        _print_json(list(found))
        return
    for base in found:
        typer.echo(f"{base.id}  {base.documents:>5}  {base.bytes:>12}  {base.name}")


@bases.command("create")
def create_base(
    name: Annotated[str, typer.Argument(help="Its name.")],
    description: Annotated[str, typer.Option(help="What it holds.")] = "",
) -> None:
    """Make a knowledge base and print its id."""

    async def work(client: "RestClient") -> Any:
        return await client.create_knowledge_base(name, description)

    typer.echo(_call(work))


@corrections.command("list")
def list_corrections(base: Base, *, json: AsJson = False) -> None:
    """List who corrected what, newest first."""
    from services.client.answers import correction_shown  # noqa: PLC0415 - heavy, as options says

    async def work(client: "RestClient") -> Any:
        return await client.corrections(base)

    found = [correction_shown(item) for item in _call(work)]
    if json:
        _print_json(list(found))
        return
    for one in found:
        typer.echo(f"{one.id}  {one.state}  {one.user_id}: {one.feedback}")


@corrections.command("undo")
def undo(base: Base, correction: str) -> None:
    """Take a correction back."""
    _switch(base, correction, active=False)


@corrections.command("redo")
def redo(base: Base, correction: str) -> None:
    """Let an undone correction hold again."""
    _switch(base, correction, active=True)


def _switch(base: str, correction: str, *, active: bool) -> None:
    async def work(client: "RestClient") -> Any:
        return await client.switch_correction(base, correction, active=active)

    typer.echo(f"{correction} is {_call(work)['state']}")


@app.command()
def mcp(
    *,
    http: Annotated[
        bool, typer.Option(help="Serve streamable HTTP instead of stdio; callers bring their key.")
    ] = False,
) -> None:
    """Serve Memloom's tools to assistants that speak MCP."""
    from services.client.app import serve_http, serve_stdio  # noqa: PLC0415 - heavy, as options says

    if http:
        serve_http()
    else:
        serve_stdio()
