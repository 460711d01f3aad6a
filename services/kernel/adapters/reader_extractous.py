"""PDF, DOC and DOCX by Tika's own code as a native library (`extractous`).

Blocking, and native code that may take a process down: runs in a worker process only.
"""

import re
from pathlib import Path
from typing import Final

from services.kernel.adapters.office_pages import (
    claimed_pages,
    refuse_too_many,
    text_characters,
    trusted_pages,
)
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reading, ReadLimits

READER: Final = "extractous"
PDF: Final = "application/pdf"
# Where Tika says how many pages a file has; Word's own number in files that it knows less well.
PAGES_KEY: Final = "xmpTPg:NPages"
WORD_PAGES_KEY: Final = "meta:page-count"

_ENCRYPTED = re.compile(r"encrypt|password", re.IGNORECASE)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_EMBEDDED = re.compile(
    r"<img\b[^>]*>|<div class=\"(?:embedded|package-entry)\"[^>]*(?:/>|>.*?</div>)", re.DOTALL
)


def read_tika_native(path: Path, media_type: str, limits: ReadLimits) -> Reading:
    """Tika's XHTML. InvalidInput ENCRYPTED or CORRUPT; DependencyUnavailable where the library
    has no build for this machine.
    """
    try:
        import extractous  # noqa: PLC0415 - 115 MB of native code, only in the worker that needs it
    except ImportError as missing:
        raise DependencyUnavailable(
            "this machine has no build of extractous, which reads DOC; use a Tika server"
        ) from missing
    extractor = (
        extractous.Extractor()
        .set_xml_output(True)
        .set_extract_string_max_length(min(limits.characters * 2, 2**31 - 1))
    )
    try:
        html, metadata = extractor.extract_file_to_string(str(path))
    except (RuntimeError, ValueError, OSError, TypeError) as problem:
        raise _refused(str(problem), media_type) from problem
    if len(html) > limits.characters * 2:
        raise InvalidInput(
            f"the document has more than {limits.characters:,} characters of text; split it",
            code=Code.EXPANDS_TOO_FAR,
        )
    body = body_of(html)
    claimed = (metadata.get(PAGES_KEY) or metadata.get(WORD_PAGES_KEY) or [""])[0]
    return Reading(
        html=body,
        title=" ".join(metadata.get("dc:title", [])[:1]),
        pages=pages_of(claimed, media_type, body, limits),
        reader=READER,
    )


def _refused(message: str, media_type: str) -> InvalidInput:
    if _ENCRYPTED.search(message):
        return InvalidInput(
            "the document is encrypted; upload it without a password", code=Code.ENCRYPTED
        )
    kind = media_type.rsplit("/", 1)[-1]
    return InvalidInput(f"the document is damaged or no {kind}: {message[:200]}", code=Code.CORRUPT)


def pages_of(claimed: object, media_type: str, html: str, limits: ReadLimits) -> int | None:
    """Pages of a PDF, which are counted, and of a Word file, whose claim its text must bear out;
    InvalidInput TOO_MANY_PAGES for one of too many.
    """
    claim = claimed_pages(claimed)
    if media_type == PDF:
        return claim
    pages = trusted_pages(claim, characters=text_characters(html), breaks=0, limit=limits.pages)
    return refuse_too_many(pages, limits.pages)


def body_of(html: str) -> str:
    """The body of Tika's XHTML, pictures left out."""
    start = html.find("<body")
    body = html[start:] if start >= 0 else html
    return _EMBEDDED.sub("", body)
