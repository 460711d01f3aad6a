"""Running headers, footers and page numbers: what repeats in the margins goes."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.kernel.ports.reader import PageLayout, Word
from services.parser.domain.pages.aligned import aligned_tables, is_spread
from services.parser.domain.pages.grids import ruled_tables

_MARGIN: Final = 0.12
_OUTERMOST: Final = 3
_SHARE: Final = 0.3  # of the pages, at one place
_MOST_PAGES: Final = 0.6  # of the pages, at any place
_FEWEST_PAGES: Final = 4
_MOST_REMOVED: Final = 0.3  # of the text
_LONGEST: Final = 160
_SAME_PLACE: Final = 5.0  # points
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef…]")
_FEWEST_SPREAD: Final = 3
_SPREAD: Final = 0.7
_NUMBER_MARGIN: Final = 0.17
_SMALL: Final = 0.85

Key = tuple[str, int | None]  # what it says without digits, and where in the margin it stands
_PAGE_NUMBER = re.compile(
    r"^\W{0,40}(page|p\.|seite|第)?\s{0,9}(\d{1,4}|[ivxlc]{1,6})\s{0,9}(页|頁)?\s{0,9}"
    r"((/|of|共|,|，)\s{0,9}第?\s{0,9}\d{1,4}\s{0,9}(页|頁)?)?\W{0,40}$",
    re.IGNORECASE,
)


def text_of(line: Sequence[Word]) -> str:
    """A line's words with blanks between them."""
    texts = [word.text for word in line]
    spread = sum(len(text) == 1 and bool(_WIDE.match(text)) for text in texts)
    if len(texts) > _FEWEST_SPREAD and spread > _SPREAD * len(texts):
        return "".join(texts)  # Chinese set with blanks between all characters
    return " ".join(texts)


def without_running(pages: Sequence[PageLayout]) -> list[PageLayout]:
    """The pages without lines that repeat in the margins (numbers in them may change), and
    without page numbers. Where that would take much of the text, only page numbers go: short
    pages that resemble one another are not all header.
    """
    places: Counter[Key] = Counter()
    words: Counter[str] = Counter()
    for page in pages:
        keys = {key for _, key in _outermost(page)}
        places.update(key for key in keys if key[1] is not None)
        words.update({said for said, _ in keys})
    texts = Counter(text_of(line) for page in pages for line in page.lines)
    repeated = _Repeated(places, words, texts, len(pages))
    dropped = [_without_rows(page, repeated.lines(page)) for page in pages]
    gone = sum(
        _length(page, _large(page, lines)) for page, lines in zip(pages, dropped, strict=True)
    )
    whole = sum(_length(page, range(len(page.lines))) for page in pages)
    if gone > _MOST_REMOVED * whole:
        dropped = [_page_numbers(page) for page in pages]
    return [
        replace(page, lines=tuple(line for at, line in enumerate(page.lines) if at not in lines))
        for page, lines in zip(pages, dropped, strict=True)
    ]


def _without_rows(page: PageLayout, dropped: set[int]) -> set[int]:
    """The column names that a long table repeats on each page are no running lines: a line stays
    when it is in a table with lines that stay.
    """
    if not any(is_spread(page.lines[at]) for at in dropped):
        return dropped
    tables = ruled_tables(page)
    inside = frozenset(at for table in tables for at in table.lines)
    if any(at not in inside for at in dropped):
        tables += aligned_tables(page.lines, inside)
    rows = {at for table in tables if not table.lines <= dropped for at in table.lines}
    return dropped - rows


def _large(page: PageLayout, lines: Iterable[int]) -> list[int]:
    """Those as large as the text; small print in the margins is no loss to doubt."""
    largest = max((word.size for line in page.lines for word in line), default=0.0)
    return [at for at in lines if page.lines[at][0].size >= _SMALL * largest]


def _length(page: PageLayout, lines: Iterable[int]) -> int:
    return sum(len(word.text) for at in lines for word in page.lines[at])


@dataclass(frozen=True, slots=True)
class _Repeated:
    """What the outermost lines of all pages say: how often at one place, how often at all."""

    places: Counter[Key]
    words: Counter[str]
    texts: Counter[str]
    pages: int

    def lines(self, page: PageLayout) -> set[int]:
        """Numbers of the lines of a page that are running lines."""
        fewest = max(2, round(_SHARE * self.pages))
        most = max(_FEWEST_PAGES, round(_MOST_PAGES * self.pages))
        largest = max((word.size for line in page.lines for word in line), default=0.0)
        found = _page_numbers(page)
        for at, key in _outermost(page):
            said, place = key
            text = text_of(page.lines[at])
            small = page.lines[at][0].size < _SMALL * largest
            if (
                (place is not None and self.places[key] >= fewest)
                or self.words[said] >= most
                or (
                    place is not None
                    and ((small and self.texts[text] > 1) or _PAGE_NUMBER.match(text))
                )
            ):
                found.add(at)
        return found


def _page_numbers(page: PageLayout) -> set[int]:
    """A number alone on the lowest or highest line, well away from the text."""
    placed = sorted((line[0].y, at) for at, line in enumerate(page.lines) if line)
    found: set[int] = set()
    for (y, at), from_edge in (
        (
            (placed[0], placed[0][0]),
            (placed[-1], page.height - placed[-1][0]),
        )
        if len(placed) > 1
        else ()
    ):
        alone = sum(abs(other - y) < page.lines[at][0].size for other, _ in placed) == 1
        if (
            alone
            and from_edge < _NUMBER_MARGIN * page.height
            and _PAGE_NUMBER.match(text_of(page.lines[at]))
        ):
            found.add(at)
    return found


def _outermost(page: PageLayout) -> list[tuple[int, Key]]:
    """The lines at the very top and bottom, with what they say and where in the margin."""
    placed = sorted(((line[0].y, at) for at, line in enumerate(page.lines) if line), reverse=True)
    found: list[tuple[int, Key]] = []
    for top, candidates in ((True, placed[:_OUTERMOST]), (False, placed[-_OUTERMOST:])):
        for y, at in candidates:
            from_edge = page.height - y if top else y
            text = text_of(page.lines[at])
            if len(text) > _LONGEST:
                continue
            said = re.sub(r"\d+|\b[ivxlc]+\b", "#", text.casefold())
            inside = from_edge <= _MARGIN * page.height
            found.append((at, (said, round(from_edge / _SAME_PLACE) if inside else None)))
    return found
