"""What openmem/v1 answers, for OpenAPI: `data` of each endpoint, with examples of its request.

A business error is HTTP 200 with its code and the endpoint's smallest data, so every field may be
absent; more fields may come. Times are epoch milliseconds.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel


class MemoryEntry(BaseModel):
    """A fact, passage, summary, message or correction."""

    id: str
    memory_key: str
    memory_value: str
    memory_type: str
    create_time: int
    update_time: int
    conversation_id: str
    status: str
    confidence: float
    tags: list[str]
    kind: str | None = None
    relativity: float | None = None
    knowledgebase_id: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    pages: list[int] | None = None
    heading_path: list[str] | None = None
    start: int | None = None
    end: int | None = None
    corrected_by: list[str] | None = None
    corrects: list[str] | None = None
    evidence: list[dict[str, Any]] | None = None
    scores: dict[str, Any] | None = None


class PreferenceEntry(BaseModel):
    """A preference."""

    id: str
    preference_type: str
    preference: str
    reasoning: str
    create_time: int
    update_time: int
    conversation_id: str
    status: str
    confidence: float
    tags: list[str]
    relativity: float | None = None


class ToolMemoryEntry(BaseModel):
    """A memory of the use of a tool."""

    id: str
    tool_type: str
    tool_value: Any
    tool_used_status: Any = None
    experience: str | None = None
    create_time: int
    update_time: int
    conversation_id: str
    status: str
    relativity: float | None = None


class FoundMemories(BaseModel):
    """`data` of a search."""

    memory_detail_list: list[MemoryEntry] | None = None
    preference_detail_list: list[PreferenceEntry] | None = None
    tool_memory_detail_list: list[ToolMemoryEntry] | None = None
    skill_detail_list: list[dict[str, Any]] | None = None
    profile_detail_list: list[dict[str, Any]] | None = None
    event_detail_list: list[dict[str, Any]] | None = None
    preference_note: str | None = None
    notes: list[str] | None = None


class ListedMemories(FoundMemories):
    """`data` of get/memory. total: of the largest list."""

    total: int | None = None
    size: int | None = None
    current: int | None = None
    pages: int | None = None


class OneMemory(BaseModel):
    """`data` of get/memory/{memory_id}."""

    id: str | None = None
    memory_view: str | None = None
    title: str | None = None
    content: str | None = None
    status: str | None = None
    created_at: int | None = None
    updated_at: int | None = None


class MadeKnowledgebase(BaseModel):
    """`data` of create/knowledgebase."""

    id: str
    knowledgebase_id: str | None = None


class Succeeded(BaseModel):
    """`data` of what is done at once."""

    success: bool


class StartedTask(Succeeded):
    """`data` of what is done behind."""

    task_id: str
    status: str
    conversation_id: str | None = None
    message_ids: list[str] | None = None


class TaskStatus(BaseModel):
    """`data` of get/status."""

    task_id: str | None = None
    status: str | None = None
    memory_views: dict[str, Any] | None = None
    error_code: int | None = None
    error_message: str | None = None
    reason: str | None = None


class UploadedFile(BaseModel):
    """One entry of `data` of add/knowledgebase-file."""

    id: str
    name: str
    type: str
    sizeMB: float  # noqa: N815 - the public API's name
    status: str


class FileEntryDetail(BaseModel):
    """A file and how far it is."""

    id: str
    name: str
    type: str
    size: str
    status: str
    knowledgebase_id: str
    stage: str
    progress: float
    searchable: bool
    error_code: int
    error_message: str
    pages: int | None = None
    passages: int | None = None
    memories: int | None = None


class FileDetails(BaseModel):
    """`data` of get/knowledgebase-file."""

    file_detail_list: list[FileEntryDetail] | None = None
    missing_file_ids: list[str] | None = None
    total: int | None = None
    page: int | None = None
    page_size: int | None = None


class ConversationEntry(BaseModel):
    """A message."""

    message_id: str
    role: str
    content: str
    create_time: int
    update_time: int


class ConversationMessages(BaseModel):
    """`data` of get/message."""

    message_detail_list: list[ConversationEntry] | None = None


class ChatAnswer(BaseModel):
    """`data` of chat."""

    response: str


class ExtractedMemories(BaseModel):
    """`data` of extract/memory."""

    success: bool
    memory_detail_list: list[dict[str, Any]] | None = None
    preference_detail_list: list[dict[str, Any]] | None = None


class Refusal(BaseModel):
    """An error that is told by status. data: the endpoint's smallest."""

    code: int
    message: str
    data: Any = None


# By path; of add/knowledgebase-file the data is a list of these.
ANSWERS: Final[Mapping[str, type[BaseModel]]] = {
    "/create/knowledgebase": MadeKnowledgebase,
    "/delete/knowledgebase": Succeeded,
    "/add/knowledgebase-file": UploadedFile,
    "/get/knowledgebase-file": FileDetails,
    "/delete/knowledgebase-file": Succeeded,
    "/add/message": StartedTask,
    "/get/message": ConversationMessages,
    "/get/status": TaskStatus,
    "/search/memory": FoundMemories,
    "/get/memory": ListedMemories,
    "/get/memory/{memory_id}": OneMemory,
    "/update/memory": Succeeded,
    "/delete/memory": Succeeded,
    "/add/feedback": StartedTask,
    "/extract/memory": ExtractedMemories,
    "/chat": ChatAnswer,
}
LISTS: Final = ("/add/knowledgebase-file",)
EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "/create/knowledgebase": {
        "English": {"knowledgebase_name": "Finance", "knowledgebase_description": "Expenses"},
        "中文": {"knowledgebase_name": "财务制度", "knowledgebase_description": "报销规定"},
    },
    "/add/knowledgebase-file": {
        "English": {
            "knowledgebase_id": "base7c1e",
            "file": [{"content": "https://example.org/policy.pdf"}],
        },
        "中文": {
            "knowledgebase_id": "base7c1e",
            "file": [{"name": "制度.md", "content": "data:text/markdown;base64,IyDliLbluqY="}],
        },
    },
    "/add/message": {
        "English": {
            "user_id": "u1",
            "conversation_id": "c1",
            "messages": [{"role": "user", "content": "My puppy does not eat chicken."}],
        },
        "中文": {
            "user_id": "u1",
            "conversation_id": "c1",
            "messages": [{"role": "user", "content": "我家金毛不吃鸡肉。"}],
        },
    },
    "/search/memory": {
        "English": {"user_id": "u1", "query": "Which food?", "knowledgebase_ids": ["all"]},
        "中文": {"user_id": "u1", "query": "换什么狗粮?", "knowledgebase_ids": ["all"]},
    },
    "/add/feedback": {
        "English": {
            "user_id": "u1",
            "feedback_content": "Office software is capped at 600, not 800.",
            "allow_knowledgebase_ids": ["base7c1e"],
        },
        "中文": {
            "user_id": "u1",
            "feedback_content": "办公软件上限是600元,不是800元。",
            "allow_knowledgebase_ids": ["base7c1e"],
        },
    },
}
