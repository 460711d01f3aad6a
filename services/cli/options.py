"""What several commands take, and what they work on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from services.embedded import EmbeddedSettings
from services.kernel.adapters.process import Resources, opened
from services.kernel.runtime.settings import load

Data = Annotated[Path, typer.Option(help="Folder of the data, where no server keeps it.")]


@asynccontextmanager
async def resources(data: Path) -> AsyncIterator[Resources]:
    """What the settings name: servers, or the files below `data`; also while a server runs."""
    settings = load(EmbeddedSettings, data=data)
    async with opened(settings, name="cli") as found:
        try:
            yield found
        finally:
            await found.bus.close()
