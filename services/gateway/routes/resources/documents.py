"""Routes of documents."""

from contextlib import ExitStack
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from services.gateway.domain import media
from services.gateway.domain.model import Role
from services.gateway.domain.requests import DeleteKnowledgebaseFile, Request, UploadEntry
from services.gateway.domain.versions import document_version
from services.gateway.handlers.document_directory import DocumentFilter, kind_named
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.attachments import send_original
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.paging import CursorQuery
from services.gateway.routes.resources.table import Query, Resource, ResourceRequest
from services.gateway.routes.uploads import FORM, read_documents, read_revision
from services.kernel.contracts.records import Kind

_BASE = "/knowledge-bases/{id}/documents"
_ONE = "/documents/{id}"
_TYPES = (*sorted(set(media.MEDIA_TYPES.values())), "application/octet-stream", FORM)


class DocumentQuery(CursorQuery):
    """Which documents are listed."""

    status: Annotated[
        str | None, Field(max_length=20, description="PROCESSING, COMPLETED or FAILED.")
    ] = None
    type: Annotated[
        str | None, Field(max_length=20, description="pdf, docx, doc, txt, json, md or xml.")
    ] = None
    name: Annotated[str | None, Field(max_length=255, description="A part of the name.")] = None


class RecordQuery(CursorQuery):
    """Which memories of a document are listed."""

    kind: Annotated[
        str | None, Field(max_length=20, description="passage, summary or correction.")
    ] = None


class TextQuery(Query):
    """A slice of a text, in characters."""

    start: Annotated[int, Field(ge=0, le=1 << 31)] = 0
    length: Annotated[int, Field(ge=1, le=200_000)] = 20_000


class NewDocuments(Request):
    """Documents by URL, data URI, Base64 or text."""

    documents: Annotated[list[UploadEntry], Field(min_length=1)]


def document_resources(cases: UseCases) -> tuple[Resource, ...]:
    """Add, list, look at, read, retry, replace and delete documents."""

    async def list_documents(request: ResourceRequest[None, DocumentQuery]) -> Any:
        query = request.query
        return await cases.document_directory.page(
            request.call,
            request.path["id"],
            DocumentFilter(query.status, query.type, query.name),
            cursor=query.cursor,
            limit=query.limit,
        )

    async def add_documents(request: ResourceRequest[None, None]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        with ExitStack() as stack:
            entries = await read_documents(request.http, cases.limits, stack, NewDocuments)
            added = await cases.uploads.add(request.call, request.path["id"], entries)
        return {"documents": added}

    async def show_document(request: ResourceRequest[None, None]) -> Any:
        return await cases.document_directory.one(request.call, request.path["id"])

    async def delete_document(request: ResourceRequest[None, None]) -> Any:
        shown = await cases.document_directory.one(request.call, request.path["id"])
        request.call.expect(document_version(shown))
        wanted = DeleteKnowledgebaseFile(file_ids=[shown["id"]])
        return await cases.documents.delete(request.call, wanted)

    async def retry_document(request: ResourceRequest[None, None]) -> Any:
        await cases.uploads.retry(request.call, request.path["id"])
        return await cases.document_directory.one(request.call, request.path["id"])

    async def replace_document(request: ResourceRequest[None, None]) -> Any:
        document = await cases.documents.one(request.call, request.path["id"])
        with ExitStack() as stack:
            entry = await read_revision(request.http, cases.limits, stack, document.name)
            await cases.uploads.replace_content(request.call, document.id, entry)
        return await cases.document_directory.one(request.call, document.id)

    return (
        Resource(
            "GET",
            _BASE,
            "List documents, newest first",
            list_documents,
            query=DocumentQuery,
            response=answers.DocumentList,
        ),
        Resource(
            "POST",
            _BASE,
            "Add documents by JSON (URL, data URI, Base64, text) or by form",
            add_documents,
            needs=Role.WRITE,
            described_body=NewDocuments,
            media=(FORM,),
            response=answers.AddedDocuments,
            status=HTTPStatus.CREATED,
            problems=(HTTPStatus.REQUEST_ENTITY_TOO_LARGE,),
            examples={
                "English": {"documents": [{"content": "https://example.org/policy.pdf"}]},
                "中文": {
                    "documents": [
                        {"name": "制度.md", "content": "data:text/markdown;base64,IyDliLbluqY="}
                    ]
                },
            },
        ),
        Resource(
            "GET",
            _ONE,
            "Look at a document: status, stage, progress, counts, reason of a failure",
            show_document,
            response=answers.DocumentDetail,
            version=document_version,
        ),
        Resource(
            "DELETE",
            _ONE,
            "Delete a document",
            delete_document,
            needs=Role.WRITE,
            response=answers.Deleted,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
        ),
        Resource(
            "POST",
            _ONE + "/retry",
            "Try a FAILED document again",
            retry_document,
            needs=Role.WRITE,
            response=answers.DocumentDetail,
            problems=(HTTPStatus.CONFLICT,),
        ),
        Resource(
            "PUT",
            _ONE + "/content",
            "Replace the content of a document by a new revision (raw body, or form)",
            replace_document,
            needs=Role.WRITE,
            media=_TYPES,
            response=answers.DocumentDetail,
            version=document_version,
            problems=(
                HTTPStatus.PRECONDITION_FAILED,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            ),
        ),
        *_reading_resources(cases),
    )


def _reading_resources(cases: UseCases) -> tuple[Resource, ...]:
    async def list_passages(request: ResourceRequest[None, CursorQuery]) -> Any:
        return await cases.document_directory.records(
            request.call,
            request.path["id"],
            (Kind.PASSAGE,),
            name="passages",
            cursor=request.query.cursor,
            limit=request.query.limit,
        )

    async def list_document_memories(request: ResourceRequest[None, RecordQuery]) -> Any:
        return await cases.document_directory.records(
            request.call,
            request.path["id"],
            kind_named(request.query.kind),
            name="memories",
            cursor=request.query.cursor,
            limit=request.query.limit,
        )

    async def read_text(request: ResourceRequest[None, TextQuery]) -> Any:
        query = request.query
        return await cases.document_contents.text(
            request.call, request.path["id"], start=query.start, length=query.length
        )

    async def download_document(request: ResourceRequest[None, None]) -> Any:
        original = await cases.document_contents.original(request.call, request.path["id"])
        return send_original(request.http, original)

    return (
        Resource(
            "GET",
            _ONE + "/passages",
            "Passages of a document in reading order, with spans, pages and headings",
            list_passages,
            query=CursorQuery,
            response=answers.PassageList,
        ),
        Resource(
            "GET",
            _ONE + "/memories",
            "Passages, generated memories and corrections of a document",
            list_document_memories,
            query=RecordQuery,
            response=answers.DocumentMemoryList,
        ),
        Resource(
            "GET",
            _ONE + "/text",
            "A slice of the parsed text, to which the spans of passages point",
            read_text,
            query=TextQuery,
            response=answers.DocumentText,
            problems=(HTTPStatus.CONFLICT,),
        ),
        Resource(
            "GET",
            _ONE + "/original",
            "Download the original",
            download_document,
            produces=(*sorted(set(media.MEDIA_TYPES.values())), "application/octet-stream"),
        ),
    )
