"""One file to one parsed document, in worker processes; local readers, or a reader elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from services.kernel.adapters.reader_native import PDF, first_that_reads, read_bytes
from services.kernel.adapters.reader_worker import Answer, Step, WorkerPool
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reader, ReadLimits
from services.parser.domain.answers import answer_html, answer_reading, answer_skill, answer_text
from services.parser.domain.build import READER_TYPES, SKILL_TYPES, TEXT_TYPES
from services.parser.handlers import Parsed

# Reasons that another reader cannot change.
_FINAL = frozenset({Code.TOO_MANY_PAGES, Code.ENCRYPTED, Code.EXPANDS_TOO_FAR, Code.EMPTY})


class WorkerParsing:
    """Implements `handlers.Parsing`.

    reader: who reads PDF, DOCX and DOC; None: the local readers. pdf_layout: with a reader
    elsewhere, PDFs are still read by their layout first (headings and tables are in it), and by
    that reader where this fails.
    """

    def __init__(
        self, pool: WorkerPool, limits: ReadLimits, *, reader: Reader | None, pdf_layout: bool
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._reader = reader
        self._pdf_layout = pdf_layout

    async def parse(self, path: Path, *, name: str, media_type: str) -> Parsed:
        if media_type in TEXT_TYPES | SKILL_TYPES:
            arguments = {"path": str(path), "name": name, "media_type": media_type}
            last = answer_skill if media_type in SKILL_TYPES else answer_text
            return _parsed(await self._run((read_bytes, last), arguments))
        if media_type not in READER_TYPES:
            raise InvalidInput(
                f"{media_type} is not parsed; upload PDF, DOCX, DOC, TXT, MD, JSON or XML",
                code=Code.FILE_FORMAT_NOT_ALLOWED,
            )
        if self._reader is None:
            return _parsed(await self._locally(path, name, media_type))
        return await self._elsewhere(self._reader, path, name, media_type)

    async def check(self) -> None:
        """DependencyUnavailable when nothing can be read now."""
        await self._pool.check()
        if self._reader is not None:
            await self._reader.check()

    async def _elsewhere(self, reader: Reader, path: Path, name: str, media_type: str) -> Parsed:
        refused: InvalidInput | None = None
        if media_type == PDF and self._pdf_layout:
            try:
                return _parsed(await self._locally(path, name, media_type))
            except InvalidInput as refusal:
                if refusal.code in _FINAL:
                    raise
                refused = refusal
        try:
            return await self._by(reader, path, name, media_type)
        except (InvalidInput, DependencyUnavailable):
            if refused is not None:
                raise refused from None
            raise

    async def _by(self, reader: Reader, path: Path, name: str, media_type: str) -> Parsed:
        reading = await reader.read(path, name=name, media_type=media_type, limits=self._limits)
        arguments = {
            "html": reading.html,
            "title": reading.title,
            "pages": reading.pages,
            "reader": reading.reader,
            "name": name,
            "media_type": media_type,
        }
        return _parsed(await self._run((answer_html,), arguments))

    async def _locally(self, path: Path, name: str, media_type: str) -> Answer:
        return await first_that_reads(
            self._pool,
            answer_reading,
            path,
            name=name,
            media_type=media_type,
            limits=self._limits,
        )

    async def _run(self, steps: Sequence[Step], arguments: Mapping[str, Any]) -> Answer:
        return await self._pool.run(
            steps, arguments, seconds=self._limits.seconds, memory_mb=self._limits.memory_mb
        )


def _parsed(answer: Answer) -> Parsed:
    facts = answer.facts
    return Parsed(
        json=answer.payload,
        title=str(facts["title"]),
        pages=facts["pages"],
        characters=int(facts["characters"]),
    )
