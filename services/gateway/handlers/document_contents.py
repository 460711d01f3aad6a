"""What a document holds: its original as it was sent, and its parsed text in slices."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.gateway.domain.documents import source_of
from services.gateway.domain.model import Document
from services.gateway.handlers.calls import Call
from services.gateway.handlers.document_directory import no_bytes
from services.gateway.handlers.documents import Documents
from services.kernel.contracts.blob_paths import (
    original_path,
    originals_of,
    parsed_path,
    parsed_texts_of,
)
from services.kernel.contracts.errors import Code, Conflict, NotFound
from services.kernel.ports.blobs import Blobs

# What the memorizer reads of a parsed document, too.
_PARSED_BYTES: Final = 512 << 20
# Texts that a viewer pages through, kept while they are; in characters, all together.
_KEPT_CHARACTERS: Final = 16 << 20


@dataclass(frozen=True, slots=True)
class Original:
    """The bytes of a document as they were sent. size: in bytes, where it is known."""

    document: Document
    size: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class _Text:
    title: str
    text: str


class DocumentContents:
    """Reads the blobs of a document that the caller may see."""

    def __init__(self, *, documents: Documents, blobs: Blobs) -> None:
        self._documents = documents
        self._blobs = blobs
        self._texts: OrderedDict[str, _Text] = OrderedDict()
        self._reading = asyncio.Lock()

    async def original(self, call: Call, identifier: str) -> Original:
        """The original of the present revision; NotFound."""
        document = await self._documents.one(call, identifier)
        folder = originals_of(document.project_id, document.knowledgebase_id, source_of(document))
        chunks = self._blobs.stream(original_path(folder, document.state.revision))
        try:
            first = await anext(chunks, b"")  # a missing blob is told before the answer begins
        except NotFound as error:
            raise no_bytes(identifier) from error
        return Original(document, document.state.size, _joined(first, chunks))

    async def text(self, call: Call, identifier: str, *, start: int, length: int) -> dict[str, Any]:
        """Characters of the parsed text, to which the spans of passages point; NotFound, Conflict
        while there is none.
        """
        document = await self._documents.one(call, identifier)
        found = await self._parsed(document)
        piece = found.text[start : start + length]
        return {
            "document_id": document.id,
            "revision": document.state.revision,
            "title": found.title,
            "start": min(start, len(found.text)),
            "end": min(start, len(found.text)) + len(piece),
            "total": len(found.text),
            "text": piece,
        }

    async def _parsed(self, document: Document) -> _Text:
        folder = parsed_texts_of(
            document.project_id, document.knowledgebase_id, source_of(document)
        )
        path = parsed_path(folder, document.state.revision)
        # One at a time: a parsed document may take hundreds of megabytes while it is read.
        async with self._reading:
            known = self._texts.get(path)
            if known is None:
                try:
                    raw = await self._blobs.get(path, limit=_PARSED_BYTES)
                except NotFound as error:
                    raise Conflict(
                        f"document {document.id!r} has no text yet: its stage is "
                        f"{document.state.stage!r}, {document.state.outcome}",
                        code=Code.STATE_CONFLICT,
                    ) from error
                known = await asyncio.to_thread(_text_of, raw)
                self._texts[path] = known
            self._texts.move_to_end(path)
            while len(self._texts) > 1 and (
                sum(len(kept.text) for kept in self._texts.values()) > _KEPT_CHARACTERS
            ):
                self._texts.popitem(last=False)
        return known


def _text_of(raw: bytes) -> _Text:
    parsed = orjson.loads(raw)
    return _Text(str(parsed["title"]), str(parsed["text"]))


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
