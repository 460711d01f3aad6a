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
class Word:
    """Letters without a blank between them, on a page. x0, x1: left and right; y: its baseline;
    size: of the font; all in points, y upwards. bold, mono (one width for all letters): by the
    font's name or flags.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    mono: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn line or the edge of a box, in points: horizontal where y0 == y1."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class PageLayout:
    """One page where the reader knows positions: lines of words in reading order (as the file
    draws them), and the rules drawn.
    """

    number: int
    width: float
    height: float
    lines: tuple[tuple[Word, ...], ...]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """An entry of a file's outline. level: 1 is the outermost; page: 1-based, None unknown."""

    title: str
    level: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader yields.

    html: `div.page` (where the format has pages), h1-h6, p, ul/ol/li, table/tr/th/td, pre, with
    text only, no other markup. pages: counted, or claimed by the file. reader: which one it was.
    layout, bookmarks: instead of html, from readers that know positions and sizes (PDF).
    """

    html: str
    title: str = ""
    pages: int | None = None
    reader: str = ""
    layout: tuple[PageLayout, ...] = ()
    bookmarks: tuple[Bookmark, ...] = ()


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
