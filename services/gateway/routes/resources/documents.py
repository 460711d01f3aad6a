"""Routes of documents."""

from contextlib import ExitStack
from typing import Any

from services.gateway.domain.model import Role
from services.gateway.domain.requests import GetKnowledgebaseFile
from services.gateway.handlers.receiving import Incoming
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources.paging import PageQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest
from services.gateway.routes.uploads import read_content
from services.kernel.contracts.errors import full_disk_noticed


def document_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List and look at documents, replace their content."""

    async def list_documents(request: ResourceRequest[None, PageQuery]) -> Any:
        await cases.directory.require(request.call, request.path["id"])
        wanted = GetKnowledgebaseFile.read(
            {
                "knowledgebase_id": request.path["id"],
                "page": request.query.page,
                "page_size": request.query.page_size,
            }
        )
        found = await cases.documents.get(request.call, wanted)
        return {"documents": found.pop("file_detail_list"), **found}

    async def show_document(request: ResourceRequest[None, None]) -> Any:
        return await cases.overview.document(request.call, request.path["id"])

    async def replace_document(request: ResourceRequest[None, None]) -> Any:
        with full_disk_noticed("the folder of temporary files"), ExitStack() as stack:
            source = await read_content(request.http, cases.limits, stack)
            document = await cases.documents.one(request.call, request.path["id"])
            declared = request.http.headers.get("content-type", "").split(";")[0]
            entry = Incoming(kind="bytes", source=source, name=document.name, declared=declared)
            return await cases.uploads.replace_content(request.call, document.id, entry)

    return (
        Resource(
            "GET",
            "/knowledge-bases/{id}/documents",
            "List documents",
            list_documents,
            query=PageQuery,
        ),
        Resource(
            "GET", "/documents/{id}", "A document with its passages and memories", show_document
        ),
        Resource(
            "PUT",
            "/documents/{id}/content",
            "Replace the content of a document by a new revision",
            replace_document,
            needs=Role.WRITE,
            media=("application/octet-stream",),
            problems=(413,),
        ),
    )
