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

Too many SetAside in a row, of different keys and of several projects, blow the fuse: Halt, for a
while that grows each time.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
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


@dataclass(frozen=True, slots=True)
class FuseRule:
    """When a group stops: `records` set aside in a row, of as many keys, that come from at least
    `projects` projects; and for how long (seconds, doubled each time that it stops again).
    """

    records: int = 20
    projects: int = 3
    first_wait: float = 30.0
    longest_wait: float = 900.0


@dataclass(slots=True)
class _Circuit:
    """What a group has set aside in a row. openings: how often it stopped since a record was
    handled last; opened_by: the key of the record that stopped it; until: when it tries again
    (monotonic seconds).
    """

    failed: dict[str, set[str]] = field(default_factory=dict)
    openings: int = 0
    opened_by: str = ""
    until: float = 0.0
    reason: str = ""


@dataclass(slots=True)
class Fuse:
    """Stops a group whose code is wrong, and lets it try again after a while.

    One project's records never suffice, however many they are: what only one project's data bring
    about is that project's matter. What the user did wrong is not counted; a handled record mends
    the fuse. After the wait the group goes on: the record that stopped it is set aside if it
    fails again, the next one that fails stops the group for twice as long. So a group whose code
    was mended, or whose bad records are over, comes back by itself, and no record blocks it for
    ever.
    """

    rule: FuseRule = field(default_factory=FuseRule)
    now: Callable[[], float] = monotonic
    _circuits: dict[str, _Circuit] = field(default_factory=dict)

    def judge(self, group: str, key: str, verdict: Verdict, *, project: str = "") -> Verdict:
        """The verdict, or Halt instead of one SetAside too many. project: whose record it is;
        one that names none stands for itself.
        """
        if isinstance(verdict, Ack | Ignore):
            self._circuits.pop(group, None)
        elif isinstance(verdict, SetAside):
            circuit = self._circuits.setdefault(group, _Circuit())
            return self._count(circuit, key, project or f"record {key}", verdict)
        return verdict

    def _count(self, circuit: _Circuit, key: str, source: str, verdict: SetAside) -> Verdict:
        left = circuit.until - self.now()
        if left > 0:
            # Was at work when the group stopped: it stays, and is tried again with the others.
            return Halt(circuit.reason, left)
        if circuit.openings and key == circuit.opened_by:
            circuit.opened_by = ""
            return verdict
        keys = circuit.failed.setdefault(source, set())
        if len(keys) < self.rule.records:
            keys.add(key)
        records = len(set().union(*circuit.failed.values()))
        many = records >= self.rule.records and len(circuit.failed) >= self.rule.projects
        if not (circuit.openings or many):
            return verdict
        seconds = growing(self.rule.first_wait, self.rule.longest_wait, circuit.openings)
        circuit.openings += 1
        circuit.opened_by = key
        circuit.until = self.now() + seconds
        circuit.reason = (
            f"{records} records in a row were set aside, of {len(circuit.failed)} projects or "
            f"records without one; trying again every {seconds:g} s; the last: {verdict.cause}"
        )
        return Halt(circuit.reason, seconds)

    @property
    def blown(self) -> Mapping[str, str]:
        """Groups that stand still now, and why."""
        return {
            group: circuit.reason
            for group, circuit in self._circuits.items()
            if circuit.until > self.now()
        }
