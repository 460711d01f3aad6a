"""A PDF's text without positions (Tika's XHTML): pages and paragraphs with broken lines."""

import re
from html import unescape

from services.parser.domain.lines import unwrapped
from services.parser.domain.outline import Line

_PIECES = re.compile(
    r"<div[^>]*class=\"page\"[^>]*>|<p\b[^>]*?(?:/>|>(.*?)</p>)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(r"<[^>]+>")


def lines_of_html(html: str) -> list[Line]:
    """Paragraphs with their pages; lines that belong together joined."""
    lines: list[Line] = []
    page = 0
    waiting: list[str] = []
    for found in _PIECES.finditer(html):
        if found.group(0).lower().startswith("<div"):
            lines += unwrapped(waiting, page=page or None)
            waiting = []
            page += 1
            continue
        text = unescape(_TAG.sub("", found.group(1) or "")).strip("\r\n ")
        waiting += [line.strip() for line in text.split("\n") if line.strip()]
    return lines + unwrapped(waiting, page=page or None)
