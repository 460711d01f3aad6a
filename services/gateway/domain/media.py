"""What can be told of a file at once, from its name and its first bytes."""

import codecs
import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from services.gateway.domain.json_values import has_control_characters
from services.kernel.contracts.errors import Code, InvalidInput

MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "doc": "application/msword",
    "txt": "text/plain",
    "json": "application/json",
    "md": "text/markdown",
    "xml": "application/xml",
}
_ALIASES: Final = {"markdown": "md", "text": "txt"}
_BY_MEDIA_TYPE: Final = {media: extension for extension, media in MEDIA_TYPES.items()} | {
    "text/xml": "xml",
    "text/x-markdown": "md",
}
# First bytes of formats that are never one of ours, whatever the name says.
_FOREIGN: Final = {
    b"MZ": "a Windows program",
    b"\x7fELF": "a Linux program",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x1f\x8b": "a gzip archive",
    b"\xca\xfe\xba\xbe": "a program",
    b"{\\rtf": "an RTF document",
}
HEAD_BYTES: Final = 4096
LONGEST_URL: Final = 8192
_LONGEST_TYPE: Final = 255
_BINARY: Final = ("pdf", "docx", "doc")
_TEXTS: Final = ("txt", "md", "json", "xml")
_HTML: Final = ("text/html", "application/xhtml+xml")
_SEVEN: Final = "PDF, DOCX, DOC, TXT, JSON, MD or XML"
_SPACE: Final = 0x20
_JSON: Final = re.compile(r"\{\s*(?:\"|\}\s*$)|\[\s*[\[{\"\d\]]")
_MARKDOWN: Final = re.compile(r"^(?:#{1,6} \S|```|\|.+\|\s*$|\* \S|- \S)", re.MULTILINE)
# "MZ" begins words too: a program has the offset of its PE header and zero bytes near its start.
_PROGRAM_HEAD: Final = 256


def extension_of(name: str) -> str:
    """Our name for the file name's extension, lower case, '' where there is none."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".")
    return _ALIASES.get(suffix, suffix)


def clean_media_type(declared: str) -> str:
    """Return what a caller or a host declares, as far as it can be a media type; else ''."""
    fits = len(declared) <= _LONGEST_TYPE and declared.isascii() and declared.isprintable()
    return declared if fits else ""


def check_url_text(url: str) -> None:
    """NOT_FETCHED for a URL that is too long, or holds control characters."""
    if len(url) > LONGEST_URL:
        raise InvalidInput("the URL is too long", code=Code.NOT_FETCHED)
    if has_control_characters(url):
        raise InvalidInput(
            "the URL holds control characters; percent-encode them", code=Code.NOT_FETCHED
        )


def extension_for(media_type: str) -> str:
    """The extension of a media type, '' for one that is not ours."""
    return _BY_MEDIA_TYPE.get(media_type.split(";", 1)[0].strip().lower(), "")


def safe_name(name: str, default: str = "document") -> str:
    """The name without folders and control characters, at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(char for char in last if char.isprintable()).strip()
    if len(clean) > 255:  # noqa: PLR2004 - what file systems and columns hold
        suffix = PurePosixPath(clean).suffix[:16]
        clean = clean[: 255 - len(suffix)] + suffix
    return clean or default


def name_from_url(url: str) -> str:
    """The last part of the URL's path, decoded; '' where it has none."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return ""
    return safe_name(unquote(path), default="")


def check_name(name: str, declared: str = "") -> None:
    """UNSUPPORTED_FILE_TYPE for an extension (or, without one, a media type) that is not ours.
    A name without extension and type passes: the content decides.
    """
    extension = extension_of(name)
    if not extension or extension in MEDIA_TYPES or extension_for(declared):
        return
    raise InvalidInput(
        f"{name!r}: files of type .{extension} are not supported; send {_SEVEN}",
        code=Code.UNSUPPORTED_FILE_TYPE,
    )


def check_head(name: str, head: bytes, declared: str = "") -> None:
    """EMPTY for no bytes; UNSUPPORTED_FILE_TYPE for content that is never one of the seven, and
    for a file of unknown name and content. Finer lies are found when the file is stored.
    """
    if not head:
        raise InvalidInput(f"{name!r} is empty (0 bytes)", code=Code.EMPTY)
    extension = extension_of(name)
    known = extension in MEDIA_TYPES or bool(extension_for(declared))
    for magic, what in _FOREIGN.items():
        if head.startswith(magic) and (
            magic != b"MZ" or extension in _BINARY or b"\x00" in head[:_PROGRAM_HEAD]
        ):
            raise InvalidInput(
                f"{name!r} is {what}, whatever its name says; send {_SEVEN}",
                code=Code.UNSUPPORTED_FILE_TYPE,
            )
    if not known and not guess_extension(head) and not sniff_text(head):
        raise InvalidInput(
            f"the type of {name!r} is unknown; give it a name with an extension ({_SEVEN})",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )


def names_text(name: str, declared: str = "") -> bool:
    """Whether the name's extension (or, without one, the declared type) is one of text."""
    return (extension_of(name) or extension_for(declared)) in _TEXTS


def check_page(name: str, media_type: str) -> None:
    """UNSUPPORTED_FILE_TYPE for a URL behind which a web page was seen, whatever its name."""
    if media_type.split(";", 1)[0].strip().lower() in _HTML:
        raise InvalidInput(
            f"the URL of {name or 'the file'!r} answers with a web page (HTML), not with the "
            f"file; send the address of the file itself ({_SEVEN}), or upload it",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )


def sniff_text(head: bytes) -> str:
    """The extension for a text from its first bytes: json, xml, md or txt; '' for no text."""
    text = _decoded(head)
    if not text.strip() or any(ord(char) < _SPACE and char not in "\t\r\n\f" for char in text):
        return ""
    begins = text.lstrip("\ufeff \t\r\n")
    if begins.startswith("<?xml"):
        return "xml"
    if _JSON.match(begins):
        return "json"
    return "md" if _MARKDOWN.search(text) else "txt"


def _decoded(head: bytes) -> str:
    """The text, its last characters left out where they may be cut off; '' for no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) - len(head) % 2].decode("utf-16", "ignore")
    for encoding in ("utf-8", "gb18030", "big5"):
        try:
            return codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
    return ""


def guess_extension(head: bytes) -> str:
    """pdf, docx, doc, or '' where the bytes say nothing."""
    if b"%PDF-" in head[:1024]:  # ISO 32000: the header may stand within the first 1024 bytes
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "docx"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "doc"
    return ""
