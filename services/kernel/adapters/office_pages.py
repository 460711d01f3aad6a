"""Pages of Word files: what the file claims about itself, checked against what it holds.

Word files have no pages before somebody lays them out. Their properties claim a number, which may
be years old, another document's (templates) or a lie. So a claim is shown only where the text could
fill it, and it refuses a file only where the text, or the page breaks that Word left in it, speak
for that many pages.
"""

import math
import re
import zipfile
from pathlib import Path
from typing import Final

from lxml import etree

from services.kernel.contracts.errors import Code, InvalidInput

_APP: Final = "docProps/app.xml"
_DOCUMENT: Final = "word/document.xml"
_LARGEST_APP: Final = 1 << 20
_PAGES: Final = "{*}Pages"
_RENDERED: Final = re.compile(rb"<w:lastRenderedPageBreak\b")
_HARD: Final = re.compile(rb"<w:br\b[^>]*\bw:type=[\"']page[\"']")
_TAG: Final = re.compile(rb"<[^>]*>")
_MARKUP: Final = re.compile(r"<[^>]*>")
# Characters of a page: with less than the first a claim of many pages is no mistake of counting,
# more than the last nobody could read; a full page of single-spaced text has the second.
_THIN: Final = 200
_USUAL: Final = 3000
_DENSE: Final = 8000


def claimed_pages(raw: object) -> int | None:
    """The claim as a number of at least one page, None where it is none."""
    text = str(raw).strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


def trusted_pages(claim: int | None, *, characters: int, breaks: int, limit: int) -> int | None:
    """Return the pages of a text as far as a claim can be trusted, None for unknown.

    characters: of its text. breaks: page breaks found in it, 0 for none or unknown.
    """
    if claim is None:
        return None
    if claim <= limit:
        fits = breaks < claim and characters <= claim * _DENSE
        return claim if fits else None
    if breaks:
        return max(breaks + 1, math.ceil(characters / _DENSE))
    if characters >= claim * _THIN:
        return claim
    return max(1, math.ceil(characters / _USUAL))


def refuse_too_many(pages: int | None, limit: int) -> int | None:
    """The pages; InvalidInput TOO_MANY_PAGES above the limit."""
    if pages is not None and pages > limit:
        raise InvalidInput(
            f"the Word file has about {pages} pages, {limit} are allowed; split it",
            code=Code.TOO_MANY_PAGES,
        )
    return pages


def text_characters(html: str) -> int:
    """Characters of the text in some HTML."""
    return len(_MARKUP.sub("", html))


def docx_pages(path: Path, limit: int) -> int | None:
    """Pages of a DOCX whose archive was checked; InvalidInput TOO_MANY_PAGES."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {_APP, _DOCUMENT} <= names or archive.getinfo(_APP).file_size > _LARGEST_APP:
            return None
        claim = _claim(archive.read(_APP))
        if claim is None:
            return None
        body = archive.read(_DOCUMENT)
    pages = trusted_pages(
        claim,
        characters=len(_TAG.sub(b"", body).decode("utf-8", "ignore")),
        breaks=max(len(_RENDERED.findall(body)), len(_HARD.findall(body))),
        limit=limit,
    )
    return refuse_too_many(pages, limit)


def _claim(properties: bytes) -> int | None:
    safe = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return claimed_pages(etree.fromstring(properties, safe).findtext(_PAGES) or "")
    except etree.XMLSyntaxError:
        return None
