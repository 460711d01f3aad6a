"""Lines of pages -> paragraphs, list items and table rows, in reading order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from services.kernel.ports.reader import PageLayout, Word
from services.parser.domain.headings import numbering
from services.parser.domain.joining import is_wide, join
from services.parser.domain.pages.aligned import aligned_tables
from services.parser.domain.pages.grids import Found, ruled_tables
from services.parser.domain.pages.running import text_of

_SAME_LINE: Final = 0.35  # of the font size
_BULLET = re.compile(r"^([•●◦▪·○■◆➢✓*–—-]|\uf0b7|\uf0a7|\uf06c|\uf0d8|o(?=\s))\s*(?=\S)")
_ORDERED = re.compile(r"^(\d{1,3}[.)、）]|[（(]\d{1,3}[)）]|[a-z][.)]|[①-⑳])\s*(?=[^\d\s])")
_ENDS: Final = ("。", "！", "？", "；", "：", ".", "!", "?", ";", ":", "”", "》")
_WIDER: Final = 1.18  # than the usual distance of lines: a new paragraph
_SELDOM: Final = 0.06  # of the distances
_FEW_GAPS: Final = 3  # between lines of one size: they tell less than those of the page
_ALIKE: Final = 1.03
_INDENTS: Final = 60  # points within which lines stand in one column
_LED = re.compile(r" … \d{1,4}$")
_LEADERS = re.compile(r"(?<!\s)\s*+[.．·…_]{4,}+\s*")


@dataclass(slots=True)
class Piece:
    """A paragraph, item or table on a page, with what its look tells about it.

    edges, names, goes_on: of a table: where its columns begin, what they are called, and whether
    it began on an earlier page.
    """

    kind: str  # text, item, table
    text: str
    page: int
    size: float = 0.0
    bold: bool = False
    lines: int = 1
    marker: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    header: bool = False
    indent: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    mono: bool = True
    open_end: bool = False
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    words: tuple[Word, ...]
    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    mono: bool


def flow(pages: Sequence[PageLayout]) -> list[Piece]:
    """Pieces of all pages; a paragraph that a page break cut is made whole."""
    pieces: list[Piece] = []
    for page in pages:
        found = _page_pieces(page)
        if pieces and found and _continues(pieces[-1], found[0]):
            pieces[-1].text = join(pieces[-1].text, found[0].text)
            pieces[-1].open_end = found[0].open_end
            pieces[-1].lines += found[0].lines
            found = found[1:]
        pieces += found
    return pieces


def _continues(before: Piece, after: Piece) -> bool:
    return (
        before.kind in {"text", "item"}
        and after.kind == "text"
        and before.open_end
        and abs(before.size - after.size) < 0.5  # noqa: PLR2004 - points
        and before.bold == after.bold
        and not before.text.endswith(_ENDS)
        and not after.text[:1].isupper()
        and not after.text[:1].isdigit()
    )


def _page_pieces(page: PageLayout) -> list[Piece]:
    merged = _merge_baselines(page.lines)
    page = PageLayout(page.number, page.width, page.height, tuple(merged), page.rules)
    tables = ruled_tables(page)
    taken = frozenset(at for table in tables for at in table.lines)
    tables += aligned_tables(page.lines, taken)
    at_line: dict[int, Found] = {min(table.lines): table for table in tables}
    taken = frozenset(at for table in tables for at in table.lines)
    lines = {at: _line(words) for at, words in enumerate(page.lines) if words and at not in taken}
    column = _Column(list(lines.values()))
    pieces: list[Piece] = []
    block: list[_Line] = []
    for at in range(len(page.lines)):
        if at in at_line:
            pieces += _paragraphs(block, page, column)
            block = []
            table = at_line[at]
            pieces.append(
                Piece(
                    "table",
                    "",
                    page.number,
                    rows=table.rows,
                    header=table.bold_first,
                    edges=table.edges,
                )
            )
        elif at in lines:
            block.append(lines[at])
    return pieces + _paragraphs(block, page, column)


def _line(words: tuple[Word, ...]) -> _Line:
    sizes = sorted((word.size, len(word.text)) for word in words)
    letters = sum(count for _, count in sizes)
    size, passed = sizes[-1][0], 0
    for candidate, count in sizes:
        passed += count
        if passed * 2 >= letters:
            size = candidate
            break
    return _Line(
        words,
        _LEADERS.sub(" … ", text_of(words)),
        min(word.x0 for word in words),
        max(word.x1 for word in words),
        words[0].y,
        size,
        all(word.bold for word in words if any(c.isalnum() for c in word.text)),
        sum(word.mono for word in words) * 2 > len(words),
    )


def _merge_baselines(lines: Sequence[tuple[Word, ...]]) -> list[tuple[Word, ...]]:
    """Pieces of one visual line that the file drew one after another (cells, bullets)."""
    merged: list[tuple[Word, ...]] = []
    for words in lines:
        if not words:
            continue
        before = merged[-1] if merged else ()
        if (
            before
            and abs(before[-1].y - words[0].y) < _SAME_LINE * max(words[0].size, 1)
            and words[0].x0 >= before[-1].x1 - 1
        ):
            merged[-1] = before + words
        else:
            merged.append(words)
    return merged


def _paragraphs(lines: list[_Line], page: PageLayout, column: "_Column") -> list[Piece]:
    pieces: list[Piece] = []
    last: _Line | None = None
    for line in lines:
        bullet, ordered = _BULLET.match(line.text), _ORDERED.match(line.text)
        starts = last is None or bool(bullet or ordered) or _breaks(last, line, column, pieces[-1])
        if not starts and pieces:
            pieces[-1].text = join(pieces[-1].text, line.text)
            pieces[-1].lines += 1
        elif bullet:
            text = line.text[bullet.end() :]
            pieces.append(Piece("item", text, page.number, line.size, line.bold, marker="-"))
            pieces[-1].indent, pieces[-1].top = line.x0, line.y
        else:
            kind = "item" if ordered and not line.bold else "text"
            pieces.append(Piece(kind, line.text, page.number, line.size, line.bold))
            pieces[-1].indent, pieces[-1].top = line.x0, line.y
        pieces[-1].open_end = line.x1 > column.right(line) - 2 * line.size
        pieces[-1].bottom = line.y
        pieces[-1].mono = pieces[-1].mono and line.mono
        last = line
    return pieces


class _Column:
    """What the lines of a page have in common: their distance, and where they end at the right."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self._lines = lines
        self._known: dict[tuple[int, int], float] = {}
        gaps: dict[float, list[float]] = {}
        for above, below in pairwise(lines):
            size = max(below.size, 1)
            if above.size == below.size and 0 < above.y - below.y < 3 * size:
                gaps.setdefault(below.size, []).append((above.y - below.y) / size)
        together = [gap for found in gaps.values() for gap in found]
        self._usual = _closest(together) if together else 1.3
        self._leading = {
            size: _closest(found) for size, found in gaps.items() if len(found) > _FEW_GAPS
        }

    def leading(self, line: _Line) -> float:
        """Distance of lines of one paragraph, in sizes of their letters."""
        return self._leading.get(line.size, self._usual)

    def right(self, line: _Line) -> float:
        """The right edge of the column in which a line stands, by the lines of its size: heads and
        titles may be wider than the column below them.
        """
        place = round(line.x0 / 8), round(line.size)
        if place not in self._known:
            self._known[place] = max(
                other.x1
                for other in self._lines
                if abs(other.x0 - line.x0) < _INDENTS and abs(other.size - line.size) <= 1
            )
        return max(self._known[place], line.x1)


