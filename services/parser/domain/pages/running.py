"""Running headers, footers and page numbers: what repeats in the margins goes."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.kernel.ports.reader import PageLayout, Word

_MARGIN: Final = 0.12
_OUTERMOST: Final = 3
_SHARE: Final = 0.3
_LONGEST: Final = 160
_SAME_PLACE: Final = 5.0  # points
_WIDE = re.compile("[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef…]")
_FEWEST_SPREAD: Final = 3
_SPREAD: Final = 0.7
_NUMBER_MARGIN: Final = 0.17
_SMALL: Final = 0.85

Key = tuple[str, int]  # what it says without digits, and its distance from the edge
_PAGE_NUMBER = re.compile(
    r"^\W*(page|p\.|seite|第)?\s*(\d{1,4}|[ivxlc]{1,6})\s*(页|頁)?\s*((/|of|共|,|，)\s*第?\s*\d{1,4}\s*(页|頁)?)?\W*$",
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
    without page numbers.
    """
    seen: Counter[Key] = Counter()
    for page in pages:
        seen.update({key for _, key in _margins(page)})
    fewest = max(2, round(_SHARE * len(pages)))
    texts = Counter(text_of(line) for page in pages for line in page.lines)
    return [_stripped(page, seen, fewest, texts) for page in pages]


def _stripped(page: PageLayout, seen: Counter[Key], fewest: int, texts: Counter[str]) -> PageLayout:
    largest = max((word.size for line in page.lines for word in line), default=0.0)
    dropped: set[int] = set()
    for at, key in _margins(page):
        text = text_of(page.lines[at])
        echoes = texts[text] > 1 and page.lines[at][0].size < _SMALL * largest
        if seen[key] >= fewest or echoes or _PAGE_NUMBER.match(text):
            dropped.add(at)
    dropped |= _page_numbers(page)
    kept = tuple(line for at, line in enumerate(page.lines) if at not in dropped)
    return replace(page, lines=kept)


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


def _margins(page: PageLayout) -> list[tuple[int, Key]]:
    """Lines at the very top and bottom: their number, and what they say without digits."""
    placed = sorted(((line[0].y, at) for at, line in enumerate(page.lines) if line), reverse=True)
    found: list[tuple[int, Key]] = []
    for top, candidates in ((True, placed[:_OUTERMOST]), (False, placed[-_OUTERMOST:])):
        for y, at in candidates:
            from_edge = page.height - y if top else y
            text = text_of(page.lines[at])
            if from_edge <= _MARGIN * page.height and len(text) <= _LONGEST:
                said = re.sub(r"\d+|\b[ivxlc]+\b", "#", text.casefold())
                found.append((at, (said, round(from_edge / _SAME_PLACE))))
    return found
