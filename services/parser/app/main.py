"""The service over what its process has, and in a process of its own."""

from dataclasses import replace

from pydantic import Field

from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.adapters.reader_tika import TikaReader
from services.kernel.contracts.topics import Service
from services.kernel.runtime.lifecycle import ServiceParts
from services.parser.app.build import build
from services.parser.settings import ParserSettings
from services.parser.store import METADATA, MIGRATIONS


class ParserProcess(ProcessSettings):
    """Settings of `python -m services.parser`."""

    parser: ParserSettings = Field(default_factory=ParserSettings)


async def assemble(settings: ParserSettings, resources: Resources) -> ServiceParts:
    """The service over what its process has: a Tika server where one is named."""
    url = resources.settings.tika.url
    tika = TikaReader(url) if url else None
    parts = build(
        settings,
        database=resources.database(Service.PARSER, METADATA, MIGRATIONS),
        blobs=resources.blobs,
        clock=resources.clock,
        reader=tika,
    )
    return replace(parts, close=(*parts.close, tika.close)) if tika else parts


def main() -> None:
    """Run the parser alone."""

    async def alone(settings: ParserProcess, resources: Resources) -> Assembly:
        return Assembly(parts=[await assemble(settings.parser, resources)])

    main_of(Service.PARSER, ParserProcess, alone)
