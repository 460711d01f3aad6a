"""Which pieces of a PDF are headings, and of which level: size and weight against the body,
bookmarks, numbering, and the space around them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise
from statistics import median
from typing import Final

from services.kernel.ports.reader import Bookmark
from services.parser.domain.headings import (
    Numbering,
    looks_like_heading,
    may_be_heading,
    numbering,
    rank,
    width,
)
from services.parser.domain.headings import Sequence as NumberSequence
from services.parser.domain.joining import join
from services.parser.domain.pages.flow import Piece

_LARGER: Final = 1.06
_MOST_LINES: Final = 3
_WIDEST: Final = 160
_FEWEST_BOOKMARKS: Final = 3
_DEEPEST: Final = 6
_CLOSE: Final = 1.7  # font sizes between the lines of one heading
_PROSE: Final = tuple("。！？.!?")
_ENDED: Final = (*_PROSE, "：", ":", "；", ";", "”", '"')
_SHORT: Final = 40  # columns of a heading that only the space around it tells
_SET_OFF: Final = 0.1  # of the font size: how much more space is above it than below
_BY_FAR: Final = 1.5
_UNNUMBERED: Final = 90  # below all numberings of one size

Style = tuple[float, int]  # size, rank of its numbering


def heading_levels(
    pieces: Sequence[Piece], bookmarks: Sequence[Bookmark], body: float
) -> dict[int, int]:
    """Levels of the pieces that are headings; {} where nothing sets any apart."""
    by_bookmark = _bookmarked(pieces, bookmarks)
    styles: dict[int, Style] = {}
    for at, piece in enumerate(pieces):
        if at not in by_bookmark and is_heading(piece, body):
            styles[at] = (_rounded(piece.size), rank(piece.text))
    if styles or by_bookmark:
        styles |= _numbered_below(pieces, by_bookmark.keys() | styles.keys(), body)
        styles |= _set_off(pieces, by_bookmark.keys() | styles.keys(), body)
    return by_bookmark | _levels(styles, by_bookmark)


def whole_headings(pieces: Sequence[Piece], body: float) -> list[Piece]:
    """Headings that were broken over two or three lines are one."""
    whole: list[Piece] = []
    for piece in pieces:
        before = whole[-1] if whole else None
        if (
            before is not None
            and is_heading(before, body)
            and is_heading(piece, body)
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


def body_size(pieces: Sequence[Piece]) -> float:
    """The size of the running text: of what ends as sentences do, or fills more than a line."""
    for prose in (True, False):
        sizes: Counter[float] = Counter()
        for piece in pieces:
            if piece.kind != "table" and (
                not prose or piece.lines > 1 or piece.text.endswith(_PROSE)
            ):
                sizes[_rounded(piece.size)] += len(piece.text)
        if sizes:
            return sizes.most_common(1)[0][0]
    return 0.0


def is_heading(piece: Piece, body: float) -> bool:
    """Whether its size or weight makes it one. A numbered line that is larger is no list item."""
    if piece.kind not in {"text", "item"} or piece.marker or piece.lines > _MOST_LINES:
        return False
    if piece.size > body * _LARGER:
        return may_be_heading(piece.text, max_width=_WIDEST)
    return (
        piece.kind == "text"
        and piece.bold
        and piece.size >= body * 0.95
        and piece.lines == 1
        and looks_like_heading(_named(piece.text), max_width=_WIDEST, asks=True)
    )


def _named(text: str) -> str:
    """A heading without its number, where it is more than a number."""
    mark = numbering(text)
    return mark.rest if mark and any(letter.isalpha() for letter in mark.rest) else text


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _numbered_below(
    pieces: Sequence[Piece], known: AbstractSet[int], body: float
) -> dict[int, Style]:
    """Headings no larger than the text, told by their numbering: short lines of their own, with
    something under them. Decimals must go on where larger ones left off (1.1 under 1).
    """
    found: dict[int, Style] = {}
    numbers = NumberSequence()
    marks = [
        numbering(piece.text) if piece.kind in {"text", "item"} and not piece.marker else None
        for piece in pieces
    ]
    for at, piece in enumerate(pieces):
        mark = marks[at]
        if mark is None:
            continue
        if at in known:
            if mark.numbers:
                numbers.accepts(mark.numbers)
        elif (
            piece.lines == 1
            and mark.rest
            and looks_like_heading(mark.rest)
            and _heads_something(pieces, known, at)
            and _stands_by_itself(marks, at, mark, numbers)
        ):
            found[at] = (_rounded(body), rank(piece.text))
    return found


def _stands_by_itself(
    marks: Sequence[Numbering | None], at: int, mark: Numbering, numbers: NumberSequence
) -> bool:
    """Not one of a list: no neighbour is numbered alike, or decimals of several parts go on."""
    if len(mark.numbers) > 1:
        return numbers.accepts(mark.numbers)
    neighbours = (*marks[max(0, at - 1) : at], *marks[at + 1 : at + 2])
    return all(other is None or other.style != mark.style for other in neighbours)


def _heads_something(pieces: Sequence[Piece], known: AbstractSet[int], at: int) -> bool:
    """Whether text, a list or a table comes after it, and no heading."""
    return at + 1 < len(pieces) and at + 1 not in known


def _set_off(pieces: Sequence[Piece], known: AbstractSet[int], body: float) -> dict[int, Style]:
    """Headings that look like the text, in a document without bold letters (Chinese fonts often
    have none): a short line of its own that stands nearer to what follows it than to what is above
    it, and nearer than paragraphs do. No verse: what is above has ended, what follows is longer.
    """
    if any(piece.bold for piece in pieces):
        return {}
    gaps = [
        gap
        for above, below in pairwise(pieces)
        if (gap := _gap(above, below)) and above.kind == below.kind == "text"
        if above.lines > 1 and below.lines > 1
    ]
    usual = median(gaps) if gaps else float("inf")
    found: dict[int, Style] = {}
    for at, piece in enumerate(pieces):
        if (
            at in known
            or piece.kind != "text"
            or piece.lines != 1
            or abs(piece.size - body) > 0.6  # noqa: PLR2004 - points
            or piece.open_end
            or width(piece.text) > _SHORT
            or not _heads_something(pieces, known, at)
            or not looks_like_heading(piece.text, asks=True)
            or not at
            or not _has_ended(pieces, known, at - 1)
            or not _is_body(pieces[at + 1])
        ):
            continue
        above, below = _gap(pieces[at - 1], piece), _gap(piece, pieces[at + 1])
        more = above - below > (0 if at - 1 in known else _SET_OFF * piece.size)
        over_table = pieces[at + 1].kind == "table"
        if over_table or (0 < below <= usual and (not above or more)):
            found[at] = (_rounded(body), _UNNUMBERED)
    return found


def _has_ended(pieces: Sequence[Piece], known: AbstractSet[int], at: int) -> bool:
    piece = pieces[at]
    return at in known or piece.kind != "text" or piece.text.endswith(_ENDED)


def _is_body(piece: Piece) -> bool:
    return piece.kind != "text" or piece.lines > 1 or piece.text.endswith(_ENDED)


def _gap(above: Piece, below: Piece) -> float:
    """Points between the baselines of two pieces of one page; 0 where it is not known."""
    if above.page != below.page or "table" in {above.kind, below.kind}:
        return 0.0
    return max(0.0, above.bottom - below.top)


def _levels(styles: dict[int, Style], known: dict[int, int]) -> dict[int, int]:
    """Larger is higher; within one size the numbering decides: 第一章 is above 一、, 1 above 1.1.
    Headings with no number stand with the highest of their size, or below all of them where they
    are the more by far: then they divide what is numbered. A level is how many stand open above,
    below those that are known already: the sizes of a cover use up none.
    """
    ranks: dict[float, Counter[int]] = {}
    for size, place in styles.values():
        ranks.setdefault(size, Counter())[place] += 1
    plain = {
        size: _UNNUMBERED
        if found[0] > _BY_FAR * (found.total() - found[0])
        else min((place for place in found if place), default=0)
        for size, found in ranks.items()
    }
    base = max(known.values(), default=0)
    levels: dict[int, int] = {}
    above: list[Style] = []
    for at in sorted(styles.keys() | known.keys()):
        if at in known:
            above.clear()
            continue
        size, place = styles[at]
        style = (-size, place or plain[size])
        above = [other for other in above if other < style]
        above.append(style)
        levels[at] = min(base + len(above), _DEEPEST)
    return levels


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
