"""`memloom ...` for people."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.embedded import EmbeddedSettings, Where
from services.embedded import serve as serve_embedded
from services.kernel.adapters.process import settings_text
from services.kernel.contracts.errors import MemloomError
from services.kernel.runtime import catalogue
from services.memorizer.domain.segmentation import segment
from services.parser.app import parse_file

app = typer.Typer(
    help="Memory and knowledge base for AI assistants.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
topics = typer.Typer(help="The catalogue of topics.", no_args_is_help=True)
app.add_typer(topics, name="topics")

Data = Annotated[Path, typer.Option(help="Folder of the data.")]


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of REST and console.")] = 8080,
    grpc_port: Annotated[int, typer.Option(help="Port of the public gRPC.")] = 50051,
    data: Data = Path("data"),
) -> None:
    """Run the whole system in this process."""
    serve_embedded(Where(host=host, port=port, grpc_port=grpc_port, data=data))


@app.command()
def settings() -> None:
    """List every setting with its default and meaning."""
    typer.echo(settings_text(EmbeddedSettings))


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(help="A PDF, DOCX, DOC, TXT, MD, JSON or XML.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show the blocks and passages of a file, as the product would make them."""
    parsed = asyncio.run(parse_file(file))
    limits = EmbeddedSettings().memorizer
    passages = segment(
        parsed,
        document_name=file.name,
        target_tokens=limits.target_tokens,
        max_tokens=limits.max_tokens,
    )
    if json:
        typer.echo(
            f'{{"parsed": {parsed.model_dump_json()}, "passages": '
            f"[{','.join(passage.model_dump_json() for passage in passages)}]}}"
        )
        return
    typer.echo(f"{parsed.title} ({parsed.reader}, pages: {parsed.pages or '-'})\n")
    for block in parsed.blocks:
        typer.echo(
            f"{block.kind.value:<10} p{block.page or '-'} {block.start}-{block.end} {block.text}"
        )
    for passage in passages:
        path = " › ".join(passage.heading_path)
        typer.echo(
            f"\n[{passage.ordinal}] {path} (pages {passage.page_first or '-'} to "
            f"{passage.page_last or '-'}, {passage.start}-{passage.end}, {passage.tokens} tokens)\n"
            f"{passage.text}"
        )


@topics.command("export")
def export(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is current.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("proto"),
) -> None:
    """Write topics.yaml, AsyncAPI and the events' JSON Schemas."""
    if not check:
        for path in catalogue.write(folder):
            typer.echo(str(path))
        return
    differing = catalogue.differing(folder)
    if differing:
        typer.echo(f"not current: {', '.join(differing)}; run `memloom topics export`", err=True)
        raise typer.Exit(1)


def main() -> None:
    """Entry point: our own errors are sentences, not tracebacks."""
    try:
        app()
    except MemloomError as error:
        typer.echo(error.message, err=True)
        sys.exit(2)
