"""Readers of the embedded world, each document in a worker process, a second reader where the
first fails on it.
"""

import asyncio
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from services.kernel.adapters.reader_docx import check_archive, read_docx
from services.kernel.adapters.reader_extractous import read_tika_native
from services.kernel.adapters.reader_pdfium import read_pdf
from services.kernel.adapters.reader_worker import Answer, Step, WorkerPool
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reading, ReadLimits

PDF: Final = "application/pdf"
DOC: Final = "application/msword"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

# Not worth a second opinion: another reader would say the same, or do the same harm.
_FINAL: Final = frozenset({Code.TOO_MANY_PAGES, Code.ENCRYPTED, Code.EXPANDS_TOO_FAR, Code.EMPTY})
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF_HEAD: Final = 4096


def pdf_by_layout(arguments: dict[str, Any]) -> Reading:
    """In the worker: a PDF by its layout."""
    return read_pdf(Path(arguments["path"]), _limits(arguments))


def docx_by_styles(arguments: dict[str, Any]) -> Reading:
    """In the worker: a DOCX by its styles."""
    return read_docx(Path(arguments["path"]), _limits(arguments))


def by_tika_native(arguments: dict[str, Any]) -> Reading:
    """In the worker: Tika's XHTML. A DOCX is checked for bombs first."""
    path, media_type = Path(arguments["path"]), str(arguments["media_type"])
    if media_type == DOCX:
        check_archive(path)
    return read_tika_native(path, media_type, _limits(arguments))


ORDER: Final[dict[str, tuple[Step, ...]]] = {
    PDF: (pdf_by_layout, by_tika_native),
    DOCX: (docx_by_styles, by_tika_native),
    DOC: (by_tika_native,),
}
"""Which readers read a type, best first."""


def _limits(arguments: dict[str, Any]) -> ReadLimits:
    return ReadLimits(characters=arguments["characters"], pages=arguments["pages"])


def read_bytes(arguments: dict[str, Any]) -> bytes:
    """In the worker: a whole file."""
    return Path(arguments["path"]).read_bytes()


def as_json(reading: Reading, _: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """In the worker: a `Reading` on its way to the parent."""
    return {}, TypeAdapter(Reading).dump_json(reading)


async def first_that_reads(
    pool: WorkerPool, then: Step, path: Path, *, name: str, media_type: str, limits: ReadLimits
) -> Answer:
    """`then` on what the first reader of the type yields, or the next where that one fails on the
    document. When all do, what the first refused it for is raised.
    """
    await asyncio.to_thread(check_head, path, media_type)
    if media_type not in ORDER:
        raise InvalidInput(
            f"no reader for {media_type} ({name})", code=Code.FILE_FORMAT_NOT_ALLOWED
        )
    refused: InvalidInput | None = None
    for reader in ORDER[media_type]:
        arguments = {
            "path": str(path),
            "name": name,
            "media_type": media_type,
            "characters": limits.characters,
            "pages": limits.pages,
        }
        try:
            return await pool.run(
                (reader, then), arguments, seconds=limits.seconds, memory_mb=limits.memory_mb
            )
        except InvalidInput as refusal:
            if refusal.code in _FINAL:
                raise
            refused = refused or refusal
        except DependencyUnavailable:
            if refused is None:
                raise
    raise refused or InvalidInput("the document cannot be read", code=Code.CORRUPT)


class NativeReader:
    """Reads PDF, DOCX and DOC on this machine; see `ports.reader.Reader`."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    async def read(self, path: Path, *, name: str, media_type: str, limits: ReadLimits) -> Reading:
        answer = await first_that_reads(
            self._pool, as_json, path, name=name, media_type=media_type, limits=limits
        )
        return await asyncio.to_thread(TypeAdapter(Reading).validate_json, answer.payload)

    async def check(self) -> None:
        await self._pool.check()


def check_head(path: Path, media_type: str) -> None:
    """EMPTY for no bytes, CORRUPT for a file that is plainly not what it is called."""
    with path.open("rb") as file:
        head = file.read(_PDF_HEAD)
    if not head.strip(b"\x00 \t\r\n"):
        raise InvalidInput("the file is empty", code=Code.EMPTY)
    if media_type == PDF and b"%PDF-" not in head:
        raise InvalidInput("the file is no PDF: it does not begin as one", code=Code.CORRUPT)
    if media_type == DOC and not head.startswith((_OLE, b"{\\rtf", b"\xdb\xa5", b"PK")):
        raise InvalidInput("the file is no DOC: it does not begin as one", code=Code.CORRUPT)
