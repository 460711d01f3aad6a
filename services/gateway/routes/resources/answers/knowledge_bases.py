"""Answers about knowledge bases, shares and corrections."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from services.gateway.routes.resources.answers.base import Answer, Listed


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


class Correction(Answer):
    """A correction: whose words, what they changed, before and after."""

    id: str
    knowledgebase_id: str
    state: str
    user_id: str
    conversation_id: str
    words: str
    feedback_id: str
    feedback_time: int
    task_id: str
    create_time: int
    update_time: int
    kind: str | None
    title: str | None
    text: str | None
    subject: str | None
    attribute: str | None
    old: str | None
    new: str | None
    before: str | None
    after: str | None
    anchors: list[dict[str, Any]] | None
    target_ids: list[str] | None
    valid_from: int | None
    confidence: float | None
    reason: str | None


class CorrectionList(Answer):
    """Corrections, newest first."""

    corrections: list[Correction]
    total: int
    page: int
    page_size: int


class GivenCorrection(BaseModel):
    """The task that decides a feedback, or (dry run) what it would change."""

    success: bool | None = None
    task_id: str | None = None
    status: str | None = None
    dry_run: bool | None = None
    reason: str | None = None
    decisions: list[dict[str, Any]] | None = None
