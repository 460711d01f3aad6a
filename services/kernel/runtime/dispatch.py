"""From a record on the bus to a handler, and from its outcome to one transaction.

Handlers do slow work over ports outside any transaction and return an `Outcome`; dispatch runs
`apply` (state), the inbox row and the outgoing events in one transaction, and only then answers
with a verdict.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Protocol

import structlog
from opentelemetry.trace import SpanKind
from pydantic import ValidationError

from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    MemloomError,
    StaleEvent,
    Unintelligible,
)
from services.kernel.contracts.events import EVENTS, Envelope, Event
from services.kernel.contracts.topics import Service, Topic
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
from services.kernel.ports.bus import Bus, Deliver, IncomingRecord, Route
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction
from services.kernel.runtime import tracing
from services.kernel.runtime.attempts import Attempts, Delivered
from services.kernel.runtime.outbox import Outbox
from services.kernel.runtime.policy import (
    Fuse,
    Raised,
    RetryRule,
    WaitRule,
    attempt,
    cause,
    decide,
)

__all__ = [
    "Dispatcher",
    "Handler",
    "Observer",
    "OnFailure",
    "Outcome",
    "RetryRule",
    "Subscription",
    "read",
]

UNDO_SECONDS: Final = 2.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a handler wants done: state changes and events, in one transaction.

    apply: runs inside the transaction and may return further events. events: sent with it.
    """

    events: tuple[Event, ...] = ()
    apply: Callable[[Transaction], Awaitable[Sequence[Event]]] | None = None


