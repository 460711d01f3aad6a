"""What several commands take, and what they work on.

A command imports what it works with when it runs: the whole system behind `serve` takes seconds to
load, and `--help` should not.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from services.kernel.adapters.process import Resources

HERE = Path("data")
Data = Annotated[Path, typer.Option(help="Folder of the data, where no server keeps it.")]


Create = Annotated[
    bool, typer.Option("--create", help="Make the data folder, where no Memloom has used it yet.")
]


def check_used(data: Path, *, create: bool, on_servers: bool) -> None:
    """Refuse (InvalidInput) a folder in which no Memloom has kept anything, or a mistyped name
    would make a new one, with keys that open nothing.
    """
    from services.kernel.contracts.errors import InvalidInput  # noqa: PLC0415 - see above

    if create or on_servers or (data / "gateway.db").is_file():
        return
    message = (
        f"no Memloom has used the data folder {data.resolve()}: name the one that `memloom serve` "
        "uses with --data, or a database server with MEMLOOM_POSTGRES__URL; to prepare a new "
        "folder before the first start, add --create"
    )
    raise InvalidInput(message)


@asynccontextmanager
async def resources(data: Path) -> AsyncIterator["Resources"]:
    """What the settings name: servers, or the files below `data`; also while a server runs."""
    from services.kernel.adapters.process import (  # noqa: PLC0415 - see above
        ProcessSettings,
        opened,
    )
    from services.kernel.runtime.settings import load  # noqa: PLC0415 - see above

    settings = load(ProcessSettings, data=data)
    async with opened(settings, name="cli") as found:
        try:
            yield found
        finally:
            await found.bus.close()
