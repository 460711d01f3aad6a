"""What can be told of a file at once, from its name and its first bytes."""

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

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
_BINARY: Final = ("pdf", "docx", "doc")
_SEVEN: Final = "PDF, DOCX, DOC, TXT, JSON, MD or XML"
# "MZ" begins words too: a program has the offset of its PE header and zero bytes near its start.
_PROGRAM_HEAD: Final = 256


def extension_of(name: str) -> str:
    """Our name for the file name's extension, lower case, '' where there is none."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".")
    return _ALIASES.get(suffix, suffix)


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
    return safe_name(unquote(urlsplit(url).path), default="")


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
    if not known and guess_extension(head) == "":
        raise InvalidInput(
            f"the type of {name!r} is unknown; give it a name with an extension ({_SEVEN})",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )


def guess_extension(head: bytes) -> str:
    """pdf, docx, doc, or '' where the bytes say nothing."""
    if b"%PDF-" in head[:1024]:  # ISO 32000: the header may stand within the first 1024 bytes
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return "docx"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "doc"
    return ""
