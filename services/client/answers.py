"""What tools and commands show of an answer: the parts that a reader needs, under plain names."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class FoundMemory(BaseModel):
    """A memory or a passage that a search or a list returned."""

    id: str
    text: str
    title: str = ""
    source: Literal["knowledge_base", "user", "preference", "tool", "skill", "event"] = "user"
    document: str = Field(default="", description="Name of the document that it stands in.")
    document_id: str = ""
    knowledge_base: str = ""
    pages: list[int] = Field(default=[], description="First and last page, where known.")
    headings: list[str] = []
    relevance: float | None = Field(default=None, description="0 to 1; the higher the better.")
    corrected_by: list[str] = Field(
        default=[], description="Memories that correct it: trust those instead."
    )
    corrects: list[str] = []
    time: int | None = Field(default=None, description="When it was made, epoch milliseconds.")


class SearchAnswer(BaseModel):
    """What one search found, best first within each list."""

    memories: list[FoundMemory] = []
    preferences: list[FoundMemory] = []
    tools: list[FoundMemory] = []
    note: str = Field(default="", description="How to use the preferences.")


class TaskState(BaseModel):
    """What became of messages or feedback."""

    task_id: str
    status: str = Field(description="running, completed or failed.")
    message: str = Field(default="", description="Why it failed or changed nothing.")
    changes: dict[str, Any] = Field(default={}, description="Memories added, updated, deleted.")


class DocumentState(BaseModel):
    """A document and how far it is."""

    id: str
    name: str
    status: str = Field(description="PROCESSING, COMPLETED or FAILED.")
    message: str = Field(default="", description="Why it failed.")
    searchable: bool = False
    pages: int | None = None
    passages: int | None = None


class KnowledgeBaseInfo(BaseModel):
    """A knowledge base of the project."""

    id: str
    name: str
    description: str = ""
    documents: int = 0
    bytes: int = 0


class Correction(BaseModel):
    """A correction of a knowledge base."""

    id: str
    state: str = Field(description="active, undone, superseded, retired or deleted.")
    feedback: str = Field(default="", description="The words that it was made from.")
    before: str = ""
    after: str = ""
    user_id: str = ""


def found_memory(
    item: dict[str, Any], source: Literal["user", "preference", "tool", "skill", "event"] = "user"
) -> FoundMemory:
    """Return what a reader needs of one item of the API's lists."""
    base = str(item.get("knowledgebase_id") or "")
    return FoundMemory(
        id=str(item.get("id", "")),
        text=_text_of(item),
        title=str(item.get("memory_key") or item.get("event_key") or ""),
        source="knowledge_base" if base else source,
        document=str(item.get("document_name") or ""),
        document_id=str(item.get("document_id") or ""),
        knowledge_base=base,
        pages=[page for page in item.get("pages") or [] if isinstance(page, int)],
        headings=[str(part) for part in item.get("heading_path") or []],
        relevance=item.get("relativity"),
        corrected_by=[str(one) for one in item.get("corrected_by") or []],
        corrects=[str(one) for one in item.get("corrects") or []],
        time=item.get("create_time"),
    )


def _text_of(item: dict[str, Any]) -> str:
    for name in ("memory_value", "preference", "tool_value", "event_value", "skill_value"):
        value = item.get(name)
        if value:
            return value if isinstance(value, str) else str(value)
    return ""


def search_answer(data: dict[str, Any]) -> SearchAnswer:
    """Return the lists of a search or of get/memory under plain names."""
    return SearchAnswer(
        memories=[found_memory(item) for item in data.get("memory_detail_list") or []]
        + [found_memory(item, "event") for item in data.get("event_detail_list") or []],
        preferences=[
            found_memory(item, "preference") for item in data.get("preference_detail_list") or []
        ],
        tools=[found_memory(item, "tool") for item in data.get("tool_memory_detail_list") or []]
        + [found_memory(item, "skill") for item in data.get("skill_detail_list") or []],
        note=str(data.get("preference_note") or ""),
    )


def task_state(data: dict[str, Any]) -> TaskState:
    """Return a task's state as get/status has it."""
    return TaskState(
        task_id=str(data.get("task_id", "")),
        status=str(data.get("status", "")),
        message=str(data.get("error_message") or data.get("reason") or ""),
        changes=data.get("memory_views") or {},
    )


def document_state(item: dict[str, Any]) -> DocumentState:
    """Return a document's state as get/knowledgebase-file has it."""
    return DocumentState(
        id=str(item.get("id", "")),
        name=str(item.get("name", "")),
        status=str(item.get("status", "")),
        message=str(item.get("error_message") or ""),
        searchable=bool(item.get("searchable")),
        pages=item.get("pages"),
        passages=item.get("passages"),
    )


def knowledge_base_info(item: dict[str, Any]) -> KnowledgeBaseInfo:
    """Return a knowledge base as the list of the API has it."""
    return KnowledgeBaseInfo(
        id=str(item.get("id", "")),
        name=str(item.get("name", "")),
        description=str(item.get("description") or ""),
        documents=int(item.get("documents") or 0),
        bytes=int(item.get("bytes") or 0),
    )


def correction_shown(item: dict[str, Any]) -> Correction:
    """Return a correction as the log of the API has it."""
    return Correction(
        id=str(item.get("id", "")),
        state=str(item.get("state", "")),
        feedback=str(item.get("words") or ""),
        before=str(item.get("before") or item.get("old") or ""),
        after=str(item.get("after") or item.get("text") or ""),
        user_id=str(item.get("user_id") or ""),
    )
