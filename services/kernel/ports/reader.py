"""Readers: a file in, the small HTML vocabulary out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds of one reading: characters out, pages, seconds, megabytes of memory."""

    characters: int = 20_000_000
    pages: int = 500
    seconds: float = 120.0
    memory_mb: int = 1536


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader yields.

    html: `div.page` (where the format has pages), h1-h6, p, ul/ol/li, table/tr/th/td, pre, with
    text only, no other markup. pages: counted, or claimed by the file. reader: which one it was.
    """

    html: str
    title: str = ""
    pages: int | None = None
    reader: str = ""


class Reader(Protocol):
    """Contract: `tests/contract/reader`. Reads PDF, DOCX and DOC."""

    async def read(self, path: Path, *, name: str, media_type: str, limits: ReadLimits) -> Reading:
        """InvalidInput with the document's own code when it is encrypted, corrupt, empty, too
        long, a bomb or too slow; DependencyUnavailable when the reader itself is down.
        """
        ...

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...
