"""Rows of tables: spans filled in, the header row found, layout tables turned into text."""

import re
from typing import Final

from services.parser.domain.headings import width
from services.parser.domain.writer import BlockWriter, one_line

_MAX_COLUMNS: Final = 2000
_LONGEST_COLUMN_NAME: Final = 60
_NUMBER = re.compile(r"^[\s¥$€£+-]*\d[\d,.\s%()–—~/:-]*[^\W\d]{0,3}\W*$")


class Table:
    """Cells as they come; rows to the writer as soon as the header is known.

    A nested table gives its text to the cell it stands in instead.
    """

    def __init__(self, writer: BlockWriter, group: int, *, nested: bool = False) -> None:
        self.group = group
        self.in_head = False
        self._out = writer
        self._nested = nested
        self._cells: list[str] = []
        self._marked: list[bool] = []
        self._from_above: dict[int, tuple[int, str]] = {}
        self._open: tuple[bool, int, int] | None = None
        self._partial = ""
        self._header: tuple[str, ...] | None = None
        self._waiting: tuple[str, ...] | None = None
        self._inner: list[str] = []
        self._begun = False

    def push_text(self, text: str) -> None:
        """Text of the open cell so far (a nested table comes next)."""
        self._partial += text

    def start_cell(self, stray: str, *, heading: bool, across: int, down: int) -> None:
        """A cell opens; one still open is closed with `stray`."""
        self.end_cell(stray)
        self._open = (heading, across, down)

    def end_cell(self, text: str) -> None:
        """The open cell ends with this text; text outside any cell becomes one."""
        text = one_line(self._partial + text)
        self._partial = ""
        if self._open is None:
            if not text:
                return
            self._open = (False, 1, 1)
        heading, across, down = self._open
        self._open = None
        self._fill_from_above()
        for column in range(len(self._cells), len(self._cells) + across):
            if down > 1 and len(self._from_above) < _MAX_COLUMNS:
                self._from_above[column] = (down - 1, text)
        if len(self._cells) + across <= _MAX_COLUMNS:
            self._cells += [text] + [""] * (across - 1)
            self._marked += [heading] * across

    def end_row(self, stray: str) -> None:
        """The row ends."""
        if stray.strip() or self._open is not None:
            self.end_cell(stray)
        if not self._cells:
            return
        self._fill_from_above()
        cells, marked = tuple(self._cells), self._marked
        self._cells, self._marked = [], []
        if not any(cells):
            return
        if self._nested:
            self._inner.append(" | ".join(cell for cell in cells if cell))
            return
        is_head = self.in_head or (len(cells) > 1 and all(marked))
        self._add(cells, is_head=is_head)

    def finish(self) -> str:
        """The table ends: its text where it is nested or a single cell, else ""."""
        if self._nested:
            return "\n".join(self._inner)
        if self._waiting is not None:
            first, self._waiting = self._waiting, None
            if len(first) == 1:
                return first[0]
            self._out.row(first, group=self.group)
        return ""

    def _fill_from_above(self) -> None:
        while (above := self._from_above.get(len(self._cells))) is not None:
            left, text = above
            column = len(self._cells)
            if left > 1:
                self._from_above[column] = (left - 1, text)
            else:
                del self._from_above[column]
            self._cells.append(text)
            self._marked.append(False)

    def _add(self, cells: tuple[str, ...], *, is_head: bool) -> None:
        if self._header is None and self._waiting is None and not is_head:
            self._waiting = cells
            return
        if self._waiting is not None:
            first, self._waiting = self._waiting, None
            if not is_head and is_second_header(first, cells):
                self._name(first, stacked(first, cells))
                self._name(cells, stacked(first, cells))
                return
            if is_head or not is_header_row(first, cells):
                self._out.row(first, group=self.group)
                self._header = None if is_head else ()
            else:
                self._name(first, first)
        if is_head and not self._header:
            self._name(cells, cells)
        elif is_head and self._header and not self._begun:
            self._name(cells, stacked(self._header, cells))
        else:
            self._begun = True
            self._out.row(cells, group=self.group, header=self._header or ())

    def _name(self, cells: tuple[str, ...], header: tuple[str, ...]) -> None:
        self._header = header
        self._out.row(cells, group=self.group, is_header=True, header=header)


def is_second_header(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether the names of the columns take two rows: cells of the first reach into the second, or
    over several columns that the second names one by one.
    """
    named = [cell for cell in second if cell]
    return (
        len(first) == len(second) > 2  # noqa: PLR2004 - a name and what it is divided into
        and bool(first[0])
        and "" in first[1:]
        and any(above == below != "" for above, below in zip(first, second, strict=True))
        and all(bool(below) for above, below in zip(first, second, strict=True) if not above)
        and all(width(cell) <= _LONGEST_COLUMN_NAME for cell in (*first, *named))
        and not any(_NUMBER.match(cell) for cell in named)
    )


def stacked(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    """One name for each column of two rows of names: what spans several belongs to each."""
    names: list[str] = []
    spanning = ""
    for at, below in enumerate(second):
        above = first[at] if at < len(first) else ""
        spanning = above or spanning
        names.append(below if not spanning or spanning == below else f"{spanning} {below}".strip())
    return tuple(names)


def is_header_row(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Whether a first row without marks names the columns: short words, no numbers, as wide as
    the second row.
    """
    named = [cell for cell in first if cell]
    return (
        len(first) > 1
        and len(named) >= max(2, len(first) - 1)
        and abs(len(first) - len(second)) <= 1
        and all(width(cell) <= _LONGEST_COLUMN_NAME for cell in named)
        and not any(_NUMBER.match(cell) for cell in named)
        and len(set(named)) == len(named)
        and first != second
    )
