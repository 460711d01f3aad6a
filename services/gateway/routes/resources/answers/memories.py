"""Answers about memories, subjects, conversations and tasks."""

from typing import Any, Literal

from pydantic import BaseModel

from services.gateway.routes.resources.answers.base import Answer, Listed


class Evidence(Answer):
    """The words of a conversation on which a memory rests."""

    message_id: str
    conversation_id: str
    role: str
    chat_time: int | None
    start: int
    end: int
    text: str


class Subject(Answer):
    """A user or an agent. memories: how many search finds."""

    id: str
    messages: int
    conversations: int
    memories: int
    create_time: int
    last_activity: int


class UserList(Listed):
    """Users, by id."""

    users: list[Subject]


class AgentList(Listed):
    """Agents, by id."""

    agents: list[Subject]


class Conversation(Answer):
    """A conversation. messages: how many."""

    id: str
    messages: int
    create_time: int
    last_activity: int


class ConversationList(Listed):
    """Conversations, those that began last first."""

    conversations: list[Conversation]


class ConversationMessage(Answer):
    """A message. chat_time: when it was said; create_time: when it arrived."""

    message_id: str
    role: str
    content: str
    chat_time: int
    create_time: int


class MessageList(Listed):
    """Messages, oldest first."""

    messages: list[ConversationMessage]


class MemoryDetail(Answer):
    """A memory in any state. revision: counts its changes."""

    id: str
    memory_view: str
    title: str
    content: str
    kind: str
    conversation_id: str
    message_ids: list[str]
    status: str
    algorithm_updatable: bool
    created_at: int
    updated_at: int
    revision: int
    user_id: str
    agent_id: str
    tags: list[str]
    info: dict[str, Any]
    knowledgebase_id: str | None = None
    document_id: str | None = None
    document_name: str | None = None
    pages: list[int] | None = None
    heading_path: list[str] | None = None
    start: int | None = None
    end: int | None = None
    evidence: list[Evidence] | None = None


class MemoryList(Listed):
    """Memories, newest first."""

    memories: list[MemoryDetail]


class MemoryHistory(Answer):
    """Memories that replaced each other, oldest first."""

    history: list[MemoryDetail]


class TaskState(BaseModel):
    """A task. memory_views: counts (added, updated, deleted), and ids by view."""

    task_id: str
    status: Literal["running", "completed", "failed"]
    memory_views: dict[str, Any] | None = None
    error_code: int | None = None
    error_message: str | None = None
    reason: str | None = None
    files: list[dict[str, Any]] | None = None


class ListedTask(TaskState):
    """A task in a list."""

    kind: str
    create_time: int


class TaskList(Listed):
    """Tasks, newest first."""

    tasks: list[ListedTask]
