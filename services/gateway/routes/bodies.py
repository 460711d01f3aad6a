"""Bodies taken apart while they arrive: long strings of JSON and files of forms go to disk."""

import json
import re
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from secrets import token_hex
from typing import Any, BinaryIO, Final, cast

from python_multipart.multipart import MultipartParser

from services.gateway.domain.limits import Limits
from services.gateway.routes.envelope import BodyTooLarge, decode_json
from services.kernel.contracts.errors import Code, InvalidInput

# Pieces that are worth a thread's while.
WORK_BYTES: Final = 1 << 20
# A string of the JSON longer than this goes to a file of its own.
_SPILL_BYTES: Final = 64 << 10
# What may stay: the body without its long strings.
_SKELETON_BYTES: Final = 8 << 20
_STOP: Final = re.compile(rb'["\\]')
_UNICODE_ESCAPE: Final = 6
_MOST_PARTS: Final = 200
_HEADER_BYTES: Final = 16 << 10


def temporary_file(stack: ExitStack) -> BinaryIO:
    """A file in memory while it is small, then on disk; gone when the stack is closed."""
    file = tempfile.SpooledTemporaryFile(max_size=WORK_BYTES)  # noqa: SIM115 - the stack closes it
    return cast("BinaryIO", stack.enter_context(file))


class JsonSpool:
    """Takes a JSON body in pieces and puts its long strings into temporary files.

    What remains is small enough to be decoded as usual, with a mark where a long string stood.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._mark = f"spilled-{token_hex(16)}-"
        self._rest = b""
        self._skeleton = bytearray()
        self._text = bytearray()
        self._inside = False
        self._file: BinaryIO | None = None
        self._files: list[BinaryIO] = []

    def feed(self, piece: bytes) -> None:
        """Take the next piece; BodyTooLarge when too much is left beside the long strings."""
        data = self._rest + piece
        self._rest = b""
        at = 0
        while at < len(data):
            at = self._within(data, at) if self._inside else self._outside(data, at)
            if at < 0:
                break
        if len(self._skeleton) + len(self._text) > _SKELETON_BYTES:
            raise BodyTooLarge("the body holds too much beside the files' contents")

    def finish(self) -> tuple[Any, Callable[[str], BinaryIO]]:
        """The decoded body, and a function from a string of it to the bytes that it stands for."""
        value = decode_json(bytes(self._skeleton + self._rest))
        by_mark = {f"{self._mark}{n}": file for n, file in enumerate(self._files)}

        def contents(text: str) -> BinaryIO:
            file = by_mark.get(text)
            if file is None:
                return BytesIO(text.encode("utf-8", "surrogatepass"))
            return file

        return value, contents

    def _outside(self, data: bytes, at: int) -> int:
        quote = data.find(b'"', at)
        if quote < 0:
            self._skeleton += data[at:]
            return len(data)
        self._skeleton += data[at:quote]
        self._inside = True
        return quote + 1

    def _within(self, data: bytes, at: int) -> int:
        """Go on inside a string; -1 when an escape is cut off at the end of the piece."""
        found = _STOP.search(data, at)
        stop = len(data) if found is None else found.start()
        self._take(data[at:stop])
        if found is None:
            return stop
        if data[stop : stop + 1] == b'"':
            self._end()
            return stop + 1
        size = _escape_size(data[stop : stop + 2 * _UNICODE_ESCAPE])
        escape = data[stop : stop + size]
        if len(escape) < size:
            self._rest = escape
            return -1
        self._take(escape, escaped=True)
        return stop + size

    def _take(self, raw: bytes, *, escaped: bool = False) -> None:
        if self._file is not None:
            self._file.write(_unescape(raw) if escaped else raw)
            return
        self._text += raw
        if len(self._text) > _SPILL_BYTES:
            self._file = temporary_file(self._stack)
            self._files.append(self._file)
            self._file.write(_unescape(bytes(self._text)))
            self._text.clear()

    def _end(self) -> None:
        self._inside = False
        if self._file is None:
            self._skeleton += b'"' + self._text + b'"'
            self._text.clear()
            return
        self._file = None
        self._skeleton += f'"{self._mark}{len(self._files) - 1}"'.encode()


def _escape_size(data: bytes) -> int:
    """Bytes of the escape that `data` begins with; both halves of a surrogate pair are one."""
    if data[1:2] != b"u":
        return 2
    if data[2:3] not in b"dD" or data[3:4] not in b"89abAB":
        return _UNICODE_ESCAPE
    following = data[_UNICODE_ESCAPE : _UNICODE_ESCAPE + 2]
    if following in (b"", b"\\", b"\\u"):
        return 2 * _UNICODE_ESCAPE
    return _UNICODE_ESCAPE


def _unescape(raw: bytes) -> bytes:
    """The bytes that a JSON string's inside stands for."""
    if b"\\" not in raw:
        return raw
    try:
        text: str = json.loads(b'"' + raw + b'"', strict=False)
    except ValueError as error:
        raise InvalidInput(f"the body is not valid JSON: {error}") from error
    return text.encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class Part:
    """A file of the form."""

    name: str
    type: str
    source: BinaryIO