Handler = Callable[[Event, Envelope], Awaitable[Outcome]]
OnFailure = Callable[[Event, MemloomError], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One row of a service's `subscriptions` table.

    group: consumer group, as in the catalogue. handlers: by event class; other types of the
    topic are acknowledged unread. on_failure: what to record when the user's input is bad, or
    the record is set aside (document FAILED with its code). workers: records at once; spare: more
    of them for projects that have none in work, so that one project's long work leaves a place
    for the others; share: most of one project at once, by default `workers`. concerns: whether an
    event is this group's matter; others are acknowledged unread.
    """

    topic: Topic
    group: str
    handlers: Mapping[type[Event], Handler]
    on_failure: OnFailure | None = None
    retry: RetryRule = field(default_factory=RetryRule)
    workers: int = 4
    spare: int = 0
    share: int | None = None
    concerns: Callable[[Event], bool] | None = None

    def route(self, deliver: Deliver) -> Route:
        """Its route, with whoever delivers."""
        return Route(
            self.topic.name,
            self.group,
            deliver,
            workers=self.workers + self.spare,
            share=self.share or self.workers,
        )


class Observer(Protocol):
    """Whoever counts deliveries (metrics)."""

    def delivered(self, group: str, verdict: Verdict, seconds: float) -> None:
        """One delivery ended."""
        ...


def read(record: IncomingRecord) -> tuple[Envelope, Event]:
    """The envelope and the event inside; Unintelligible says what is wrong with it."""
    try:
        envelope = Envelope.model_validate_json(record.value)
    except ValidationError as error:
        raise Unintelligible(f"not an envelope: {_first(error)}") from error
    if envelope.type not in EVENTS:
        raise Unintelligible(f"the event type {envelope.type!r} is not known")
    try:
        return envelope, envelope.open()
    except ValidationError as error:
        raise Unintelligible(f"not a {envelope.type}: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in detail["loc"])
    return f"{where}: {detail['msg']}" if where else str(detail["msg"])


class Dispatcher:
    """Makes the routes of one service.

    Without a database there is no inbox: the outcome's events are published before the record is
    acknowledged, and `apply` is refused.
    """

    def __init__(
        self,
        service: Service,
        *,
        bus: Bus,
        clock: Clock,
        database: Database | None = None,
        outbox: Outbox | None = None,
        fuse: Fuse | None = None,
        wait: WaitRule | None = None,
        observer: Observer | None = None,
    ) -> None:
        self.service = service
        self.bus = bus
        self.database = database
        self.outbox = outbox or Outbox(service, clock=clock)
        self.fuse = fuse or Fuse()
        self.wait = wait or WaitRule()
        self.observer = observer
        self.attempts = None if database is None else Attempts(database, clock)

    def routes(self, subscriptions: Sequence[Subscription]) -> list[Route]:
        """One route a subscription."""
        return [one.route(_Delivery(self, one).deliver) for one in subscriptions]


@dataclass(frozen=True, slots=True)
class _Item:
    """A record that was understood."""

    record: IncomingRecord
    envelope: Envelope
    event: Event

    @property
    def delivered(self) -> Delivered:
        return Delivered(self.record.group, str(self.envelope.event_id))

    @property
    def project(self) -> str:
        """Whose it is; "" where the event names nobody."""
        return str(getattr(self.event, "project_id", ""))


class _Delivery:
    """The deliveries of one subscription."""

    def __init__(self, dispatcher: Dispatcher, subscription: Subscription) -> None:
        self._of = dispatcher
        self._subscription = subscription
        self._waits: dict[str, int] = {}

    async def deliver(self, record: IncomingRecord) -> Verdict:
        """Handle one record; never raises but for cancellation."""
        began = perf_counter()
        verdict = await self._judge(record)
        if isinstance(verdict, Wait):
            self._waits[record.key] = self._waits.get(record.key, 0) + 1
        else:
            self._waits.pop(record.key, None)
        if self._of.observer is not None:
            self._of.observer.delivered(record.group, verdict, perf_counter() - began)
        return verdict

    async def _judge(self, record: IncomingRecord) -> Verdict:
        try:
            envelope, event = read(record)
        except Unintelligible as error:
            verdict = self._decide(record, error, 1, project="")
            _tell(record, None, verdict)
            return verdict
        handler = self._subscription.handlers.get(type(event))
        concerns = self._subscription.concerns
        if handler is None or (concerns is not None and not concerns(event)):
            return Ack()
        item = _Item(record, envelope, event)
        fields = _fields(item)
        with ExitStack() as stack:
            span = stack.enter_context(
                tracing.span(
                    f"{record.group} {envelope.type}",
                    traceparent=envelope.traceparent,
                    kind=SpanKind.CONSUMER,
                    attributes=fields,
                )
            )
            stack.enter_context(structlog.contextvars.bound_contextvars(**fields))
            verdict = await self._run(item, handler)
            if isinstance(verdict, Fail | SetAside | Wait | Retry | Halt):
                tracing.mark_failed(span, type(verdict).__name__)
            _tell(record, item, verdict)
            return verdict

    async def _run(self, item: _Item, handler: Handler) -> Verdict:
        try:
            number = await self._begin(item)
            if isinstance(number, Raised):
                return self._judge_error(item, number.error, item.record.delivery)
            if number == 0:
                return Ignore("handled before")
            done = await attempt(self._handle(item, handler, number))
            if isinstance(done, Raised):
                return await self._after(item, done.error, number)
        except asyncio.CancelledError:
            # The process is stopping: this was no attempt.
            await self._undo(item)
            raise
        return self._of.fuse.judge(
            item.record.group, item.record.key, done.value, project=item.project
        )

    async def _handle(self, item: _Item, handler: Handler, number: int) -> Verdict:
        if number > self._subscription.retry.attempts:
            raise MemloomError(f"begun {number - 1} times and never finished")
        outcome = await handler(item.event, item.envelope)
        return await self._commit(item, outcome, handled=True)

    async def _begin(self, item: _Item) -> int | Raised:
        """Which attempt this is; 0 where the event was handled before."""
        if self._of.attempts is None:
            return item.record.delivery
        result = await attempt(self._of.attempts.begin(item.delivered))
        return result if isinstance(result, Raised) else result.value

    async def _after(self, item: _Item, error: Exception, number: int) -> Verdict:
        """The verdict on an error, with what has to be written down first."""
        verdict = self._judge_error(item, error, number)
        if isinstance(verdict, Wait | Halt):
            await self._undo(item)
            return verdict
        if isinstance(verdict, Retry):
            _log.warning("delivery.error", attempt=number, exc_info=error)
            return verdict
        failed = isinstance(verdict, Fail | SetAside)
        if isinstance(verdict, SetAside):
            _log.error("delivery.given_up", attempt=number, exc_info=error)
        recorded = await attempt(self._record(item, error, verdict, failed=failed))
        if not isinstance(recorded, Raised):
            return verdict
        if isinstance(recorded.error, DependencyUnavailable):
            await self._undo(item)
            return self._judge_error(item, recorded.error, number)
        # What cannot even be recorded as failed is tried again, and in the end set aside.
        again = MemloomError(f"{cause(error)}; and then {cause(recorded.error)}")
        verdict = self._judge_error(item, again, number)
        if isinstance(verdict, SetAside):
            await attempt(self._commit(item, Outcome(), handled=False))
        return verdict

    async def _record(
        self, item: _Item, error: Exception, verdict: Verdict, *, failed: bool
    ) -> None:
        """Ignore and Fail are handled; what is set aside may be replayed, so it is not."""
        outcome = Outcome(events=error.tell if isinstance(error, StaleEvent) else ())
        seed = ""
        if failed and self._subscription.on_failure is not None:
            outcome = await self._subscription.on_failure(item.event, _ours(error))
        if isinstance(verdict, SetAside):
            # A replay that fails again must be heard again.
            seed = item.record.position
        await self._commit(item, outcome, handled=not isinstance(verdict, SetAside), seed=seed)

    async def _commit(
        self, item: _Item, outcome: Outcome, *, handled: bool, seed: str = ""
    ) -> Verdict:
        said = {
            "correlation_id": item.envelope.correlation_id or str(item.envelope.event_id),
            "causation_id": str(item.envelope.event_id),
            "seed": f"{item.record.group} {seed}".strip(),
        }
        if self._of.database is None or self._of.attempts is None:
            if outcome.apply is not None:
                raise MemloomError("a service without a database has nothing to apply")
            records = self._of.outbox.records(outcome.events, **said)
            await self._of.bus.publish([record for _, record in records])
            return Ack()
        async with self._of.database.write() as tx:
            if not await self._of.attempts.finish(tx, item.delivered, handled=handled):
                return Ignore("handled meanwhile")
            events = list(outcome.events)
            if outcome.apply is not None:
                events.extend(await outcome.apply(tx))
            await self._of.outbox.add(tx, events, **said)
        return Ack()

    async def _undo(self, item: _Item) -> None:
        if self._of.attempts is None:
            return
        undoing = asyncio.ensure_future(attempt(self._of.attempts.undo(item.delivered)))
        await asyncio.wait({undoing}, timeout=UNDO_SECONDS)

    def _judge_error(self, item: _Item, error: Exception, number: int) -> Verdict:
        return self._decide(item.record, error, number, project=item.project)

    def _decide(
        self, record: IncomingRecord, error: Exception, number: int, *, project: str
    ) -> Verdict:
        verdict = decide(
            error,
            attempt=number,
            waits=self._waits.get(record.key, 0),
            retry=self._subscription.retry,
            wait=self._of.wait,
        )
        return self._of.fuse.judge(record.group, record.key, verdict, project=project)


def _ours(error: Exception) -> MemloomError:
    if isinstance(error, StaleEvent) or not isinstance(error, MemloomError):
        return MemloomError(
            "the document could not be handled; see the dead letters", code=Code.INTERNAL
        )
    return error


def _fields(item: _Item) -> dict[str, str]:
    envelope, event = item.envelope, item.event
    fields = {
        "group": item.record.group,
        "topic": item.record.topic,
        "event_id": str(envelope.event_id),
        "event_type": envelope.type,
        "correlation_id": envelope.correlation_id or str(envelope.event_id),
    }
    for name in ("project_id", "document_id", "task_id"):
        value = getattr(event, name, "")
        if value:
            fields[name] = str(value)
    return fields


def _tell(record: IncomingRecord, item: _Item | None, verdict: Verdict) -> None:
    log = _log.bind(verdict=type(verdict).__name__, position=record.position)
    if item is None:
        log = log.bind(group=record.group, topic=record.topic)
    match verdict:
        case Ack():
            log.info("delivery")
        case Ignore(reason):
            log.info("delivery", reason=reason)
        case Fail(code, reason):
            log.info("delivery", reason=reason, code=code)
        case Wait(seconds, reason):
            log.warning("delivery", reason=reason, seconds=seconds)
        case Retry(seconds, number, reason):
            log.warning("delivery", reason=reason, seconds=seconds, attempt=number)
        case SetAside(why, code, number):
            log.error("delivery", reason=why, code=code, attempt=number)
        case Halt(reason, seconds):
            log.error("delivery", reason=reason, seconds=seconds)
