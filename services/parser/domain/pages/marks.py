"""Which pieces of a PDF are headings: size and weight against the body, bookmarks, numbering."""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from services.kernel.ports.reader import Bookmark
from services.parser.domain.headings import Sequence as NumberSequence
from services.parser.domain.headings import looks_like_heading, numbering
from services.parser.domain.joining import join
from services.parser.domain.outline import Line, mark_headings
from services.parser.domain.pages.flow import Piece
from services.parser.domain.plain import is_code
from services.parser.domain.tables import is_header_row

_LARGER: Final = 1.06
_MOST_LINES: Final = 3
_WIDEST: Final = 160
_FEWEST_BOOKMARKS: Final = 3
_DEEPEST: Final = 6
_CLOSE: Final = 1.7  # font sizes between the lines of one heading

Style = tuple[float, int]  # size, depth of its numbering


def marked_by_style(pieces: Sequence[Piece], bookmarks: Sequence[Bookmark]) -> list[Line]:
    """Lines with headings marked. Where size and weight say nothing, as in plain text."""
    body = _body_size(pieces)
    pieces = _with_code(_whole_headings(pieces, body), body)
    by_bookmark = _bookmarked(pieces, bookmarks)
    styles: dict[int, Style] = {}
    for at, piece in enumerate(pieces):
        if at not in by_bookmark and _is_heading(piece, body):
            styles[at] = (round(piece.size * 2) / 2, _depth(piece.text))
    if styles or by_bookmark:
        styles |= _numbered_below(pieces, by_bookmark.keys() | styles.keys(), body)
    base = max(by_bookmark.values(), default=0)
    levels = _levels(styles, base)
    marked = by_bookmark | levels
    lines: list[Line] = []
    for at, piece in enumerate(pieces):
        lines += _lines(piece, marked.get(at))
    if not marked:
        return mark_headings(lines, title=True)
    return lines


def _whole_headings(pieces: Sequence[Piece], body: float) -> list[Piece]:
    """Headings that were broken over two or three lines are one."""
    whole: list[Piece] = []
    for piece in pieces:
        before = whole[-1] if whole else None
        if (
            before is not None
            and _is_heading(before, body)
            and _is_heading(piece, body)
            and (before.size, before.bold, before.page) == (piece.size, piece.bold, piece.page)
            and before.lines < _MOST_LINES
            and 0 < before.bottom - piece.top < _CLOSE * piece.size
            and numbering(piece.text) is None
        ):
            whole[-1] = replace(
                before,
                text=join(before.text, piece.text),
                lines=before.lines + 1,
                bottom=piece.bottom,
            )
        else:
            whole.append(piece)
    return whole


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


def _body_size(pieces: Sequence[Piece]) -> float:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        if piece.kind != "table":
            sizes[round(piece.size * 2) / 2] += len(piece.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _is_heading(piece: Piece, body: float) -> bool:
    if piece.kind != "text" or piece.lines > _MOST_LINES:
        return False
    if not looks_like_heading(piece.text, max_width=_WIDEST):
        return False
    if piece.size > body * _LARGER:
        return True
    return piece.bold and piece.size >= body * 0.95 and piece.lines == 1


def _numbered_below(
    pieces: Sequence[Piece], known: AbstractSet[int], body: float
) -> dict[int, Style]:
    """Headings no larger than the text, told by numbers that go on where larger ones left off
    (1.1 under 1): short lines of their own only.
    """
    found: dict[int, Style] = {}
    numbers = NumberSequence()
    for at, piece in enumerate(pieces):
        mark = numbering(piece.text) if piece.kind == "text" else None
        if mark is None or not mark.numbers:
            continue
        if at in known:
            numbers.accepts(mark.numbers)
        elif (
            len(mark.numbers) > 1
            and piece.lines == 1
            and mark.rest
            and looks_like_heading(mark.rest)
            and numbers.accepts(mark.numbers)
        ):
            found[at] = (body, len(mark.numbers))
    return found


def _depth(text: str) -> int:
    found = numbering(text)
    return len(found.numbers) if found is not None else 0


def _levels(styles: dict[int, Style], base: int) -> dict[int, int]:
    """Larger is higher; within one size, 1 is above 1.1. Headings with no number stand with the
    highest of their size.
    """
    depths: dict[float, set[int]] = {}
    for size, depth in styles.values():
        if depth:
            depths.setdefault(size, set()).add(depth)
    resolved = {
        at: (-size, depth or min(depths.get(size, {0}))) for at, (size, depth) in styles.items()
    }
    order = sorted(set(resolved.values()))
    return {at: min(base + order.index(key) + 1, _DEEPEST) for at, key in resolved.items()}


def _bookmarked(pieces: Sequence[Piece], bookmarks: Sequence[Bookmark]) -> dict[int, int]:
    """Pieces that the file's own outline names, with its levels."""
    if len(bookmarks) < _FEWEST_BOOKMARKS:
        return {}
    places: dict[str, list[int]] = {}
    for at, piece in enumerate(pieces):
        if piece.kind != "table" and piece.lines <= _MOST_LINES:
            places.setdefault(_key(piece.text), []).append(at)
    found: dict[int, int] = {}
    for bookmark in bookmarks:
        key = _key(bookmark.title)
        for at in places.get(key, ()):
            near = bookmark.page is None or abs(pieces[at].page - bookmark.page) <= 1
            if key and near and at not in found:
                found[at] = min(bookmark.level, _DEEPEST)
                break
    if len(found) < max(_FEWEST_BOOKMARKS, len(bookmarks) // 3):
        return {}
    return found


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _lines(piece: Piece, level: int | None) -> list[Line]:
    if piece.kind == "table":
        return _rows(piece)
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


def _rows(piece: Piece) -> list[Line]:
    rows = piece.rows
    header = rows[0] if piece.header or (len(rows) > 1 and is_header_row(rows[0], rows[1])) else ()
    return [
        Line(
            "row",
            "",
            cells=row,
            header=header,
            is_header=bool(header) and at == 0,
            first=at == 0,
            page=piece.page,
        )
        for at, row in enumerate(rows)
    ]
