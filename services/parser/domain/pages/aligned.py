"""Tables on a page whose columns are only set apart by blank space."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import median
from typing import Final

from services.kernel.ports.reader import Word
from services.parser.domain.joining import join
from services.parser.domain.pages.grids import Found, Row, cell_text

_COLUMN_GAP: Final = 0.9  # of the font size
_FEWEST_ROWS: Final = 3
_MANY_CELLS: Final = 3
_NEAR: Final = 3.5  # font sizes between rows
_LABEL_INDENT: Final = 30.0  # points
_DEEPEST_LABEL: Final = 90.0  # points, between two rows
_LONGEST_LABEL: Final = 80
_LONGEST_PROSE: Final = 45
_HIGHEST_NAMES: Final = 9  # font sizes that column names stand above the first row
_MOST_NAMES: Final = 60  # lines
_BEFORE_COLUMN: Final = 2.0  # font sizes that a centred name may begin before its column
_COVERED: Final = 0.4  # of a column's width
_LEFT = attrgetter("x0")
_MARKER = re.compile(r"^([•●◦▪·○■◆➢✓*–—-]|\d{1,3}[.)、）]|[（(]?\w[)）])$")
_SIGN = re.compile(r"^[$€£¥￥]$")

Line = tuple[Word, ...]
Piece = list[Word]


@dataclass(frozen=True, slots=True)
class _Run:
    """Rows of a table to be: the numbers of its lines, and which of them are labels (one cell)."""

    numbers: list[int]
    labels: frozenset[int]


def aligned_tables(lines: Sequence[Line], skip: frozenset[int]) -> list[Found]:
    """Runs of lines with wide gaps at the same places, the labels between them, and the names
    above their columns.
    """
    found: list[Found] = []
    for run in _runs(lines, skip):
        table = _from_run(lines, run, skip)
        if table:
            found.append(table)
            skip |= table.lines
    return found


def is_spread(line: Line) -> bool:
    """Whether a line has words set apart by wide gaps: cells, it may be."""
    return len(line) > 1 and len(_pieces(line)) > 1


def _runs(lines: Sequence[Line], skip: frozenset[int]) -> list[_Run]:
    spread = [at not in skip and is_spread(line) for at, line in enumerate(lines)]
    runs: list[_Run] = []
    numbers: list[int] = []
    labels: set[int] = set()
    for at in range(len(lines) + 1):
        inside = at < len(lines) and at not in skip and bool(lines[at])
        if inside and spread[at] and (not numbers or _near(lines, numbers[-1], at)):
            numbers.append(at)
        elif inside and numbers and _is_label(lines, spread, numbers, at):
            numbers.append(at)
            labels.add(at)
        else:
            if numbers:
                runs.append(_Run(numbers, frozenset(labels)))
            numbers, labels = ([at], set()) if inside and spread[at] else ([], set())
    return runs


def _is_label(
    lines: Sequence[Line], spread: Sequence[bool], numbers: Sequence[int], at: int
) -> bool:
    """A line of one cell between two rows, at the left edge of the table, and no sentence."""
    following = at + 1
    return (
        following < len(lines)
        and spread[following]
        and _near(lines, numbers[-1], at)
        and _near(lines, at, following)
        and _heads_rows(lines[at], min(lines[row][0].x0 for row in numbers), _DEEPEST_LABEL)
    )


def _heads_rows(line: Line, left: float, deepest: float = _LABEL_INDENT) -> bool:
    text = " ".join(word.text for word in line)
    return (
        abs(line[0].x0 - left) < deepest
        and len(text) <= _LONGEST_LABEL
        and not text.endswith((".", "。", "；", "！", "!", "?"))
    )


def _near(lines: Sequence[Line], above: int, at: int) -> bool:
    high, low = lines[above][0], lines[at][0]
    return 0 < high.y - low.y < _NEAR * max(low.size, 1)


def _pieces(line: Line) -> list[Piece]:
    """Words between wide gaps."""
    pieces: list[Piece] = []
    for word in sorted(line, key=_LEFT):
        if pieces and word.x0 - pieces[-1][-1].x1 < _COLUMN_GAP * max(word.size, 1):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return pieces


def _from_run(lines: Sequence[Line], run: _Run, skip: frozenset[int]) -> Found | None:
    pieces = {at: _pieces(lines[at]) for at in run.numbers}
    rows = [pieces[at] for at in run.numbers if at not in run.labels]
    if len(rows) < _FEWEST_ROWS and not (
        len(rows) == _FEWEST_ROWS - 1 and min(map(len, rows), default=0) >= _MANY_CELLS
    ):
        return None
    gaps = _without_signs(_columns(rows), rows)
    if not gaps:
        return None
    cells = {
        at: _cells(pieces[at], gaps) if at not in run.labels else _label(lines[at], gaps)
        for at in run.numbers
    }
    filled = [sum(map(bool, cells[at])) for at in run.numbers if at not in run.labels]
    if median(filled) < 2 or _is_prose(cells.values()) or _is_list(cells.values()):  # noqa: PLR2004 - a table has two columns
        return None
    first = lines[run.numbers[0]]
    last = lines[run.numbers[-1]]
    bold = all(word.bold for word in first) and not all(word.bold for word in last)
    names, above, labels = _names(lines, run, gaps, skip) if not bold else ((), [], [])
    body = _with_wrapped([cells[at] for at in run.numbers])
    left = min(lines[at][0].x0 for at in run.numbers)
    return Found(
        tuple([names, *(_label(lines[at], gaps) for at in labels), *body] if names else body),
        frozenset([*run.numbers, *above, *labels]),
        bold or bool(names),
        (left, *gaps),
    )


def _with_wrapped(rows: Sequence[Row]) -> list[Row]:
    """The first cell of a row, whole where it was broken over two lines: the second goes on in
    small letters.
    """
    whole: list[Row] = []
    for row in rows:
        above = whole[-1] if whole else ()
        if (
            row[0][:1].islower()
            and above
            and not any(above[1:])
            and above[0][-1].isalnum()
            and len(above[0]) > len(row[0])
        ):
            whole[-1] = (join(above[0], row[0]), *row[1:])
        else:
            whole.append(row)
    return whole


def _cells(pieces: Sequence[Piece], gaps: Sequence[float]) -> Row:
    cells = [""] * (len(gaps) + 1)
    for piece in pieces:
        column = sum(gap <= piece[0].x0 for gap in gaps)
        cells[column] = f"{cells[column]} {cell_text(piece)}".strip()
    return tuple(cells)


def _label(line: Line, gaps: Sequence[float]) -> Row:
    return (cell_text(line), *[""] * len(gaps))


def _is_prose(rows: Iterable[Row]) -> bool:
    """Justified text with wide blanks is no table: its cells are long and end in mid-sentence."""
    cells = [cell for row in rows for cell in row if cell]
    return median(len(cell) for cell in cells) > _LONGEST_PROSE


def _is_list(rows: Iterable[Row]) -> bool:
    """Items whose markers stand far from their text."""
    return all(len(row) == 2 and (not row[0] or bool(_MARKER.match(row[0]))) for row in rows)  # noqa: PLR2004 - a marker and its text


def _columns(rows: Sequence[Sequence[Piece]]) -> list[float]:
    """Where blank strips begin a new column: x positions free in every line."""
    spans = sorted((piece[0].x0, piece[-1].x1) for line in rows for piece in line)
    gaps: list[float] = []
    right = spans[0][1]
    size = median(word.size for line in rows for piece in line for word in piece)
    for left, end in spans[1:]:
        if left - right > 0.4 * size:
            gaps.append(left - 0.1)
        right = max(right, end)
    return gaps


def _without_signs(gaps: list[float], rows: Sequence[Sequence[Piece]]) -> list[float]:
    """A column of nothing but currency signs belongs to the amounts on its right."""
    kept = list(gaps)
    for at, gap in enumerate(gaps[:-1]):
        inside = [
            cell_text(piece) for line in rows for piece in line if gap <= piece[0].x0 < gaps[at + 1]
        ]
        if inside and all(_SIGN.match(text) for text in inside):
            kept.remove(gaps[at + 1])
    return kept


# -- the names of the columns ----------------------------------------------------------------


def _names(
    lines: Sequence[Line], run: _Run, gaps: Sequence[float], skip: frozenset[int]
) -> tuple[Row, list[int], list[int]]:
    """What stands above the columns: their names, in one or more lines (drawn line by line or cell
    by cell); the numbers of these lines; and those of labels of rows between them and the rows.
    ((), [], []) where nothing does.
    """
    above, labels = _lines_above(lines, run, gaps, skip)
    if not above:
        return (), [], []
    extents = _extents([lines[at] for at in run.numbers if at not in run.labels], gaps)
    names = [""] * (len(gaps) + 1)
    pieces = [piece for at in above for piece in _pieces(lines[at])]
    for piece in sorted(pieces, key=lambda piece: (-piece[0].y, piece[0].x0)):
        for column in _columns_under(piece, extents):
            names[column] = join(names[column], cell_text(piece))
    if sum(map(bool, names[1:])) * 2 < len(gaps) or max(map(len, names)) > _LONGEST_LABEL:
        return (), [], []
    return tuple(names), above, labels


def _lines_above(
    lines: Sequence[Line], run: _Run, gaps: Sequence[float], skip: frozenset[int]
) -> tuple[list[int], list[int]]:
    first = lines[run.numbers[0]][0]
    size = max(first.size, 1)
    left = min(lines[at][0].x0 for at in run.numbers)
    above: list[int] = []
    labels: list[int] = []
    for at in range(run.numbers[0] - 1, max(-1, run.numbers[0] - _MOST_NAMES), -1):
        line = lines[at]
        if at in skip or not line or not 0 < line[0].y - first.y < _HIGHEST_NAMES * size:
            break
        piece = _pieces(line)[0]
        if line[0].x0 - left >= _LABEL_INDENT:
            middle = (piece[0].x0 + piece[-1].x1) / 2 + _BEFORE_COLUMN * size
            if middle < gaps[0] or line[0].x0 + 2 * _BEFORE_COLUMN * size < gaps[0]:
                break
            above.append(at)
        elif above and _beside(line, [lines[other] for other in above]):
            above.append(at)
        elif not above and len(labels) < 2 and _heads_rows(line, left):  # noqa: PLR2004 - a title and a subtitle of rows
            labels.append(at)
        else:
            break
    return above, sorted(labels)


def _beside(line: Line, others: Sequence[Line]) -> bool:
    return any(abs(line[0].y - other[0].y) < 0.35 * max(line[0].size, 1) for other in others)


def _extents(rows: Sequence[Line], gaps: Sequence[float]) -> list[tuple[float, float]]:
    """Left and right of what stands in each column."""
    extents: dict[int, tuple[float, float]] = {}
    for piece in (piece for row in rows for piece in _pieces(row)):
        column = sum(gap <= piece[0].x0 for gap in gaps)
        left, right = extents.get(column, (piece[0].x0, piece[-1].x1))
        extents[column] = (min(left, piece[0].x0), max(right, piece[-1].x1))
    return [extents.get(column, (0.0, 0.0)) for column in range(len(gaps) + 1)]


def _columns_under(piece: Piece, extents: Sequence[tuple[float, float]]) -> list[int]:
    """The columns that a name covers: more than one where it spans them."""
    left, right = piece[0].x0, piece[-1].x1
    under = [
        column
        for column, (start, end) in enumerate(extents)
        if column and min(right, end) - max(left, start) > _COVERED * max(end - start, 1)
    ]
    middle = (left + right) / 2
    return under or [
        min(range(len(extents)), key=lambda column: abs(sum(extents[column]) / 2 - middle))
    ]
