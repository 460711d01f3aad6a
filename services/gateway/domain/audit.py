"""Who did what to which ids, and whether it was done: never a secret, never a text of a user."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Result = Literal["ok", "refused"]
MOST_TARGETS: Final = 50
_LONGEST_DETAIL: Final = 300
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a key as it was at that moment, or a person at the command line."""

    key_id: str = ""
    key_name: str = ""
    role: str = ""
    request_id: str = ""
    address: str = ""


COMMAND_LINE: Final = Actor(key_name="command line", role="operator")
UPKEEP: Final = Actor(key_name="upkeep", role="system")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log. code: of the refusal, 0 where it was done."""

    project_id: str
    at: int
    actor: Actor
    operation: str
    targets: tuple[str, ...] = ()
    result: Result = "ok"
    code: int = 0
    detail: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What is asked of the log; times in epoch milliseconds, None asks for all."""

    operation: str | None = None
    key_id: str | None = None
    result: str | None = None
    since: int | None = None
    until: int | None = None


def shortened(targets: Sequence[str]) -> tuple[str, ...]:
    """Return the targets as a line keeps them: so many, and how many more there were."""
    if len(targets) <= MOST_TARGETS:
        return tuple(targets)
    return (*targets[:MOST_TARGETS], f"and {len(targets) - MOST_TARGETS} more")


def bounded_text(text: str, most: int = _LONGEST_DETAIL) -> str:
    """Return at most so many characters of it, all of which any database keeps."""
    text = text.encode("utf-8", "replace").decode().replace("\x00", "")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def bounded_name(text: str) -> str:
    """Return what fits into a column of a name."""
    return bounded_text(text, _LONGEST_NAME)


def audit_item(entry: AuditEntry) -> dict[str, Any]:
    """Return the line as the API shows it."""
    return {
        "id": str(entry.position),
        "time": entry.at,
        "key_id": entry.actor.key_id,
        "key_name": entry.actor.key_name,
        "role": entry.actor.role,
        "operation": entry.operation,
        "targets": list(entry.targets),
        "result": entry.result,
        "code": entry.code,
        "detail": entry.detail,
        "request_id": entry.actor.request_id,
        "address": entry.actor.address,
    }
