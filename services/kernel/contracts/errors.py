"""Errors of our own: each carries a stable `code`; protocols map them once, at their border.

Codes below 50170 are those of the public API (openmem/v1); 50171-50179 are late failures of a
document, 50180 and above states of the system, and 40091-40099 refusals of our own routes, all
added by us.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from services.kernel.contracts.events import Event


class Code(IntEnum):
    """Stable error codes; 0 is success."""

    OK = 0
    WRONG_PARAMETERS = 40000
    DATA_NOT_FOUND = 40001
    FIELD_MISSING = 40002
    LIST_EMPTY = 40003
    UNSUPPORTED_TYPE_FIELD = 40006
    UNSUPPORTED_FILE_TYPE = 40007
    BASE64_ILLEGAL = 40008
    BASE64_FORMAT = 40009
    USER_ID_TOO_LONG = 40010
    CONVERSATION_ID_TOO_LONG = 40011
    RELATIVITY_OUT_OF_RANGE = 40012
    MESSAGES_TOO_LONG = 40013
    BAD_PROJECT = 40020
    ROUTE_NOT_FOUND = 40091
    METHOD_NOT_ALLOWED = 40092
    MEDIA_TYPE_NOT_ALLOWED = 40093
    VERSION_CHANGED = 40094
    STATE_CONFLICT = 40095
    KEY_REQUIRED = 40100
    KEY_NO_ACCESS = 40103
    KEY_INVALID = 40132
    CALL_QUOTA_EXCEEDED = 40300
    QUOTA_EXCEEDED = 40304
    INPUT_TOO_LONG = 40305
    MEMORY_DELETE_FORBIDDEN = 40306
    MEMORY_NOT_FOUND = 40307
    USER_NOT_FOUND = 40308
    INPUT_RATE_EXCEEDED = 40309
    INTERNAL = 50000
    OPERATION_FAILED = 50002
    MEMORY_SERVICE_UNAVAILABLE = 50004
    SEARCH_SERVICE_UNAVAILABLE = 50005
    TOO_MANY_FILES = 50103
    FILE_TOO_LARGE = 50104
    FILES_TOO_LARGE = 50105
    FILE_FORMAT_NOT_ALLOWED = 50107
    KNOWLEDGE_BASE_NOT_FOUND = 50120
    KNOWLEDGE_BASE_NOT_LINKED = 50123
    TASK_NOT_FOUND = 50131
    ADD_MEMORY_FAILED = 50143
    SAVE_MESSAGES_FAILED = 50144
    SAVE_FEEDBACK_FAILED = 50145
    TOO_MANY_PAGES = 50171
    ENCRYPTED = 50172
    NO_TEXT = 50173
    CORRUPT = 50174
    EMPTY = 50175
    GARBAGE_TEXT = 50176
    EXPANDS_TOO_FAR = 50177
    TOOK_TOO_LONG = 50178
    NOT_FETCHED = 50179
    STORAGE_FULL = 50180


class MemloomError(Exception):
    """Any error that we raise on purpose.

    `code` is stable; `message` says, to whoever caused it, what to do.
    """

    default_code: ClassVar[Code] = Code.INTERNAL

    def __init__(self, message: str, *, code: Code | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code if code is not None else self.default_code


class InvalidInput(MemloomError):
    """The user's document or request is bad: it fails with its code and is never retried."""

    default_code = Code.WRONG_PARAMETERS


class NotFound(MemloomError):
    """What was asked for does not exist (or is not visible to this caller)."""

    default_code = Code.DATA_NOT_FOUND


class Unauthorized(MemloomError):
    """No key, or one that is not valid."""

    default_code = Code.KEY_INVALID


class Forbidden(MemloomError):
    """A valid key that has no right to this."""

    default_code = Code.KEY_NO_ACCESS


class QuotaExceeded(MemloomError):
    """The plan's limits are reached."""

    default_code = Code.QUOTA_EXCEEDED


class TooManyRequests(MemloomError):
    """The caller should come back after `retry_after` seconds."""

    default_code = Code.INPUT_RATE_EXCEEDED

    def __init__(self, message: str, *, retry_after: float, code: Code | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class Conflict(MemloomError):
    """The state changed meanwhile; read it again."""

    default_code = Code.OPERATION_FAILED


class VersionChanged(Conflict):
    """What the caller edits is no longer the version that the caller read."""

    default_code = Code.VERSION_CHANGED


class UnsupportedMediaType(InvalidInput):
    """The body's media type is none that the route takes."""

    default_code = Code.MEDIA_TYPE_NOT_ALLOWED


class DependencyUnavailable(MemloomError):
    """A database, broker, index, reader or model is down or too slow: wait, never dead-letter."""

    default_code = Code.MEMORY_SERVICE_UNAVAILABLE


class StorageFull(DependencyUnavailable):
    """The disk, or a server's, has no room: nothing is stored until there is; reading goes on."""

    default_code = Code.STORAGE_FULL


class StaleEvent(MemloomError):
    """The event is older than what was applied already (or its subject is deleted): ignore it.
    tell: events that say so.
    """

    default_code = Code.OPERATION_FAILED

    def __init__(self, message: str, *, tell: "Sequence[Event]" = ()) -> None:
        super().__init__(message)
        self.tell = tuple(tell)


class Unintelligible(MemloomError):
    """The record itself cannot be understood (header, JSON, schema): set it aside."""

    default_code = Code.OPERATION_FAILED


_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    """Whether the system says that a disk, or a quota on it, is full."""
    return isinstance(error, OSError) and error.errno in _FULL


@contextmanager
def full_disk_noticed(what: str) -> Iterator[None]:
    """Turn the system's "no space left" into StorageFull; `what` names what has none."""
    try:
        yield
    except OSError as error:
        if not is_full(error):
            raise
        raise StorageFull(f"{what} has no room: {error.strerror}") from error