def _closest(gaps: list[float]) -> float:
    """The smallest distance that is no exception: paragraphs and list items are further apart."""
    fewest = max(1, round(_SELDOM * len(gaps)))
    gaps = sorted(gaps)
    for at, gap in enumerate(gaps):
        if at + fewest <= len(gaps) and gaps[at + fewest - 1] <= gap * _ALIKE:
            return gap
    return gaps[0]


def _differ(above: _Line, line: _Line) -> bool:
    """In size or weight."""
    return abs(above.size - line.size) > 0.6 or above.bold != line.bold  # noqa: PLR2004 - points


def _breaks(above: _Line, line: _Line, column: "_Column", piece: Piece) -> bool:
    """Whether a new paragraph begins with this line."""
    size = max(line.size, 1)
    gap = above.y - line.y
    if gap <= 0 or gap > 6 * size:
        # Another column: a paragraph goes on there if it stopped in mid-sentence.
        return _differ(above, line) or above.text.endswith(_ENDS) or line.text[:1].isupper()
    entry = bool(_LED.search(above.text))  # of a table of contents
    if entry or _differ(above, line) or gap > _WIDER * column.leading(line) * size:
        return True
    ended = above.text.endswith(_ENDS)
    if ended and numbering(line.text) is not None:
        return True
    right = column.right(above)
    if above.x1 < right - (2 * size if ended else 0.3 * (right - above.x0)):
        # The line above did not reach the edge, and it was not for a long word that followed.
        first = line.words[0]
        unit = size if is_wide(first.text) else first.x1 - first.x0
        return above.x1 + unit + size < right
    if piece.kind == "item":
        return line.x0 < piece.indent - 1
    return line.x0 > above.x0 + size and ended
