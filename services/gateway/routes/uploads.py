"""Upload bodies, taken in without holding a file in memory."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Protocol

from fastapi import Request

from services.gateway.domain import media
from services.gateway.domain.limits import Limits
from services.gateway.domain.requests import AddKnowledgebaseFile, UploadEntry, UploadTarget
from services.gateway.handlers.receiving import Incoming
from services.gateway.routes.bodies import (
    WORK_BYTES,
    Form,
    JsonSpool,
    boundary_of,
    temporary_file,
)
from services.gateway.routes.envelope import bounded
from services.kernel.contracts.errors import Code, InvalidInput, UnsupportedMediaType

# Base64 makes 4 bytes of 3; line feeds and escapes take a little more.
_ENCODED: Final = 1.45
_MARGIN: Final = 1 << 20


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


async def read_content(request: Request, limits: Limits, stack: ExitStack) -> BinaryIO:
    """A body that is one file; BodyTooLarge."""
    source = temporary_file(stack)
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


async def _read_form(request: Request, limits: Limits, stack: ExitStack) -> Form:
    boundary = boundary_of(request.headers["content-type"])
    limit = limits.max_upload_bytes + _MARGIN
    try:
        form = Form(boundary, limits, stack)
        async for work in _gathered(bounded(request, limit)):
            await asyncio.to_thread(form.feed, work)
        form.finish()
    except ValueError as error:  # of the parser: its boundary, its headers, its end
        raise InvalidInput(f"the form cannot be read: {error}") from error
    return form


def _entries_of(form: Form, given: Mapping[str, str]) -> list[Incoming]:
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
        if len(waiting) >= WORK_BYTES:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
