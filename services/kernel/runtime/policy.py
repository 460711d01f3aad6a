"""The one place that decides what becomes of a delivery, and the only one that catches Exception.

| raised                                              | verdict                                  |
|-----------------------------------------------------|------------------------------------------|
| StaleEvent                                          | Ignore                                   |
| DependencyUnavailable, TooManyRequests              | Wait: never counted, never a dead letter |
| InvalidInput, NotFound, Unauthorized, Forbidden,    | Fail: the user's matter, with its code   |
| QuotaExceeded                                       |                                          |
| OSError: a disk or its quota is full                | Wait                                     |
| Unintelligible                                      | SetAside at once                         |
| anything else                                       | Retry, then SetAside                     |

Too many SetAside in a row, from different keys, blow the fuse: Halt.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    Forbidden,
    InvalidInput,
    MemloomError,
    NotFound,
    QuotaExceeded,
    StaleEvent,
    TooManyRequests,
    Unauthorized,
    Unintelligible,
    is_full,
)
from services.kernel.contracts.verdicts import (
    Ack,
    Fail,
    Halt,
    Ignore,
    Retry,
    SetAside,
    Verdict,
    Wait,
)

T = TypeVar("T")

USERS_MATTER: Final = (InvalidInput, NotFound, Unauthorized, Forbidden, QuotaExceeded)
LONGEST_CAUSE: Final = 2000


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often an unexpected error is tried again, and how long between (seconds, doubled)."""

    attempts: int = 5
    first_wait: float = 0.2
    longest_wait: float = 30.0


@dataclass(frozen=True, slots=True)
class WaitRule:
    """How long to wait for a dependency (seconds, doubled up to the longest)."""

    first: float = 0.5
    longest: float = 30.0


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """Work that ended well."""

    value: T


@dataclass(frozen=True, slots=True)
class Raised:
    """Work that raised."""

    error: Exception


async def attempt(work: Awaitable[T]) -> Done[T] | Raised:
    """Run it; its error becomes a value. Cancellation is no error and passes through."""
    try:
        return Done(await work)
    except Exception as error:  # noqa: BLE001 - here, and only here, so that verdicts are total
        return Raised(error)


def growing(first: float, longest: float, times: int) -> float:
    """`first` seconds doubled `times` times, never above `longest`."""
    # 2**60 would do; the bound keeps the float finite for any count.
    return float(min(longest, first * 2 ** min(max(times, 0), 60)))


def decide(
    error: Exception,
    *,
    attempt: int,
    waits: int = 0,
    retry: RetryRule | None = None,
    wait: WaitRule | None = None,
) -> Verdict:
    """The verdict on an error: total, pure. attempt: 1 for the first handling. waits: how often
    this record has waited in a row.
    """
    retry = retry or RetryRule()
    wait = wait or WaitRule()
    if isinstance(error, StaleEvent):
        return Ignore(error.message)
    if isinstance(error, DependencyUnavailable | TooManyRequests):
        asked = error.retry_after if isinstance(error, TooManyRequests) else 0.0
        seconds = max(growing(wait.first, wait.longest, waits), min(asked, wait.longest))
        return Wait(seconds, error.message)
    if is_full(error):
        return Wait(growing(wait.first, wait.longest, waits), cause(error))
    if isinstance(error, USERS_MATTER):
        return Fail(int(error.code), error.message)
    if isinstance(error, Unintelligible):
        return _unexpected(error, max(attempt, retry.attempts), retry)
    return _unexpected(error, attempt, retry)


def _unexpected(error: Exception, attempt: int, retry: RetryRule) -> Verdict:
    if attempt < retry.attempts:
        seconds = growing(retry.first_wait, retry.longest_wait, attempt - 1)
        return Retry(seconds, attempt, cause(error))
    code = error.code if isinstance(error, MemloomError) else Code.INTERNAL
    return SetAside(cause(error), int(code), attempt)


def cause(error: Exception) -> str:
    """What a person reads beside the dead letter."""
    text = error.message if isinstance(error, MemloomError) else str(error)
    return f"{type(error).__name__}: {text}"[:LONGEST_CAUSE]


@dataclass(slots=True)
class Fuse:
    """Stops a group whose code is wrong: `limit` records in a row set aside, of as many keys.

    What the user did wrong is not counted; a handled record mends the fuse.
    """

    limit: int = 20
    _keys: dict[str, set[str]] = field(default_factory=dict)
    _blown: dict[str, str] = field(default_factory=dict)

    def judge(self, group: str, key: str, verdict: Verdict) -> Verdict:
        """The verdict, or Halt instead of one SetAside too many."""
        if isinstance(verdict, Ack | Ignore):
            self._keys.pop(group, None)
        elif isinstance(verdict, SetAside):
            keys = self._keys.setdefault(group, set())
            keys.add(key)
            if len(keys) >= self.limit:
                reason = f"{len(keys)} records in a row were set aside, the last: {verdict.cause}"
                self._blown[group] = reason
                return Halt(reason)
        return verdict

    @property
    def blown(self) -> Mapping[str, str]:
        """Groups that were stopped, and why; they begin again with the process."""
        return dict(self._blown)
