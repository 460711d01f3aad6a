"""Pieces of a PDF as lines: headings with their levels, code, items, and rows with their header."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.kernel.ports.reader import Bookmark
from services.parser.domain.outline import Line, mark_headings
from services.parser.domain.pages.flow import Piece
from services.parser.domain.pages.titles import body_size, heading_levels, whole_headings
from services.parser.domain.plain import is_code
from services.parser.domain.tables import is_header_row, is_second_header, stacked

_SAME_EDGE: Final = 6.0  # points within which columns of two pages are one


def marked_by_style(pieces: Sequence[Piece], bookmarks: Sequence[Bookmark]) -> list[Line]:
    """Lines with headings marked. Where size and weight say nothing, as in plain text."""
    body = body_size(pieces)
    pieces = _with_code(whole_headings(pieces, body), body)
    marked = heading_levels(pieces, bookmarks, body)
    lines: list[Line] = []
    table: Piece | None = None
    for at, piece in enumerate(pieces):
        if piece.kind == "table":
            piece = _continued(table, piece)  # noqa: PLW2901 - the same piece, with its header
            lines += _rows(piece)
            table = piece
        else:
            lines += _lines(piece, marked.get(at))
            table = None
    if not marked:
        return mark_headings(lines, title=True)
    return lines


def _with_code(pieces: Sequence[Piece], body: float) -> list[Piece]:
    """Runs of short lines that are code by their font, or by size, indent and look."""
    found: list[Piece] = []
    run: list[Piece] = []
    for piece in [*pieces, None]:
        if piece is not None and _may_be_code(piece, body) and _goes_on(run, piece):
            run.append(piece)
            continue
        found += _code_of(run)
        run = []
        if piece is not None and _may_be_code(piece, body):
            run = [piece]
        elif piece is not None:
            found.append(piece)
    return found


def _may_be_code(piece: Piece, body: float) -> bool:
    return piece.kind == "text" and not piece.bold and (piece.mono or piece.size < body)


def _goes_on(run: Sequence[Piece], piece: Piece) -> bool:
    return bool(run) and (
        run[-1].page == piece.page
        and abs(run[-1].size - piece.size) < 0.6  # noqa: PLR2004 - points
        and 0 < run[-1].bottom - piece.top < 2 * piece.size
    )


def _code_of(run: Sequence[Piece]) -> list[Piece]:
    if not run:
        return []
    left = min(piece.indent for piece in run)
    lines = [
        " " * round((piece.indent - left) / max(piece.size * 0.5, 1)) + piece.text for piece in run
    ]
    mono = all(piece.mono for piece in run)
    if not mono and (len(run) < 2 or not is_code(lines)):  # noqa: PLR2004 - one line tells little
        return list(run)
    return [replace(run[0], kind="code", text="\n".join(lines), bottom=run[-1].bottom)]


def _lines(piece: Piece, level: int | None) -> list[Line]:
    if level is not None:
        return [Line("heading", piece.text, level=level, page=piece.page)]
    if piece.kind == "code":
        return [Line("code", piece.text, page=piece.page)]
    if piece.kind == "item":
        return [
            Line(
                "item",
                piece.text,
                marker=piece.marker,
                numbered=not piece.marker,
                page=piece.page,
            )
        ]
    alone = piece.lines == 1
    return [Line("text", piece.text, alone=alone, page=piece.page)]


def _continued(above: Piece | None, piece: Piece) -> Piece:
    """A table that goes on after a page break has the header that it had before it; one that
    the page repeats is left out.
    """
    if above is None or above.page == piece.page or not _same_columns(above, piece):
        return piece
    rows = piece.rows
    if above.names and rows[0] == above.names:
        rows = rows[1:]
    elif above.names and len(rows) > 1 and stacked(rows[0], rows[1]) == above.names:
        rows = rows[2:]
    elif piece.header:
        return piece
    return replace(piece, rows=rows, names=above.names, goes_on=True)


def _same_columns(above: Piece, piece: Piece) -> bool:
    return len(above.edges) == len(piece.edges) and all(
        abs(here - there) <= _SAME_EDGE
        for here, there in zip(above.edges, piece.edges, strict=False)
    )


def _rows(piece: Piece) -> list[Line]:
    rows = piece.rows
    header = piece.names
    heads = 0
    named = not piece.goes_on and len(rows) > 1 and sum(map(bool, rows[0])) > 1
    if named and len(rows) > 2 and is_second_header(rows[0], rows[1]):  # noqa: PLR2004 - two rows of names and one below
        header, heads = stacked(rows[0], rows[1]), 2
    elif named and (piece.header or is_header_row(rows[0], rows[1])):
        header, heads = rows[0], 1
    piece.names = header
    return [
        Line(
            "row",
            "",
            cells=row,
            header=header,
            is_header=at < heads,
            first=at == 0 and not piece.goes_on,
            page=piece.page,
        )
        for at, row in enumerate(rows)
    ]
