"""Plain text -> drafts: paragraphs, headings, lists, tables and code, by shape and neighbours."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from services.parser.domain.headings import width
from services.parser.domain.lines import (
    BULLET,
    ORDERED,
    depth_of,
    single,
    unwrapped,
    write_lines,
)
from services.parser.domain.outline import Line, mark_headings
from services.parser.domain.tables import is_header_row
from services.parser.domain.writer import BlockWriter, clean

_CODE = re.compile(
    r"[{};]\s*$|^\s*(#|//|/\*|\$ |>>> |<[/\w]|import |def |class |return\b|var |let |const |"
    r"function\b|public |SELECT |INSERT |UPDATE |curl |sudo |pip |npm |git |docker |kubectl |"
    r"bash )|"
    r"\s--?\w[\w-]*[ =]|^\s*[\w.\"'-]+:\s*(\S+)?\s*(#.*)?$|"
    r"^\s*[\w.$\"'\[\]]+\s*[:=]+\s*[\w\"'\[{(]|=>|\(\)"
)
_PIPES = re.compile(r"^(?=[^|]*\|)\s*\|?[^|\n]+\|[^\n]*+\s*$")
_RULE = re.compile(r"^[\s|:+=*_~-]{3,}$")
_COLUMNS = re.compile(r"\S(?: {2,}|\u3000{2,})\S")
_WRAPPED_FROM: Final = 40
_LONG_LINE: Final = 2000
_FEWEST_WRAPPED: Final = 5


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines between two blank ones. first, last: line numbers, to know what stands alone."""

    lines: tuple[str, ...]


def build_plain(writer: BlockWriter, text: str) -> None:
    """Draft the blocks of a plain text."""
    chunks = _chunks(clean(text))
    wrapped = _is_wrapped(chunks)
    spaced = sum(len(chunk.lines) for chunk in chunks) < 3 * len(chunks)
    lines: list[Line] = []
    for chunk in chunks:
        lines += _lines_of(chunk, wrapped=wrapped, spaced=spaced)
    write_lines(writer, mark_headings(lines, title=True))


def _chunks(text: str) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    current: list[str] = []
    for line in [*text.split("\n"), ""]:
        if line.strip() and not (_RULE.match(line) and "|" not in line):
            current.append(line)
        elif current:
            chunks.append(_Chunk(tuple(current)))
            current = []
    return chunks


def _is_wrapped(chunks: list[_Chunk]) -> bool:
    """Whether lines were broken at a column: many lines of about the same, full width."""
    inner = [width(line.rstrip()) for chunk in chunks for line in chunk.lines[:-1]]
    if len(inner) < _FEWEST_WRAPPED:
        return False
    upper = quantiles(inner, n=10)[8]
    full = sum(0.8 * upper <= length <= 1.05 * upper for length in inner)
    return upper >= _WRAPPED_FROM and full > 0.25 * len(inner)


def _lines_of(chunk: _Chunk, *, wrapped: bool, spaced: bool) -> list[Line]:
    if len(chunk.lines) == 1:
        return [single(chunk.lines[0], alone=True)]
    return _table(chunk.lines) or _text_lines(chunk, wrapped=wrapped, spaced=spaced)


def _text_lines(chunk: _Chunk, *, wrapped: bool, spaced: bool) -> list[Line]:
    if _is_list(chunk.lines):
        return _items(chunk.lines)
    if is_code(chunk.lines):
        return [Line("code", "\n".join(chunk.lines))]
    if wrapped:
        return unwrapped(chunk.lines)
    mixed = _mixed(chunk.lines)
    if mixed:
        return mixed
    if spaced and all(width(line) <= 2 * _WRAPPED_FROM for line in chunk.lines):
        return [Line("text", "\n".join(line.strip() for line in chunk.lines))]
    return [single(line, alone=False) for line in chunk.lines]


def _is_list(lines: tuple[str, ...]) -> bool:
    marked = sum(bool(BULLET.match(line) or ORDERED.match(line)) for line in lines)
    return (
        marked > 0
        and bool(BULLET.match(lines[0]) or ORDERED.match(lines[0]))
        and (marked > 1 or all(line.startswith((" ", "\t", "\u3000")) for line in lines[1:]))
    )


def _items(lines: tuple[str, ...]) -> list[Line]:
    """Items, unmarked lines joined to the item above them."""
    items: list[Line] = []
    for line in lines:
        bullet, ordered = BULLET.match(line), ORDERED.match(line)
        if bullet:
            items.append(
                Line("item", line[bullet.end() :].strip(), depth=depth_of(bullet.group(1)))
            )
        elif ordered:
            items.append(
                Line(
                    "item", line.strip(), marker="", depth=depth_of(ordered.group(1)), numbered=True
                )
            )
        else:
            items[-1] = items[-1].joined(line.strip())
    return items


def _mixed(lines: tuple[str, ...]) -> list[Line]:
    """A lead-in or heading followed by list items without a blank line between."""
    first = next(
        (at for at, line in enumerate(lines) if BULLET.match(line) or ORDERED.match(line)), None
    )
    if first is None or not _is_list(lines[first:]):
        return []
    return [single(line, alone=False) for line in lines[:first]] + _items(lines[first:])


def is_code(lines: Sequence[str]) -> bool:
    """Whether lines read as code or configuration rather than as prose."""
    if any(len(line) > _LONG_LINE for line in lines):
        return False
    codelike = sum(bool(_CODE.search(line)) for line in lines)
    prose = sum(line.rstrip().endswith(("。", "！", "？", "，", "；")) for line in lines)
    return codelike * 2 > len(lines) and prose * 3 < len(lines)


def _table(lines: tuple[str, ...]) -> list[Line]:
    """Rows of tab-separated, piped or column-aligned lines; [] where they are none."""
    if len(lines) < 2:  # noqa: PLR2004 - a header and a row
        return []
    rows: list[list[str]] = []
    if all("\t" in line.strip() for line in lines):
        rows = [[cell.strip() for cell in line.strip("\n").split("\t")] for line in lines]
    elif all(_PIPES.match(line) for line in lines):
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in lines
            if not _RULE.match(line)
        ]
    elif len(lines) > 2 and all(_COLUMNS.search(line.strip()) for line in lines):  # noqa: PLR2004 - three agree
        rows = [re.split(r" {2,}|\u3000{2,}|\t", line.strip()) for line in lines]
        if len({len(row) for row in rows}) > 1:
            return []
    widest = max((len(row) for row in rows), default=0)
    if widest < 2:  # noqa: PLR2004 - one column is no table
        return []
    cells = [tuple(row) for row in rows]
    header = cells[0] if len(cells) > 1 and is_header_row(cells[0], cells[1]) else ()
    return [
        Line("row", "", cells=row, header=header, is_header=bool(header) and at == 0, first=at == 0)
        for at, row in enumerate(cells)
    ]
