"""Deliveries over a real database: inbox, attempts, one transaction, verdicts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

import pytest
from sqlalchemy import insert, select

from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts import topics
from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    InvalidInput,
    MemloomError,
    StaleEvent,
)
from services.kernel.contracts.events import DocumentSubmitted, Envelope, Event
from services.kernel.contracts.topics import Service
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
from services.kernel.ports.bus import IncomingRecord, OutgoingRecord, Route
from services.kernel.ports.store import Transaction
from services.kernel.runtime.dispatch import Dispatcher, Outcome, RetryRule, Subscription
from services.kernel.runtime.policy import Fuse, FuseRule
from tests.support.clock import ManualClock
from tests.support.events import incoming, removed, stored, submitted
from tests.support.sql import RUNTIME, THINGS, migrated, sqlite_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqlDatabase]:
    async with migrated(sqlite_database(tmp_path)) as ready:
        yield ready


class Shelf:
    """A bus that only remembers what was published."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        self.records.extend(records)

    async def start(self, routes: Sequence[Route]) -> None:
        raise NotImplementedError

    async def stop(self, grace: float) -> None:
        raise NotImplementedError

    async def lag(self) -> dict[str, int]:
        return {}

    async def check(self) -> None:
        return

    async def close(self) -> None:
        return


class Handling:
    """A handler with a script: raises what it is given, in turn, then succeeds."""

    def __init__(self, *errors: BaseException, thing: str = "") -> None:
        self.calls = 0
        self.failures: list[MemloomError] = []
        self._errors = list(errors)
        self._thing = thing

    async def __call__(self, event: Event, _: Envelope) -> Outcome:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)

        async def apply(tx: Transaction) -> Sequence[Event]:
            if self._thing:
                await tx.execute(insert(THINGS).values(id=self._thing, count=1))
            return [stored("from-apply")]

        return Outcome(events=(stored("direct"),), apply=apply)

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        self.failures.append(error)
        return Outcome(events=(stored("failed"),))


class World:
    """One subscription over a database."""

    def __init__(
        self,
        database: SqlDatabase | None,
        handler: Handling,
        *,
        retry: RetryRule | None = None,
        fuse: Fuse | None = None,
    ) -> None:
        self.database = database
        self.shelf = Shelf()
        dispatcher = Dispatcher(
            Service.INGEST, bus=self.shelf, clock=ManualClock(), database=database, fuse=fuse
        )
        subscription = Subscription(
            topics.DOCUMENTS,
            "ingest.documents",
            {DocumentSubmitted: handler},
            handler.on_failure,
            retry or RetryRule(attempts=3),
        )
        (self.route,) = dispatcher.routes([subscription])

    async def deliver(self, record: IncomingRecord) -> Verdict:
        return await self.route.deliver(record)

    async def outbox(self) -> list[Envelope]:
        assert self.database is not None
        async with self.database.read() as tx:
            rows = await tx.all(select(RUNTIME.outbox).order_by(RUNTIME.outbox.c.position))
        return [Envelope.model_validate_json(row["value"]) for row in rows]

    async def count(self, table: str) -> int:
        assert self.database is not None
        async with self.database.read() as tx:
            return len(await tx.all(select(getattr(RUNTIME, table))))

    async def started(self) -> list[int]:
        assert self.database is not None
        async with self.database.read() as tx:
            return [r["started"] for r in await tx.all(select(RUNTIME.attempts.c.started))]


async def test_state_inbox_and_events_are_one_transaction(database: SqlDatabase) -> None:
    world = World(database, Handling(thing="t"))
    event_id = uuid4()
    assert await world.deliver(incoming(submitted(), event_id=event_id)) == Ack()
    said = await world.outbox()
    assert [e.payload["document_id"] for e in said] == ["direct", "from-apply"]
    assert {e.causation_id for e in said} == {str(event_id)}
    assert {e.correlation_id for e in said} == {str(event_id)}
    assert {e.producer for e in said} == {"ingest"}
    assert (await world.count("inbox"), await world.count("attempts")) == (1, 0)


async def test_a_repeat_is_ignored_unhandled(database: SqlDatabase) -> None:
    handler = Handling(thing="t")
    world = World(database, handler)
    record = incoming(submitted())
    await world.deliver(record)
    assert isinstance(await world.deliver(record), Ignore)
    assert handler.calls == 1
    assert len(await world.outbox()) == 2


async def test_handling_twice_at_once_ends_once(database: SqlDatabase) -> None:
    world = World(database, Handling(thing="t"))
    record = incoming(submitted())
    verdicts = await asyncio.gather(*(world.deliver(record) for _ in range(4)))
    assert sorted(type(verdict).__name__ for verdict in verdicts) == ["Ack"] + ["Ignore"] * 3
    assert len(await world.outbox()) == 2


