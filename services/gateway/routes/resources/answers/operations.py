"""Answers about deletions and dead letters."""

from typing import Literal

from services.gateway.routes.resources.answers.base import Answer, Listed


class LogRetention(Answer):
    """Until when a topic of the event log may hold the bytes of what was deleted."""

    topic: str
    until: int


class DeletionReceipt(Answer):
    """What became of a deletion. subject_id: of the user, agent, knowledge base or single document.
    waiting: confirmations of stores that are still to come. counts: how many were deleted, by
    store; events_ignored: what came late and made nothing.
    """

    id: str
    kind: Literal["memories", "user", "agent", "document", "knowledge_base"]
    subject_id: str
    status: Literal["running", "done"]
    requested_at: int
    completed_at: int | None
    waiting: int
    counts: dict[str, int]
    retention: list[LogRetention]


class DeletionList(Listed):
    """Receipts, newest first."""

    deletions: list[DeletionReceipt]


class DeadLetterSummary(Answer):
    """A record that was set aside."""

    id: str
    topic: str
    group: str
    key: str
    cause: str
    error_code: int
    attempts: int
    origin: str
    set_aside_time: int
    bytes: int


class DeadLetterList(Answer):
    """Dead letters, newest last."""

    dead_letters: list[DeadLetterSummary]


class DeadLetterDetail(DeadLetterSummary):
    """A dead letter. text: the begin of its value; value: all of it in Base64."""

    headers: dict[str, str]
    text: str
    value: str
