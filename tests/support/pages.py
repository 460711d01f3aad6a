"""Pages of a PDF as a reader yields them, built by hand."""

from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.ports.reader import Bookmark, PageLayout, Reading, Rule, Word
from services.parser.domain.build import PDF, parse_reading

WIDTH, HEIGHT = 600.0, 800.0
FULL = "this line of the body is long enough to reach the right edge of the column"


def line(
    text: str, y: float, *, x: float = 50, size: float = 10, bold: bool = False
) -> tuple[Word, ...]:
    """Words of a line that begins at x, letters half as wide as they are high."""
    words: list[Word] = []
    for part in text.split(" "):
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in part) * size / 2
        words.append(Word(part, x, x + wide, y, size, bold))
        x += wide + size / 2
    return tuple(words)


def page(number: int, *lines: tuple[Word, ...], rules: tuple[Rule, ...] = ()) -> PageLayout:
    """A page of these lines."""
    return PageLayout(number, WIDTH, HEIGHT, lines, rules)


def read(*pages: PageLayout, bookmarks: tuple[Bookmark, ...] = ()) -> ParsedDocument:
    """The document of these pages."""
    reading = Reading("", pages=len(pages), reader="test", layout=pages, bookmarks=bookmarks)
    return parse_reading(reading, name="file.pdf", media_type=PDF)


def table_page(
    number: int, top: float, *rows: tuple[str, ...], words: float | None = 100
) -> PageLayout:
    """A page with a ruled table of columns 100 points wide, in letters smaller than the text."""
    lines, rules = [], []
    edges = [50.0 + 100 * column for column in range(len(rows[0]) + 1)]
    for at, row in enumerate(rows):
        y = top - 20 * at
        lines.append(
            tuple(
                w
                for x, cell in zip(edges, row, strict=False)
                for w in line(cell, y, x=x + 4, size=8)
            )
        )
    bottom = top - 20 * len(rows) + 12
    rules += [
        Rule(edges[0], top + 12 - 20 * at, edges[-1], top + 12 - 20 * at)
        for at in range(len(rows) + 1)
    ]
    rules += [Rule(x, bottom, x, top + 12) for x in edges]
    text = [line("Some words of the text.", words, size=12)] if words else []
    drawn = [*text, *lines] if (words or 0) > top else [*lines, *text]
    return page(number, *drawn, rules=tuple(rules))


def ruled(xs: tuple[float, ...], ys: tuple[float, ...]) -> tuple[Rule, ...]:
    """Rules of a grid with these edges."""
    flat = tuple(Rule(xs[0], y, xs[-1], y) for y in ys)
    return flat + tuple(Rule(x, ys[0], x, ys[-1]) for x in xs)
