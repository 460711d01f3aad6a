"""Parsing one file for a person who wants to look."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Final

from services.kernel.adapters.reader_worker import WorkerPool
from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.app.build import limits_of, make_pool
from services.parser.app.parsing import WorkerParsing
from services.parser.domain.build import DOC, DOCX, PDF
from services.parser.settings import ParserSettings

_TYPES: Final = {
    ".pdf": PDF,
    ".docx": DOCX,
    ".doc": DOC,
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".json": "application/json",
    ".xml": "application/xml",
}


def media_type_of(path: Path) -> str:
    """By the file's extension; InvalidInput UNSUPPORTED_FILE_TYPE for one that is not parsed."""
    known = _TYPES.get(path.suffix.lower())
    if known is None:
        guess = mimetypes.guess_type(path.name)[0] or "a file without extension"
        raise InvalidInput(
            f"{path.name} is {guess}; PDF, DOCX, DOC, TXT, MD, JSON and XML are parsed",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )
    return known


async def parse_file(
    path: Path, settings: ParserSettings | None = None, *, pool: WorkerPool | None = None
) -> ParsedDocument:
    """The parsed document of a local file, by the local readers; `pool` saves the start of a
    process for each of many. InvalidInput with the document's own code.
    """
    settings = settings or ParserSettings(workers=1)
    if pool is None:
        pool = make_pool(settings)
        try:
            return await parse_file(path, settings, pool=pool)
        finally:
            await pool.close()
    parsing = WorkerParsing(pool, limits_of(settings), reader=None, pdf_layout=True)
    parsed = await parsing.parse(
        await asyncio.to_thread(path.resolve), name=path.name, media_type=media_type_of(path)
    )
    return ParsedDocument.model_validate_json(parsed.json)
