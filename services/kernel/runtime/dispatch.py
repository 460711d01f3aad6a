"""From a record on the bus to a handler, and from its outcome to one transaction.

Handlers do slow work over ports outside any transaction and return an `Outcome`; dispatch runs
`apply` (state), the inbox row and the outgoing events in one transaction, and only then answers
with a verdict.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.events import Envelope, Event
from services.kernel.contracts.topics import Topic
from services.kernel.ports.store import Transaction


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler wants done: state changes and events, in one transaction.

    apply: runs inside the transaction and may return further events. events: sent with it.
    """

    events: tuple[Event, ...] = ()
    apply: Callable[[Transaction], Awaitable[Sequence[Event]]] | None = None


@dataclass(frozen=True, slots=True)
class RetryRule:
    """How often an unexpected error is tried again, and how long between (seconds, doubled)."""

    attempts: int = 5
    first_wait: float = 0.2
    longest_wait: float = 30.0


Handler = Callable[[Event, Envelope], Awaitable[Outcome]]
OnFailure = Callable[[Event, MemloomError], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row of a service's `subscriptions` table.

    group: consumer group, as in the catalogue. handlers: by event class; other types of the
    topic are acknowledged unread. on_failure: what to record when the user's input is bad, or
    the record is set aside (document FAILED with its code).
    """

    topic: Topic
    group: str
    handlers: dict[type[Event], Handler]
    on_failure: OnFailure | None = None
    retry: RetryRule = field(default_factory=RetryRule)
    workers: int = 4
