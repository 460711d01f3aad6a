"""Routes of knowledge bases and of their shares."""

from http import HTTPStatus
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from services.gateway.domain.model import Role
from services.gateway.domain.requests import Request, filled
from services.gateway.domain.versions import knowledge_base_version
from services.gateway.handlers.directory import BaseChange
from services.gateway.handlers.usecases import UseCases
from services.gateway.routes.resources import answers
from services.gateway.routes.resources.paging import CursorQuery
from services.gateway.routes.resources.table import Resource, ResourceRequest

_Name = Annotated[str, Field(max_length=200), AfterValidator(filled)]
_Description = Annotated[str, Field(max_length=2000)]
_PATH = "/knowledge-bases"
_ONE = _PATH + "/{id}"


class NewKnowledgeBase(Request):
    """A new knowledge base, linked to the key's project."""

    name: _Name
    description: _Description = ""


class ChangedKnowledgeBase(Request):
    """What of a knowledge base is to change."""

    name: _Name | None = None
    description: _Description | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.name is None and self.description is None:
            raise PydanticCustomError("absent", "one of `name` and `description` is required")
        return self


class NewShare(Request):
    """The project to share with, by its name or id."""

    project: _Name


def knowledge_base_resources(cases: UseCases) -> tuple[Resource, ...]:
    """List, make, rename, link, unlink, delete and share knowledge bases."""

    async def list_knowledge_bases(request: ResourceRequest[None, CursorQuery]) -> Any:
        query = request.query
        return await cases.directory.page(request.call, cursor=query.cursor, limit=query.limit)

    async def create_knowledge_base(request: ResourceRequest[NewKnowledgeBase, None]) -> Any:
        body = request.body
        return await cases.directory.create(request.call, body.name, body.description)

    async def show_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.directory.one(request.call, request.path["id"])

    async def change_knowledge_base(
        request: ResourceRequest[ChangedKnowledgeBase, None],
    ) -> Any:
        change = BaseChange(request.body.name, request.body.description)
        return await cases.directory.change(request.call, request.path["id"], change)

    async def delete_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.directory.delete(request.call, request.path["id"])

    async def link_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.sharing.link(request.call, request.path["id"])

    async def unlink_knowledge_base(request: ResourceRequest[None, None]) -> Any:
        return await cases.directory.unlink(request.call, request.path["id"])

    return (
        Resource(
            "GET",
            _PATH,
            "List knowledge bases, oldest first",
            list_knowledge_bases,
            query=CursorQuery,
            response=answers.KnowledgeBaseList,
        ),
        Resource(
            "POST",
            _PATH,
            "Create a knowledge base",
            create_knowledge_base,
            needs=Role.WRITE,
            body=NewKnowledgeBase,
            response=answers.KnowledgeBaseDetail,
            status=HTTPStatus.CREATED,
            version=knowledge_base_version,
            examples={
                "English": {"name": "Finance", "description": "Expense rules"},
                "中文": {"name": "财务制度", "description": "报销与采购规定"},
            },
        ),
        Resource(
            "GET",
            _ONE,
            "Look at a knowledge base",
            show_knowledge_base,
            response=answers.KnowledgeBaseDetail,
            version=knowledge_base_version,
        ),
        Resource(
            "PATCH",
            _ONE,
            "Rename or describe a knowledge base",
            change_knowledge_base,
            needs=Role.WRITE,
            body=ChangedKnowledgeBase,
            response=answers.KnowledgeBaseDetail,
            version=knowledge_base_version,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
            examples={"English": {"name": "Finance 2026"}, "中文": {"name": "财务制度2026"}},
        ),
        Resource(
            "DELETE",
            _ONE,
            "Delete a knowledge base with all that it holds",
            delete_knowledge_base,
            needs=Role.WRITE,
            response=answers.Deleted,
            problems=(HTTPStatus.PRECONDITION_FAILED,),
        ),
        Resource(
            "POST",
            _ONE + "/link",
            "Link a knowledge base again, or accept one that another project offers",
            link_knowledge_base,
            needs=Role.WRITE,
            response=answers.Done,
        ),
        Resource(
            "POST",
            _ONE + "/unlink",
            "Unlink a knowledge base from the project; nothing is deleted",
            unlink_knowledge_base,
            needs=Role.WRITE,
            response=answers.Done,
        ),
        *_share_resources(cases),
    )


def _share_resources(cases: UseCases) -> tuple[Resource, ...]:
    async def list_shares(request: ResourceRequest[None, None]) -> Any:
        return await cases.sharing.offers(request.call, request.path["id"])

    async def share_knowledge_base(request: ResourceRequest[NewShare, None]) -> Any:
        return await cases.sharing.offer(request.call, request.path["id"], request.body.project)

    async def revoke_share(request: ResourceRequest[None, None]) -> Any:
        return await cases.sharing.revoke(
            request.call, request.path["id"], request.path["share_id"]
        )

    async def list_offers(request: ResourceRequest[None, None]) -> Any:
        return await cases.sharing.offered(request.call)

    return (
        Resource(
            "GET",
            _ONE + "/shares",
            "List the projects that a knowledge base is offered to",
            list_shares,
            needs=Role.ADMIN,
            response=answers.ShareList,
        ),
        Resource(
            "POST",
            _ONE + "/shares",
            "Offer a knowledge base to another project, which then links it",
            share_knowledge_base,
            needs=Role.ADMIN,
            body=NewShare,
            response=answers.Share,
            status=HTTPStatus.CREATED,
            examples={"English": {"project": "support"}, "中文": {"project": "客服"}},
        ),
        Resource(
            "DELETE",
            _ONE + "/shares/{share_id}",
            "Withdraw an offer; the other project finds nothing of it any more",
            revoke_share,
            needs=Role.ADMIN,
            response=answers.Done,
        ),
        Resource(
            "GET",
            "/offers",
            "List the knowledge bases that other projects offer to this one",
            list_offers,
            response=answers.OfferList,
        ),
    )
