"""A skill's file: SKILL.md alone, or a ZIP archive with it at the top. Nothing is unpacked to
disk; every entry is read once, so that a size or a checksum that lies is found.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.skills import (
    MAX_ARCHIVE_BYTES,
    MAX_FILES,
    MAX_TEXT_BYTES,
    MAX_UNPACKED_BYTES,
    Skill,
)
from services.kernel.language.skill_text import read_text

ENTRY: Final = "SKILL.md"
_ZIP: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LONGEST_COMMENT: Final = 0xFFFF
# Of the list of files: 200 files and their folders with long names need far less.
_MAX_LIST_BYTES: Final = 1 << 20
# All files together; ten times what the archive may have.
_MAX_TOTAL_BYTES: Final = 200 << 20
# Text and code shrink to a tenth or a thirtieth; what shrinks more is made to fill memory.
_MAX_RATIO: Final = 200
_RATIO_FROM_BYTES: Final = 1 << 20
_PIECE: Final = 1 << 18
_ENCRYPTED: Final = 0x41  # flag bits 0 and 6
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LONGEST_PATH: Final = 500
_SCRIPTS: Final = "scripts/"
# What a search answers with; the archive holds all.
_MAX_SCRIPT_BYTES: Final = 32 << 10
_MAX_SCRIPTS_BYTES: Final = 64 << 10


def check_name(name: str) -> None:
    """Refuse a file name with the extension of something that is no skill; one without an
    extension passes: the content decides. InvalidInput UNSUPPORTED_FILE_TYPE.
    """
    suffix = _suffix(name)
    if suffix not in (".md", ".markdown", ".zip", ""):
        raise InvalidInput(
            f"{name!r}: a skill is an .md or a .zip file, not {suffix}",
            code=Code.UNSUPPORTED_FILE_TYPE,
        )


def _suffix(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def read_skill(source: BinaryIO, *, name: str) -> tuple[Skill, bool]:
    """Return the skill in a file, and whether the file is an archive; name: the file's, for its
    extension and for messages. InvalidInput with a code for each thing that is wrong.
    """
    source.seek(0)
    head = source.read(len(_ZIP))
    size = source.seek(0, 2)
    source.seek(0)
    if not size:
        raise InvalidInput(f"{name!r} is empty", code=Code.EMPTY)
    check_name(name)
    suffix = _suffix(name)
    if suffix == ".zip" or (not suffix and head == _ZIP):
        return _read_archive(source, size, name), True
    if head == _ZIP:
        raise InvalidInput(
            f"{name!r} is a ZIP archive; give it a name that ends in .zip", code=Code.CORRUPT
        )
    return read_text(source.read(MAX_TEXT_BYTES + 1), name=name), False


def _read_archive(source: BinaryIO, size: int, name: str) -> Skill:
    if size > MAX_ARCHIVE_BYTES:
        raise InvalidInput(
            f"{name!r} has {size / (1 << 20):.1f} MB; a skill's archive has at most "
            f"{MAX_ARCHIVE_BYTES >> 20} MB",
            code=Code.FILE_TOO_LARGE,
        )
    _check_list(source, size, name)
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            files = [entry for entry in entries if not entry.is_dir()]
            _check_entries(entries, files, size, name)
            text, scripts = _read_entries(archive, files, name)
    # What zipfile and zlib raise on bytes that are no sound archive.
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OverflowError,
    ) as error:
        raise InvalidInput(
            f"{name!r} is no sound ZIP archive: {str(error)[:200]}; pack it again",
            code=Code.CORRUPT,
        ) from error
    skill = read_text(text, name=ENTRY)
    others = {**skill.others, "files": [entry.filename for entry in files]}
    return skill.model_copy(update={"script": scripts, "others": others})


def _check_list(source: BinaryIO, size: int, name: str) -> None:
    """Refuse a list of files that is too long before it is read as a whole."""
    source.seek(max(0, size - _END_SIZE - _LONGEST_COMMENT))
    tail = source.read()
    source.seek(0)
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise InvalidInput(
            f"{name!r} is no ZIP archive (or its end is missing); RAR and 7z are not accepted",
            code=Code.CORRUPT,
        )
    (length,) = struct.unpack_from("<I", tail, at + 12)
    if length > _MAX_LIST_BYTES:
        raise _too_many(name)


def _too_many(name: str) -> InvalidInput:
    return InvalidInput(
        f"{name!r} holds too many files; a skill has at most {MAX_FILES}",
        code=Code.EXPANDS_TOO_FAR,
    )


def _check_entries(
    entries: Sequence[zipfile.ZipInfo], files: Sequence[zipfile.ZipInfo], size: int, name: str
) -> None:
    if len(files) > MAX_FILES:
        raise _too_many(name)
    seen: set[str] = set()
    for entry in entries:
        _check_path(entry, name)
        _check_kind(entry, name)
        path = entry.filename.rstrip("/").casefold()
        if path in seen:
            raise InvalidInput(
                f"{name!r} holds {entry.filename!r} twice; pack it again", code=Code.CORRUPT
            )
        seen.add(path)
    packed = sum(entry.compress_size for entry in entries)
    total = sum(entry.file_size for entry in entries)
    # More packed bytes than the archive has: entries that share their bytes.
    if packed > size or total > _MAX_TOTAL_BYTES:
        raise InvalidInput(
            f"{name!r} unpacks to {total / (1 << 20):.0f} MB; a skill unpacks to at most "
            f"{_MAX_TOTAL_BYTES >> 20} MB, and no two files may share their bytes",
            code=Code.EXPANDS_TOO_FAR,
        )
    if all(entry.filename != ENTRY for entry in files):
        raise InvalidInput(
            f"{name!r} has no {ENTRY} at its top level; pack the folder's content, not the folder",
            code=Code.FIELD_MISSING,
        )


def _check_path(entry: zipfile.ZipInfo, name: str) -> None:
    path = entry.orig_filename
    parts = path.rstrip("/").split("/")
    strange = "\\" in path or ":" in parts[0] or not path.isprintable()
    if strange or len(path) > _LONGEST_PATH or any(part in ("", ".", "..") for part in parts):
        raise InvalidInput(
            f"{name!r} holds the path {path[:100]!r}; use plain relative paths with `/`, without "
            "`..`, drive letters and control characters",
            code=Code.CORRUPT,
        )


def _check_kind(entry: zipfile.ZipInfo, name: str) -> None:
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise InvalidInput(
            f"{name!r}: {entry.filename!r} is a link or a device; a skill holds files only",
            code=Code.CORRUPT,
        )
    if entry.flag_bits & _ENCRYPTED:
        raise InvalidInput(
            f"{name!r}: {entry.filename!r} is encrypted; pack it without a password",
            code=Code.ENCRYPTED,
        )
    if entry.compress_type not in _METHODS:
        raise InvalidInput(
            f"{name!r}: {entry.filename!r} is packed by a method that is not read; pack it by "
            "`deflate`, as zip programs do by default",
            code=Code.CORRUPT,
        )
    limit = MAX_TEXT_BYTES if entry.filename == ENTRY else MAX_UNPACKED_BYTES
    if entry.file_size > limit:
        raise InvalidInput(
            f"{name!r}: {entry.filename!r} has {entry.file_size / 1024:.0f} KB unpacked; at most "
            f"{limit // 1024} KB are allowed",
            code=Code.FILE_TOO_LARGE,
        )
    if entry.file_size > max(_RATIO_FROM_BYTES, entry.compress_size * _MAX_RATIO):
        raise InvalidInput(
            f"{name!r}: {entry.filename!r} unpacks to more than {_MAX_RATIO} times its size",
            code=Code.EXPANDS_TOO_FAR,
        )


def _read_entries(
    archive: zipfile.ZipFile, files: Sequence[zipfile.ZipInfo], name: str
) -> tuple[bytes, dict[str, str]]:
    """The bytes of SKILL.md and the scripts that are short texts; all entries are checked."""
    text = b""
    scripts: dict[str, str] = {}
    room = _MAX_SCRIPTS_BYTES
    for entry in files:
        script = entry.filename.startswith(_SCRIPTS)
        kept = entry.filename == ENTRY or (script and entry.file_size <= _MAX_SCRIPT_BYTES)
        content = bytearray()
        read = 0
        with archive.open(entry) as opened:
            while piece := opened.read(_PIECE):  # checks the checksum at its end
                read += len(piece)
                if kept:
                    content += piece
        if read != entry.file_size:
            raise InvalidInput(
                f"{name!r}: {entry.filename!r} has not the size that the archive says",
                code=Code.CORRUPT,
            )
        if entry.filename == ENTRY:
            text = bytes(content)
        elif kept and len(content) <= room and (shown := _as_text(bytes(content))):
            scripts[entry.filename] = shown
            room -= len(content)
    return text, scripts


def _as_text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    return "" if "\x00" in text else text
