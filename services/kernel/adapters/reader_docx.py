"""DOCX by mammoth: styles, lists and tables as the small HTML vocabulary.

Blocking: runs in a worker process only. The archive is checked before anything is unpacked.
"""

import gc
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError

import mammoth
import mammoth.documents
import mammoth.transforms
from lxml import etree

from services.kernel.adapters.office_pages import docx_pages
from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.ports.reader import Reading, ReadLimits

READER: Final = "mammoth"

_MOST_UNPACKED: Final = 400 << 20
_MOST_XML: Final = 120 << 20
_RATIO: Final = 200
_SMALL: Final = 8 << 20
_MOST_PARTS: Final = 20_000
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK"
_DOCUMENT: Final = "word/document.xml"
_STYLED: Final = "word/styles.xml"
_HEAVY: Final = frozenset({"media", "embeddings", "fonts"})
_OF_A_STYLE: Final = frozenset({"name", "basedOn", "pPr"})
_CORE: Final = "docProps/core.xml"
_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_LARGEST_CORE: Final = 1 << 20
_LEVEL = re.compile(r"^(?:heading|標題|标题|überschrift|titre)\s*(\d)\b", re.IGNORECASE)
_TITLE_STYLE = re.compile(r"^(title|标题|文档标题|書名)$", re.IGNORECASE)
_CODE_STYLE = re.compile(r"code|代码|源码|html preformatted|plain text|macro", re.IGNORECASE)
_MONOSPACE = re.compile(
    r"courier|consol|menlo|monaco|mono\b|monospace|lucida console|source code|cascadia|fira code",
    re.IGNORECASE,
)
_STYLES: Final = "\n".join(
    [
        "p[style-name='memloom title'] => h1.title:fresh",
        "p[style-name='memloom code'] => pre:separator('\\n')",
        *(f"p[style-name='memloom heading {n}'] => h{n}:fresh" for n in range(1, 7)),
        "p[style-name='Subtitle'] => p.subtitle:fresh",
        "r[style-name='Strong'] => strong",
    ]
)


def read_docx(path: Path, limits: ReadLimits) -> Reading:
    """The DOCX as HTML. InvalidInput ENCRYPTED, CORRUPT, EXPANDS_TOO_FAR,
    TOO_MANY_PAGES (before anything is read).
    """
    check_archive(path)
    try:
        pages = docx_pages(path, limits.pages)
        with _slim(path) as package, _no_collector():
            result = mammoth.convert_to_html(
                package,
                style_map=_STYLES,
                transform_document=mammoth.transforms.paragraph(_restyled),
                convert_image=mammoth.images.img_element(lambda _: {}),
                ignore_empty_paragraphs=True,
            )
        title = _title(path)
    except (
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        OSError,
        AttributeError,
        TypeError,
        IndexError,
        EOFError,
        RecursionError,
        NotImplementedError,
        ParseError,
        SyntaxError,
    ) as problem:
        raise InvalidInput(
            f"the DOCX is damaged: {type(problem).__name__}: {problem}", code=Code.CORRUPT
        ) from problem
    if len(result.value) > limits.characters * 4:
        raise InvalidInput(
            f"the DOCX has more than {limits.characters:,} characters of text; split it",
            code=Code.EXPANDS_TOO_FAR,
        )
    return Reading(html=result.value, title=title, pages=pages, reader=READER)