async def test_events_of_a_handling_have_derived_ids(database: SqlDatabase, tmp_path: Path) -> None:
    record = incoming(submitted())
    first = World(database, Handling())
    await first.deliver(record)
    async with migrated(sqlite_database(tmp_path, name="other.db")) as other:
        second = World(other, Handling())
        await second.deliver(record)
        ids = [[e.event_id for e in await world.outbox()] for world in (first, second)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


async def test_what_apply_did_is_undone_when_the_commit_fails(database: SqlDatabase) -> None:
    world = World(database, Handling(thing="t"))
    async with database.write() as tx:
        await tx.execute(insert(THINGS).values(id="t", count=0))
    assert isinstance(await world.deliver(incoming(submitted())), Retry)
    assert await world.outbox() == []
    assert await world.count("inbox") == 0


async def test_other_types_are_acknowledged_unread(database: SqlDatabase) -> None:
    handler = Handling()
    world = World(database, handler)
    assert await world.deliver(incoming(removed())) == Ack()
    assert handler.calls == 0


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"\xff\xfe", "not an envelope"),
        (b"{", "not an envelope"),
        (b'{"type": "kb.document.submitted"}', "not an envelope"),
        (
            incoming(submitted()).value.replace(b"kb.document.submitted", b"kb.document.burnt"),
            "kb.document.burnt",
        ),
        (incoming(submitted()).value.replace(b'"document_id"', b'"dokument"'), "document_id"),
    ],
)
async def test_what_cannot_be_understood_is_set_aside(
    database: SqlDatabase, value: bytes, says: str
) -> None:
    verdict = await World(database, Handling()).deliver(incoming(value))
    assert isinstance(verdict, SetAside)
    assert says in verdict.cause


async def test_the_users_matter_fails_once_with_its_code(database: SqlDatabase) -> None:
    handler = Handling(InvalidInput("encrypted", code=Code.ENCRYPTED))
    world = World(database, handler)
    record = incoming(submitted())
    assert await world.deliver(record) == Fail(int(Code.ENCRYPTED), "encrypted")
    assert [error.code for error in handler.failures] == [Code.ENCRYPTED]
    assert [e.payload["document_id"] for e in await world.outbox()] == ["failed"]
    assert isinstance(await world.deliver(record), Ignore)
    assert handler.calls == 1


async def test_a_stale_event_is_ignored_for_good(database: SqlDatabase) -> None:
    handler = Handling(StaleEvent("removed"))
    world = World(database, handler)
    record = incoming(submitted())
    assert await world.deliver(record) == Ignore("removed")
    assert await world.deliver(record) == Ignore("handled before")
    assert await world.outbox() == []


async def test_an_outage_waits_longer_each_time_and_counts_nothing(database: SqlDatabase) -> None:
    handler = Handling(*[DependencyUnavailable("down") for _ in range(9)])
    world = World(database, handler)
    record = incoming(submitted())
    waits = [await world.deliver(record) for _ in range(9)]
    seconds = [verdict.seconds for verdict in waits if isinstance(verdict, Wait)]
    assert len(seconds) == 9
    assert seconds == sorted(seconds)
    assert seconds[0] < seconds[-1] <= 30
    assert await world.started() == [0]
    assert await world.deliver(record) == Ack()
    assert handler.failures == []


async def test_the_unexpected_is_tried_again_then_set_aside_and_failed(
    database: SqlDatabase,
) -> None:
    handler = Handling(*[RuntimeError(f"odd {n}") for n in range(3)])
    world = World(database, handler)
    record = incoming(submitted())
    first, second, third = [await world.deliver(record) for _ in range(3)]
    assert isinstance(first, Retry)
    assert isinstance(second, Retry)
    assert first.seconds < second.seconds
    assert third == SetAside("RuntimeError: odd 2", int(Code.INTERNAL), 3)
    assert [error.code for error in handler.failures] == [Code.INTERNAL]
    # Not handled: a replay is handled anew.
    assert await world.deliver(incoming(submitted(), event_id=_event_id(record))) == Ack()
    assert (await world.count("inbox"), await world.count("attempts")) == (1, 0)


async def test_a_replay_that_fails_again_is_heard_again(database: SqlDatabase) -> None:
    handler = Handling(*[RuntimeError("odd") for _ in range(2)])
    world = World(database, handler, retry=RetryRule(attempts=1))
    event_id = uuid4()
    for position in ("t@1", "t@2"):
        await world.deliver(incoming(submitted(), event_id=event_id, position=position))
    said = await world.outbox()
    assert [e.payload["document_id"] for e in said] == ["failed", "failed"]
    assert said[0].event_id != said[1].event_id


async def test_a_record_that_kills_the_process_is_known(database: SqlDatabase) -> None:
    class Killed(BaseException):
        """As if the process ended here."""

    record = incoming(submitted())
    for _ in range(3):
        with pytest.raises(Killed):
            await World(database, Handling(Killed())).deliver(record)
    handler = Handling()
    verdict = await World(database, handler).deliver(record)
    assert verdict == SetAside("MemloomError: begun 3 times and never finished", 50000, 4)
    assert handler.calls == 0
    assert len(handler.failures) == 1


