"""Requests and answers of the one search, as plain types; protobuf mirrors them."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord, Owner
from services.kernel.contracts.scope import Scope


class SearchRequest(BaseModel):
    """One search. Limits: most items to return per list. views: kinds wanted.

    threshold: explicit `relativity`, None for none. conversation_id only weighs, it never
    filters. event_limit: 0 leaves events among the facts. now: epoch milliseconds by which
    validity and time words are judged.
    """

    model_config = ConfigDict(frozen=True)

    scope: Scope
    query: str
    conversation_id: str = ""
    memory_limit: int = Field(default=9, ge=0, le=25)
    preference_limit: int = Field(default=9, ge=0, le=25)
    tool_limit: int = Field(default=6, ge=0, le=25)
    skill_limit: int = Field(default=6, ge=0, le=25)
    event_limit: int = Field(default=0, ge=0, le=25)
    kinds: tuple[Kind, ...] = (
        Kind.PASSAGE,
        Kind.SUMMARY,
        Kind.CORRECTION,
        Kind.MESSAGE,
        Kind.FACT,
        Kind.PREFERENCE,
    )
    threshold: float | None = Field(default=None, ge=0, le=1)
    now: int
    explain: bool = False
    timezone: str = "Asia/Shanghai"


class Place(BaseModel):
    """Another record that says the same as the one that is shown, and where it is from.

    title: of its document, as `MemoryRecord.detail` has it.
    """

    model_config = ConfigDict(frozen=True)

    memory_id: UUID
    owner: Owner
    anchor: DocumentAnchor | None = None
    title: str = ""
    conversation_id: str = ""


class SearchItem(BaseModel):
    """One result. relativity: 0..1, comparable between kinds, monotone in relevance.

    corrected_by: active corrections of this item. scores: by channel, only with `explain`.
    also_in: other places of the same text.
    """

    model_config = ConfigDict(frozen=True)

    record: MemoryRecord
    relativity: float = Field(ge=0, le=1)
    corrected_by: tuple[str, ...] = ()
    scores: dict[str, float] = Field(default_factory=dict)
    also_in: tuple[Place, ...] = ()


class SearchAnswer(BaseModel):
    """Lists in the order in which they are shown. memories: facts, passages, summaries,
    corrections, messages. notes: what was left out or late (`rerank: late`, `dense: down`).
    """

    model_config = ConfigDict(frozen=True)

    memories: tuple[SearchItem, ...] = ()
    preferences: tuple[SearchItem, ...] = ()
    tools: tuple[SearchItem, ...] = ()
    skills: tuple[SearchItem, ...] = ()
    events: tuple[SearchItem, ...] = ()
    notes: tuple[str, ...] = ()
