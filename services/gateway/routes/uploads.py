"""Upload bodies, taken in without holding a file in memory."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from secrets import token_hex
from typing import Any, BinaryIO, Final, Protocol, cast

from fastapi import Request
from python_multipart.multipart import MultipartParser

from services.gateway.domain import media
from services.gateway.domain.limits import Limits
from services.gateway.domain.requests import AddKnowledgebaseFile, UploadEntry, UploadTarget
from services.gateway.handlers.receiving import Incoming
from services.gateway.routes.envelope import BodyTooLarge, bounded, decode_json
from services.kernel.contracts.errors import Code, InvalidInput, UnsupportedMediaType

# A string of the JSON longer than this goes to a file of its own.
_SPILL_BYTES: Final = 64 << 10
# What may stay: the body without its long strings.
_SKELETON_BYTES: Final = 8 << 20
# Base64 makes 4 bytes of 3; line feeds and escapes take a little more.
_ENCODED: Final = 1.45
_MARGIN: Final = 1 << 20
_WORK_BYTES: Final = 1 << 20
_STOP: Final = re.compile(rb'["\\]')
_UNICODE_ESCAPE: Final = 6
_MOST_PARTS: Final = 200
_HEADER_BYTES: Final = 16 << 10


FORM: Final = "multipart/form-data"
_BYTES: Final = "application/octet-stream"


class DocumentsBody(Protocol):
    """A JSON body that lists documents."""

    @property
    def documents(self) -> list[UploadEntry]:
        """In the order in which they were sent."""
        ...

    @classmethod
    def read(cls, value: Any) -> "DocumentsBody":
        """The body in a decoded value; InvalidInput."""
        ...


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload asks for; its files live until the stack it was read with is closed."""

    knowledgebase_id: str
    entries: list[Incoming]


async def read_upload(request: Request, limits: Limits, stack: ExitStack) -> Upload:
    """The upload in a JSON or multipart body; InvalidInput, BodyTooLarge."""
    if is_form(request):
        form = await _read_form(request, limits, stack)
        given = {**form.fields, **request.query_params}
        return Upload(UploadTarget.read(given).knowledgebase_id, _entries_of(form, given))
    value, contents = await _read_json(request, limits, stack)
    asked = AddKnowledgebaseFile.read(value)
    return Upload(asked.knowledgebase_id, _incoming(asked.file, contents))


async def read_documents(
    request: Request, limits: Limits, stack: ExitStack, model: type[DocumentsBody]
) -> list[Incoming]:
    """The documents in a JSON body of that model, or in a multipart body; InvalidInput,
    BodyTooLarge, UnsupportedMediaType.
    """
    if is_form(request):
        form = await _read_form(request, limits, stack)
        return _entries_of(form, {**form.fields, **request.query_params})
    if media_type_of(request) not in ("", "application/json"):
        raise UnsupportedMediaType(
            f"send `application/json` or `{FORM}`, not {media_type_of(request)!r}"
        )
    value, contents = await _read_json(request, limits, stack)
    return _incoming(model.read(value).documents, contents)


async def read_revision(request: Request, limits: Limits, stack: ExitStack, name: str) -> Incoming:
    """The new content of the document of that name: a raw body of a media type that documents
    have, or a form with one file, whose name the document takes. InvalidInput, BodyTooLarge,
    UnsupportedMediaType.
    """
    declared = media_type_of(request)
    if is_form(request):
        form = await _read_form(request, limits, stack)
        if len(form.files) != 1:
            raise InvalidInput("send one file: it becomes the document's content")
        (part,) = form.files
        return Incoming("bytes", part.source, name=part.name or name, declared=part.type)
    extension = media.extension_of(name)
    if declared == media.MEDIA_TYPES["json"] and extension != "json":
        raise UnsupportedMediaType(
            f"a JSON body is no content of {name!r}; send the file itself as the body, with its "
            f"own media type or application/octet-stream, or as a part of a form ({FORM})"
        )
    if declared not in ("", _BYTES) and not media.extension_for(declared):
        raise UnsupportedMediaType(
            f"documents have no media type {declared!r}; send the file itself as the body, with "
            f"its own media type or application/octet-stream, or as a part of a form ({FORM})"
        )
    source = await read_content(request, limits, stack)
    return Incoming("bytes", source, name=name, declared="" if declared == _BYTES else declared)


def media_type_of(request: Request) -> str:
    """The body's media type in small letters, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def is_form(request: Request) -> bool:
    """Whether the body is a multipart form."""
    return media_type_of(request) == FORM


def _temporary(stack: ExitStack) -> BinaryIO:
    """A file in memory while it is small, then on disk; gone when the stack is closed."""
    file = tempfile.SpooledTemporaryFile(max_size=_WORK_BYTES)  # noqa: SIM115 - the stack closes it
    return cast("BinaryIO", stack.enter_context(file))


async def read_content(request: Request, limits: Limits, stack: ExitStack) -> BinaryIO:
    """A body that is one file; BodyTooLarge."""
    source = _temporary(stack)
    async for work in _gathered(bounded(request, limits.max_file_bytes)):
        await asyncio.to_thread(source.write, work)
    return source


async def _read_json(
    request: Request, limits: Limits, stack: ExitStack
) -> tuple[Any, Callable[[str], BinaryIO]]:
    """The decoded body, and a function from a string of it to the bytes that it stands for."""
    spool = JsonSpool(stack)
    limit = int(limits.max_upload_bytes * _ENCODED) + _MARGIN
    async for work in _gathered(bounded(request, limit)):
        await asyncio.to_thread(spool.feed, work)
    return await asyncio.to_thread(spool.finish)


def _incoming(
    entries: Sequence[UploadEntry], contents: Callable[[str], BinaryIO]
) -> list[Incoming]:
    return [
        Incoming(
            kind="text",
            source=contents(entry.content),
            name=entry.name or entry.file_name or "",
            type=entry.type,
            declared=entry.mime_type or "",
        )
        for entry in entries
    ]


async def _read_form(request: Request, limits: Limits, stack: ExitStack) -> "Form":
    boundary = _boundary(request.headers["content-type"])
    limit = limits.max_upload_bytes + _MARGIN
    try:
        form = Form(boundary, limits, stack)
        async for work in _gathered(bounded(request, limit)):
            await asyncio.to_thread(form.feed, work)
        form.finish()
    except ValueError as error:  # of the parser: its boundary, its headers, its end
        raise InvalidInput(f"the form cannot be read: {error}") from error
    return form


def _entries_of(form: "Form", given: Mapping[str, str]) -> list[Incoming]:
    if not form.files:
        raise InvalidInput("send the files as parts named `file`", code=Code.LIST_EMPTY)
    kind = given.get("type") or "document"
    return [
        Incoming(kind="bytes", source=part.source, name=part.name, type=kind, declared=part.type)
        for part in form.files
    ]


async def _gathered(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Chunks joined to pieces that are worth a thread's while."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= _WORK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


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
            self._file = _temporary(self._stack)
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


def _boundary(content_type: str) -> bytes:
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
        self._file = _temporary(self._stack)
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
