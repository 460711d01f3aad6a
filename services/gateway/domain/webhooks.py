"""Webhooks: what is told to whom, how a delivery is signed, and when it is tried again."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID, uuid5

EVENT_TYPES: Final = (
    "document.completed",
    "document.failed",
    "task.completed",
    "task.failed",
    "correction.made",
)
PING: Final = "ping"
SIGNATURE: Final = "Memloom-Signature"
SECRET_PREFIX: Final = "whsec-"  # noqa: S105 - the beginning of a secret, not one
_NAMESPACE: Final = UUID("6f5d4a3e-0d0b-4f0f-9a57-9d1b5f3d6c10")
_FIRST_WAIT_MS: Final = 10_000
_LONGEST_WAIT_MS: Final = 6 * 3_600_000
_GROWTH: Final = 3
_LONGEST_ERROR: Final = 300

Status = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a project's events go. failures: attempts in a row that failed. disabled_reason: why
    nothing is sent; empty where it is active.
    """

    id: str
    project_id: str
    url: str
    secret: str
    events: tuple[str, ...]
    description: str
    created_at: int
    failures: int = 0
    disabled_reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook. body: the bytes that are signed and sent, the same each time."""

    id: str
    webhook_id: str
    project_id: str
    event_type: str
    body: str
    created_at: int
    next_at: int
    status: Status = "pending"
    attempts: int = 0
    answer_status: int | None = None
    error: str = ""
    ended_at: int | None = None
    position: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that webhooks tell of. subject: what it happened to, and which time: an event that
    is seen again has the same, and is told once.
    """

    type: str
    subject: str
    data: Mapping[str, Any]


def new_secret() -> str:
    """Return a fresh secret of 256 random bits."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def delivery_of(webhook: Webhook, occurrence: Occurrence, now: int) -> Delivery:
    """Return the delivery of an occurrence, with an id that is the same each time."""
    name = f"{webhook.id}/{occurrence.type}/{occurrence.subject}"
    identifier = str(uuid5(_NAMESPACE, name))
    body = {
        "id": identifier,
        "type": occurrence.type,
        "created_at": now,
        "project_id": webhook.project_id,
        "data": dict(occurrence.data),
    }
    return Delivery(
        id=identifier,
        webhook_id=webhook.id,
        project_id=webhook.project_id,
        event_type=occurrence.type,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        created_at=now,
        next_at=now,
    )


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the header's value: HMAC-SHA256 over `timestamp.body`, in hex; seconds since 1970."""
    signed = str(timestamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def wait_ms(attempts: int) -> int:
    """Return how long to wait after so many failed attempts: 10 s, 30 s, 90 s ... up to 6 h."""
    exponent = min(attempts - 1, 20)
    return min(_LONGEST_WAIT_MS, int(_FIRST_WAIT_MS * _GROWTH**exponent))


def error_text(message: str) -> str:
    """Return what is kept of the reason of a failure."""
    return message[:_LONGEST_ERROR]


def webhook_item(webhook: Webhook) -> dict[str, Any]:
    """Return the webhook as the API shows it, without its secret."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "active": not webhook.disabled_reason,
        "disabled_reason": webhook.disabled_reason,
        "failures": webhook.failures,
        "create_time": webhook.created_at,
    }


def delivery_item(delivery: Delivery) -> dict[str, Any]:
    """Return the delivery as the API shows it."""
    return {
        "id": delivery.id,
        "type": delivery.event_type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "answer_status": delivery.answer_status,
        "error": delivery.error,
        "create_time": delivery.created_at,
        "next_attempt_at": delivery.next_at if delivery.status == "pending" else None,
        "end_time": delivery.ended_at,
    }
