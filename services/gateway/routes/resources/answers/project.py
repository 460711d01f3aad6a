"""Answers about keys, plans, usage and the audit log."""

from typing import Any, Literal

from pydantic import BaseModel

from services.gateway.routes.resources.answers.base import Answer, Listed


class KeyDetail(Answer):
    """A key, without its secret. hint: its last characters."""

    id: str
    name: str
    hint: str
    role: Literal["read", "write", "admin"]
    operator: bool
    active: bool
    create_time: int
    expires_at: int | None
    last_used_at: int | None
    rotated_at: int | None
    previous_secret_until: int | None
    revoke_time: int | None


class KeyList(Answer):
    """Keys of the project, oldest first."""

    keys: list[KeyDetail]


class ShownKey(KeyDetail):
    """A key with its secret, shown this once."""

    key: str


class PlanUsage(BaseModel):
    """The project's plan, what it uses of it, and whether something can be added (fits)."""

    project: dict[str, str]
    plan: str
    knowledge_bases: dict[str, int]
    bytes_used: int
    message_file_bytes: int
    unlinked: list[dict[str, Any]]
    bytes_each: int | None = None
    requests_per_second: float | None = None
    fits: bool
    reason: str


class AuditLine(Answer):
    """Who did what, and with what result."""

    id: str
    time: int
    key_id: str
    key_name: str
    role: str
    operation: str
    targets: list[str]
    result: Literal["ok", "refused"]
    code: int
    detail: str
    request_id: str
    address: str


class AuditList(Listed):
    """Lines of the audit log, newest first."""

    entries: list[AuditLine]
