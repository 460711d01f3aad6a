"""A PDF's text without positions (Tika's XHTML): pages and paragraphs with broken lines."""

import re
from html import unescape

from services.parser.domain.headings import width
from services.parser.domain.lines import unwrapped
from services.parser.domain.outline import Line

_PIECES = re.compile(
    r"<div[^<>]*class=\"page\"[^<>]*>|<p\b[^<>]*+(?:(?<=/)>|>((?:[^<]++|<(?!/?p\b))*+)</p>)",
    re.IGNORECASE,
)
_FULL = 0.95  # the widest lines but for outliers
_TAG = re.compile(r"<[^<>]+>")


def lines_of_html(html: str) -> list[Line]:
    """Paragraphs with their pages; lines that belong together joined."""
    pages: list[list[str]] = [[]]
    for found in _PIECES.finditer(html):
        if found.group(0).lower().startswith("<div"):
            pages.append([])
            continue
        text = unescape(_TAG.sub("", found.group(1) or "")).strip("\r\n ")
        pages[-1] += [line.strip() for line in text.split("\n") if line.strip()]
    widths = sorted(width(line) for page in pages for line in page)
    full = widths[int(_FULL * len(widths))] if widths else 0
    return [
        line
        for number, page in enumerate(pages)
        for line in unwrapped(page, page=number or None, full=full)
    ]