async def test_a_handling_cancelled_by_shutdown_is_no_attempt(database: SqlDatabase) -> None:
    class Hanging(Handling):
        begun = asyncio.Event()

        async def __call__(self, event: Event, envelope: Envelope) -> Outcome:
            self.begun.set()
            await asyncio.Event().wait()
            return await super().__call__(event, envelope)

    handler = Hanging()
    world = World(database, handler)
    task = asyncio.ensure_future(world.deliver(incoming(submitted())))
    await handler.begun.wait()
    assert await world.started() == [1]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await world.started() == [0]


async def test_a_failure_that_cannot_be_recorded_is_not_lost(database: SqlDatabase) -> None:
    class Deaf(Handling):
        async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
            await super().on_failure(event, error)
            if len(self.failures) == 1:
                raise DependencyUnavailable("the blobs are down")
            return Outcome(events=(stored("failed"),))

    handler = Deaf(InvalidInput("bad"), InvalidInput("bad"))
    world = World(database, handler)
    record = incoming(submitted())
    assert isinstance(await world.deliver(record), Wait)
    assert await world.outbox() == []
    assert isinstance(await world.deliver(record), Fail)
    assert len(await world.outbox()) == 1


async def test_a_broken_failure_handler_ends_in_a_dead_letter(database: SqlDatabase) -> None:
    class Broken(Handling):
        async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
            raise RuntimeError("cannot say so")

    world = World(database, Broken(*[InvalidInput("bad") for _ in range(3)]))
    record = incoming(submitted())
    verdicts = [await world.deliver(record) for _ in range(3)]
    assert [type(verdict) for verdict in verdicts] == [Retry, Retry, SetAside]
    assert isinstance(verdicts[2], SetAside)
    assert "bad" in verdicts[2].cause
    assert "cannot say so" in verdicts[2].cause
    assert await world.started() == []


async def test_the_fuse_halts_before_a_failure_is_recorded(database: SqlDatabase) -> None:
    handler = Handling(*[RuntimeError("wrong code") for _ in range(9)])
    fuse = Fuse(FuseRule(records=3, projects=3))
    world = World(database, handler, retry=RetryRule(attempts=1), fuse=fuse)
    verdicts = [await world.deliver(_of_project(n)) for n in range(3)]
    assert [type(verdict) for verdict in verdicts] == [SetAside, SetAside, Halt]
    assert len(handler.failures) == 2
    assert list(fuse.blown) == ["ingest.documents"]
    assert await world.started() == [0]


async def test_one_project_never_blows_the_fuse(database: SqlDatabase) -> None:
    handler = Handling(*[RuntimeError("over this project's data") for _ in range(60)])
    fuse = Fuse(FuseRule(records=3, projects=2))
    world = World(database, handler, retry=RetryRule(attempts=1), fuse=fuse)
    verdicts = [await world.deliver(incoming(submitted(f"d{n}"))) for n in range(60)]
    assert {type(verdict) for verdict in verdicts} == {SetAside}
    assert fuse.blown == {}


async def test_after_its_wait_a_group_tries_again_and_is_mended(database: SqlDatabase) -> None:
    handler = Handling(*[RuntimeError("wrong code") for _ in range(5)])
    clock = ManualClock()
    fuse = Fuse(FuseRule(records=3, projects=3, first_wait=30), now=clock.monotonic)
    world = World(database, handler, retry=RetryRule(attempts=1), fuse=fuse)
    seen = [await world.deliver(_of_project(n)) for n in range(3)]
    assert isinstance(seen[2], Halt)
    assert seen[2].seconds == 30
    await clock.advance(31)
    assert fuse.blown == {}
    # The record that stopped it fails again: it goes aside, and blocks nobody.
    assert isinstance(await world.deliver(_of_project(2)), SetAside)
    again = await world.deliver(_of_project(3))
    assert isinstance(again, Halt)
    assert again.seconds == 60
    await clock.advance(61)
    assert await world.deliver(_of_project(3)) == Ack()
    assert fuse.blown == {}
    assert len(handler.failures) == 3


async def test_without_a_database_events_are_published_before_the_ack() -> None:
    class Stateless(Handling):
        async def __call__(self, event: Event, envelope: Envelope) -> Outcome:
            return Outcome(events=(stored("direct"),))

    world = World(None, Stateless())
    assert await world.deliver(incoming(submitted())) == Ack()
    assert [record.key for record in world.shelf.records] == ["direct"]
    applying = World(None, Handling())
    assert isinstance(await applying.deliver(incoming(submitted())), Retry)


def _of_project(number: int) -> IncomingRecord:
    event = submitted(f"d{number}").model_copy(update={"project_id": f"p{number}"})
    return incoming(event, event_id=uuid5(NAMESPACE_OID, event.document_id))


def _event_id(record: IncomingRecord) -> UUID:
    return Envelope.model_validate_json(record.value).event_id
