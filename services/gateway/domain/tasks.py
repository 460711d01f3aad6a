"""A task's state, projected from events: terminal states win, changes of equal ones join."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.gateway.domain.model import Task

_ORDER: Final = ("running", "failed", "completed")


def advance_task(
    part: Task,
    *,
    status: str,
    changes: Sequence[dict[str, Any]],
    error: tuple[int, str],
    reason: str,
) -> Task:
    """The part after one event. Any order and repetition of the same events ends in the same
    state.
    """
    if _ORDER.index(status) < _ORDER.index(part.status):
        return part
    code, message = error
    if _ORDER.index(status) > _ORDER.index(part.status):
        return replace(
            part,
            status=status,
            changes=_joined((), changes),
            error_code=code,
            error_message=message,
            reason=reason,
        )
    code, message = max((code, message), (part.error_code, part.error_message))
    return replace(
        part,
        changes=_joined(part.changes, changes),
        error_code=code,
        error_message=message,
        reason=max(reason, part.reason),
    )


def _joined(
    left: Sequence[dict[str, Any]], right: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], ...]:
    found = {
        (entry["memory_id"], entry["kind"], entry["change"]): entry for entry in (*left, *right)
    }
    return tuple(found[key] for key in sorted(found))


def document_of_part(part_id: str) -> str:
    """Return the id of the document that a part of a task stands for; empty where it is none."""
    document, dot, rest = part_id.rpartition(".")
    return document if dot and len(rest) == len(UUID(int=0).hex) else ""


def task_status(parts: Sequence[Task]) -> str:
    """A task is failed when a part is, completed when all are, else running."""
    states = {part.status for part in parts}
    if "running" in states:
        return "running"
    return "failed" if "failed" in states else "completed"
