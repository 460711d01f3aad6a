"""Models of what our own routes answer, for OpenAPI. Times are epoch milliseconds."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """Base of all answers: nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


class Done(Answer):
    """It is done."""

    success: bool


class Deleted(BaseModel):
    """It is deleted: not found from now on."""

    success: bool


class Listed(Answer):
    """A page. next_cursor: of the page that follows, null on the last."""

    next_cursor: str | None


class KnowledgeBaseCounts(Answer):
    """How many of each a knowledge base holds."""

    documents: int
    processing: int
    completed: int
    failed: int
    passages: int
    memories: int
    corrections: int


class KnowledgeBaseDetail(Answer):
    """A knowledge base. owned: made by this project. last_activity: when something in it moved."""

    id: str
    name: str
    description: str
    linked: bool
    owned: bool
    documents: int
    bytes: int
    counts: KnowledgeBaseCounts
    create_time: int
    update_time: int
    last_activity: int


class KnowledgeBaseList(Listed):
    """Knowledge bases, oldest first."""

    knowledge_bases: list[KnowledgeBaseDetail]


class Share(Answer):
    """An offer of a knowledge base. project: as the owner named it."""

    id: str
    knowledgebase_id: str
    project: str
    status: Literal["offered", "accepted"]
    create_time: int
    accept_time: int | None


class ShareList(Answer):
    """Offers of one knowledge base, oldest first."""

    shares: list[Share]


class Offer(Answer):
    """A knowledge base that another project offers to this one; `link` accepts it."""

    knowledgebase_id: str
    name: str
    description: str
    owner: str = Field(description="Name of the project that made it.")
    status: Literal["offered", "accepted"]
    linked: bool
    create_time: int


class OfferList(Answer):
    """Offers to this project, oldest first."""

    offers: list[Offer]