def boundary_of(content_type: str) -> bytes:
    """The boundary that a form's content type names; InvalidInput."""
    message = Message()
    message["content-type"] = content_type
    try:
        boundary = str(message.get_boundary("")).encode()
    except (ValueError, LookupError, TypeError):  # written in an odd charset (RFC 2231)
        boundary = b""
    if not boundary:
        raise InvalidInput("the form's content type names no boundary that can be read")
    return boundary


def _file_name(headers: Message) -> str | None:
    """The part's file name, as RFC 7578 or RFC 5987 write it; None where it is no file."""
    try:
        name = headers.get_filename()
    except (ValueError, LookupError, TypeError) as error:
        raise InvalidInput(
            "a file's name is written in a charset that cannot be read; send it as UTF-8"
        ) from error
    return None if name is None else str(name).encode("utf-8", "replace").decode()


class Form:
    """Takes a multipart body in pieces; files go to temporary files, fields stay.

    File names are read as RFC 7578 has them, and as RFC 5987 (`filename*=`), which older clients
    send.
    """

    def __init__(self, boundary: bytes, limits: Limits, stack: ExitStack) -> None:
        self.fields: dict[str, str] = {}
        self.files: list[Part] = []
        self._limits = limits
        self._stack = stack
        self._headers = Message()
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._field: str = ""
        self._value = bytearray()
        self._file: BinaryIO | None = None
        self._size = 0
        self._parts = 0
        self._header_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part,
                "on_header_field": lambda data, start, end: self._on_piece(0, data[start:end]),
                "on_header_value": lambda data, start, end: self._on_piece(1, data[start:end]),
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
            },
        )

    def feed(self, piece: bytes) -> None:
        """Take the next piece; InvalidInput, and ValueError for what is no form."""
        self._parser.write(piece)

    def finish(self) -> None:
        """ValueError where the end is missing."""
        self._parser.finalize()

    def _on_part(self) -> None:
        self._headers = Message()
        self._header_bytes = 0
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise InvalidInput("the form has too many parts", code=Code.TOO_MANY_FILES)

    def _on_piece(self, which: int, piece: bytes) -> None:
        self._header_bytes += len(piece)
        if self._header_bytes > _HEADER_BYTES:
            raise InvalidInput("the headers of a part of the form are too long")
        self._header[which].extend(piece)

    def _on_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        self._headers[name.decode("latin-1")] = value.decode("utf-8", "replace")
        self._header = (bytearray(), bytearray())

    def _on_headers(self) -> None:
        self._field = str(self._headers.get_param("name", "", "content-disposition"))
        name = _file_name(self._headers)
        self._size = 0
        self._value.clear()
        if name is None:
            self._file = None
            return
        self._file = temporary_file(self._stack)
        declared = self._headers.get_content_type() if "content-type" in self._headers else ""
        self.files.append(Part(name, declared, self._file))

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._file is None:
            if self._size > _SPILL_BYTES:
                raise InvalidInput(f"the form's field {self._field!r} is too long")
            self._value += data[start:end]
            return
        if self._size > self._limits.max_file_bytes:
            raise InvalidInput(
                f"{self.files[-1].name!r} has more than {self._limits.max_file_bytes} bytes, which "
                "is the most for one file",
                code=Code.FILE_TOO_LARGE,
            )
        self._file.write(data[start:end])

    def _on_part_end(self) -> None:
        if self._file is None:
            self.fields[self._field] = self._value.decode("utf-8", "replace")
