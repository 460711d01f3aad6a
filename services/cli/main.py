"""The commands, and how our own errors end: a sentence, not a traceback.

Each command imports what it works with when it runs; see `options`.
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli import dead_letters, operators, remote, tenants
from services.cli.options import HERE, Data
from services.kernel.contracts.errors import MemloomError

app = typer.Typer(
    help="Memory and knowledge base for AI assistants.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
topics = typer.Typer(help="The catalogue of topics.", no_args_is_help=True)
app.add_typer(topics, name="topics")
app.add_typer(tenants.keys, name="keys")
app.add_typer(tenants.plans, name="plans")
app.add_typer(tenants.projects, name="projects")
app.add_typer(dead_letters.app, name="dlq")
app.add_typer(remote.app)
app.add_typer(remote.bases, name="bases")
app.add_typer(remote.corrections, name="corrections")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port of REST and console.")] = 8080,
    grpc_port: Annotated[int, typer.Option(help="Port of the public gRPC.")] = 50051,
    data: Data = HERE,
) -> None:
    """Run the whole system in this process."""
    from services.embedded import Where  # noqa: PLC0415 - see above
    from services.embedded import serve as serve_embedded  # noqa: PLC0415 - see above

    serve_embedded(Where(host=host, port=port, grpc_port=grpc_port, data=data))


@app.command()
def settings() -> None:
    """List every setting with its default and meaning."""
    from services.client.settings import ClientProcess  # noqa: PLC0415 - see above
    from services.embedded import EmbeddedSettings  # noqa: PLC0415 - see above
    from services.kernel.adapters.process import settings_text  # noqa: PLC0415 - see above

    typer.echo(settings_text(EmbeddedSettings))
    typer.echo(settings_text(ClientProcess))


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(help="A PDF, DOCX, DOC, TXT, MD, JSON or XML.")],
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show the blocks and passages of a file, as the product would make them."""
    from services.embedded import EmbeddedSettings  # noqa: PLC0415 - see above
    from services.memorizer.domain.segmentation import segment  # noqa: PLC0415 - see above
    from services.parser.app import parse_file  # noqa: PLC0415 - see above

    if not file.is_file():
        typer.echo(f"there is no file {file}", err=True)
        raise typer.Exit(2)
    parsed = asyncio.run(parse_file(file))
    limits = EmbeddedSettings().memorizer
    passages = segment(
        parsed,
        document_name=file.name,
        target_tokens=limits.target_tokens,
        max_tokens=limits.max_tokens,
    )
    if json:
        listed = ",".join(passage.model_dump_json() for passage in passages)
        typer.echo(f'{{"parsed": {parsed.model_dump_json()}, "passages": [{listed}]}}')
        return
    typer.echo(f"{parsed.title} ({parsed.reader}, pages: {parsed.pages or '-'})\n")
    for block in parsed.blocks:
        place = f"p{block.page or '-'} {block.start}-{block.end}"
        typer.echo(f"{block.kind.value:<10} {place:<16} {block.text}")
    for passage in passages:
        typer.echo(
            f"\n[{passage.ordinal}] {' › '.join(passage.heading_path)} "
            f"(pages {passage.page_first or '-'} to {passage.page_last or '-'}, "
            f"{passage.start}-{passage.end}, {passage.tokens} tokens)\n{passage.text}"
        )


@app.command()
def reindex(
    *,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="Let the previous generation serve again.")
    ] = False,
    drop_previous: Annotated[
        bool, typer.Option("--drop-previous", help="Delete the previous generation.")
    ] = False,
    running: Annotated[
        bool,
        typer.Option(help="Ask the memorizer at MEMLOOM_PEERS__MEMORIZER to do it and go on."),
    ] = False,
    embedder: Annotated[
        str, typer.Option(help="The new embedder; default: MEMLOOM_EMBEDDER__MODEL.")
    ] = "",
    data: Data = HERE,
) -> None:
    """Fill a new generation of the index from the records, with the configured embedder.

    A Memloom that runs on the data folder, or with --running the memorizer of a stack, does it
    while the old generation serves; say it again to see how far it is. What was begun is taken up.
    """
    from services.cli.reindexing import change  # noqa: PLC0415 - see above

    typer.echo(
        asyncio.run(
            change(
                data,
                embedder=embedder,
                roll_back=roll_back,
                drop_previous=drop_previous,
                running=running,
            )
        )
    )


@app.command()
def reconcile(
    *,
    mend: Annotated[bool, typer.Option("--mend", help="Mend what differs.")] = False,
    seconds: Annotated[
        float, typer.Option(help="A deletion should be confirmed by every store after so long.")
    ] = 300.0,
    data: Data = HERE,
) -> None:
    """Find what differs between the stores: records, index, blobs, documents, corrections.

    While a Memloom runs on the data folder, or is stopped, or on its servers. Prints a count for
    each kind; ends with 0 where nothing differs (any more), else with 1. What is mended by an event
    is done once a running Memloom has heard it: say it again then.
    """
    from services.cli.reconciling import reconcile as compare  # noqa: PLC0415 - see above

    report = asyncio.run(compare(data, mend=mend, seconds=seconds))
    for line in report.lines():
        typer.echo(line)
    if mend and report.total:
        left = asyncio.run(compare(data, mend=False, seconds=seconds))
        typer.echo(f"mended {report.total - left.total}, left {left.total}")
        for kind in sorted(report.sent):
            typer.echo(f"sent again, done once a Memloom has heard it: {kind.replace('_', ' ')}")
        report = left
    if report.total:
        raise typer.Exit(1)


@topics.command("export")
def export(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it is current.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the files go.")] = Path("proto"),
) -> None:
    """Write topics.yaml, AsyncAPI and the events' JSON Schemas."""
    from services.kernel.runtime import catalogue  # noqa: PLC0415 - see above

    if not check:
        for path in catalogue.write(folder):
            typer.echo(str(path))
        return
    differing = catalogue.differing(folder)
    if differing:
        typer.echo(f"not current: {', '.join(differing)}; run `memloom topics export`", err=True)
        raise typer.Exit(1)


@topics.command("apply")
def apply(
    replication: Annotated[
        int | None, typer.Option(help="Copies of each topic; default: MEMLOOM_KAFKA__REPLICATION.")
    ] = None,
    partitions: Annotated[
        int | None, typer.Option(help="Partitions; default: MEMLOOM_KAFKA__PARTITIONS.")
    ] = None,
) -> None:
    """Create the topics on Kafka and set what differs; safe to repeat."""
    operators.apply_catalogue(replication, partitions)


def main() -> None:
    """Entry point."""
    try:
        app()
    except MemloomError as error:
        typer.echo(error.message, err=True)
        sys.exit(2)
