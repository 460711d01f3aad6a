"""PDF, DOC and DOCX by Tika's own code as a native library (`extractous`).

Blocking, and native code that may take a process down: runs in a worker process only.
"""

import re
from pathlib import Path
from typing import Final

from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reading, ReadLimits

READER: Final = "extractous"

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
    return Reading(
        html=body_of(html),
        title=" ".join(metadata.get("dc:title", [])[:1]),
        pages=counted_pages(metadata.get("xmpTPg:NPages", []), media_type),
        reader=READER,
    )


def _refused(message: str, media_type: str) -> InvalidInput:
    if _ENCRYPTED.search(message):
        return InvalidInput(
            "the document is encrypted; upload it without a password", code=Code.ENCRYPTED
        )
    kind = media_type.rsplit("/", 1)[-1]
    return InvalidInput(f"the document is damaged or no {kind}: {message[:200]}", code=Code.CORRUPT)


def counted_pages(claimed: list[str], media_type: str) -> int | None:
    """Pages of a PDF are counted; what other files claim about themselves is not believed."""
    if media_type != "application/pdf" or not claimed or not claimed[0].isdigit():
        return None
    return int(claimed[0])


def body_of(html: str) -> str:
    """The body of Tika's XHTML, pictures left out."""
    start = html.find("<body")
    body = html[start:] if start >= 0 else html
    return _EMBEDDED.sub("", body)