def _slim(path: Path) -> io.BytesIO:
    """The package without pictures, and without what its styles look like: templates carry far
    more of that than text, and mammoth builds a tree of all of it to read names and numbers.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(packed, "w") as slim:
        for part in whole.infolist():
            if not _HEAVY.intersection(part.filename.split("/")[:-1]):
                data = whole.read(part)
                slim.writestr(part.filename, _names(data) if part.filename == _STYLED else data)
    packed.seek(0)
    return packed


def _names(styles: bytes) -> bytes:
    """The styles with their names, kinds and numbering only; as they are where they are broken."""
    try:
        root = etree.fromstring(styles, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return styles
    for style in list(root):
        if etree.QName(style).localname != "style":
            root.remove(style)
            continue
        for part in list(style):
            if etree.QName(part).localname not in _OF_A_STYLE:
                style.remove(part)
    return bytes(etree.tostring(root))


@contextmanager
def _no_collector() -> Iterator[None]:
    """The trees of one document live until it is read: looking for garbage in them takes half of
    the time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def check_archive(path: Path) -> None:
    """Refuse what is no DOCX, is encrypted, or would unpack to far more than it is."""
    with path.open("rb") as file:
        head = file.read(8)
    if head == _OLE:
        raise InvalidInput(
            "the file is no DOCX but an encrypted or old Word file; upload it without password",
            code=Code.ENCRYPTED if _is_encrypted(path) else Code.CORRUPT,
        )
    if not head.startswith(_ZIP):
        raise InvalidInput("the file is no DOCX: it is not an archive", code=Code.CORRUPT)
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise InvalidInput(f"the DOCX is damaged: {problem}", code=Code.CORRUPT) from problem
    unpacked = sum(part.file_size for part in parts)
    packed = max(1, sum(part.compress_size for part in parts))
    largest = max((p.file_size for p in parts if p.filename.endswith(".xml")), default=0)
    if (
        unpacked > _MOST_UNPACKED
        or largest > _MOST_XML
        or len(parts) > _MOST_PARTS
        or (unpacked > _SMALL and unpacked > _RATIO * packed)
    ):
        raise InvalidInput(
            f"the DOCX unpacks to {unpacked >> 20} MB from {packed >> 20} MB: refused as a bomb",
            code=Code.EXPANDS_TOO_FAR,
        )
    if any(part.flag_bits & 1 for part in parts):
        raise InvalidInput("the DOCX is encrypted", code=Code.ENCRYPTED)
    if not any(part.filename == _DOCUMENT for part in parts) and not any(
        part.filename == "[Content_Types].xml" for part in parts
    ):
        raise InvalidInput("the archive is no DOCX: it holds no document", code=Code.CORRUPT)


def _is_encrypted(path: Path) -> bool:
    """Office's encrypted container names its stream in UTF-16 (MS-OFFCRYPTO 2.3)."""
    data = path.read_bytes()
    return "EncryptedPackage".encode("utf-16-le") in data


def _restyled(paragraph: Any) -> Any:
    """Give headings, titles and code one name each, whatever the author's Word calls them."""
    name = paragraph.style_name or ""
    level = _LEVEL.match(name)
    if level and int(level.group(1)) >= 1:
        return _named(paragraph, f"memloom heading {min(int(level.group(1)), 6)}")
    if _TITLE_STYLE.match(name):
        return _named(paragraph, "memloom title")
    if _CODE_STYLE.search(name) or (paragraph.numbering is None and _is_monospace(paragraph)):
        return _named(paragraph, "memloom code")
    return paragraph


def _named(paragraph: Any, name: str) -> Any:
    return paragraph.copy(style_id=None, style_name=name, numbering=None)


def _is_monospace(paragraph: Any) -> bool:
    fonts = [run.font or "" for run in _runs(paragraph) if _has_text(run)]
    return bool(fonts) and all(_MONOSPACE.search(font) for font in fonts)


def _runs(element: Any) -> list[Any]:
    is_run: Callable[[Any], bool] = lambda child: isinstance(child, mammoth.documents.Run)  # noqa: E731 - mammoth wants a predicate
    return [child for child in getattr(element, "children", []) if is_run(child)]


def _has_text(run: Any) -> bool:
    return any(getattr(child, "value", "").strip() for child in run.children)


def _title(path: Path) -> str:
    """The document's title as its properties say; templates leave nonsense there, the writer of
    blocks knows.
    """
    with zipfile.ZipFile(path) as archive:
        if _CORE not in archive.namelist() or archive.getinfo(_CORE).file_size > _LARGEST_CORE:
            return ""
        safe = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            root = etree.fromstring(archive.read(_CORE), safe)
        except etree.XMLSyntaxError:
            return ""
        return str(root.findtext(_TITLE) or "")
