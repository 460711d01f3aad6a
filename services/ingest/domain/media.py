"""The type of a file, from its name and its first bytes."""

from pathlib import PurePosixPath

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.skills import ARCHIVE, MARKDOWN

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "doc": "application/msword",
    "txt": "text/plain",
    "json": "application/json",
    "md": "text/markdown",
    "xml": "application/xml",
}
_ALIASES = {"markdown": "md", "text": "txt"}
_BY_MEDIA_TYPE = {media: extension for extension, media in MEDIA_TYPES.items()} | {
    "text/xml": "xml",
    "text/x-markdown": "md",
}

_PDF_MAGIC = b"%PDF-"
_ZIP_MAGIC = b"PK\x03\x04"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# First bytes of formats that are never one of ours, whatever the name says.
_FOREIGN = {
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
HEAD_BYTES = 4096
# ISO 32000 lets a PDF's header stand within the first 1024 bytes.
_PDF_HEADER_WITHIN = 1024


def extension_of(name: str) -> str:
    """Our name for the file name's extension, lower case, '' where there is none."""
    suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower().lstrip(".")
    return _ALIASES.get(suffix, suffix)


def safe_name(name: str) -> str:
    """The name without folders and control characters, at most 255 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(char for char in last if char.isprintable()).strip()[:255] or "document"


def detect(name: str, head: bytes, declared: str = "") -> str:
    """The media type, from name, first bytes and, last, what the sender declared.

    InvalidInput EMPTY for no bytes, UNSUPPORTED_FILE_TYPE for anything but the seven types, and
    CORRUPT where the name says PDF, DOCX or DOC and the bytes are something else.
    """
    if not head:
        raise InvalidInput("the file is empty (0 bytes)", code=Code.EMPTY)
    extension = extension_of(name)
    if extension not in MEDIA_TYPES:
        declared_extension = _BY_MEDIA_TYPE.get(declared.split(";", 1)[0].strip().lower(), "")
        extension = extension if extension and not declared_extension else declared_extension
    if extension and extension not in MEDIA_TYPES:
        raise InvalidInput(
            f"files of type .{extension} are not supported; send PDF, DOCX, DOC, TXT, JSON, MD "
            "or XML",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise InvalidInput(
                f"the file is {what}; send PDF, DOCX, DOC, TXT, JSON, MD or XML",
                code=Code.UNSUPPORTED_FILE_TYPE,
            )
    found = _by_content(head)
    if not extension:
        if found is None:
            raise InvalidInput(
                "the file's type is unknown; give it a name with an extension",
                code=Code.UNSUPPORTED_FILE_TYPE,
            )
        return MEDIA_TYPES[found]
    return _agree(extension, found)


def _by_content(head: bytes) -> str | None:
    if _PDF_MAGIC in head[:_PDF_HEADER_WITHIN]:
        return "pdf"
    if head.startswith(_ZIP_MAGIC):
        return "docx"
    if head.startswith(_OLE_MAGIC):
        return "doc"
    return None


def _agree(extension: str, found: str | None) -> str:
    if extension in ("pdf", "docx", "doc"):
        # An OLE container named .docx is an encrypted DOCX or a DOC: the reader tells which.
        if found is None or (extension == "pdf") != (found == "pdf"):
            raise InvalidInput(
                f"the name says {extension.upper()}, the content is not; send the real file",
                code=Code.CORRUPT,
            )
        return MEDIA_TYPES["doc" if (extension, found) == ("doc", "doc") else extension]
    if found is not None:
        # Real PDF or Word content under a text name: the content decides.
        return MEDIA_TYPES[found]
    return MEDIA_TYPES[extension]


def detect_skill(name: str, head: bytes) -> str:
    """Return the media type of a skill's file: an archive, or SKILL.md alone, which the parser
    reads. InvalidInput EMPTY.
    """
    if not head:
        raise InvalidInput("the file is empty (0 bytes)", code=Code.EMPTY)
    archive = extension_of(name) == "zip" or head.startswith(_ZIP_MAGIC)
    return ARCHIVE if archive else MARKDOWN
