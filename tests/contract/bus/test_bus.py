"""What every bus keeps to. Not seen here: a killed process and a restarted broker (tests/chaos)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.contracts.errors import InvalidInput, NotFound
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
from services.kernel.ports.bus import IncomingRecord, OutgoingRecord
from tests.support.bus import GROUPS, BusWorld, Recorder, SqliteWorld, numbered, record, route
from tests.support.stack import KafkaWorld
from tests.support.waiting import until


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.real)])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BusWorld]:
    world: BusWorld = (
        SqliteWorld(tmp_path) if request.param == "sqlite" else await KafkaWorld.create()
    )
    yield world
    await world.close()


async def test_what_was_published_before_anybody_read_is_delivered(world: BusWorld) -> None:
    writer = world.open()
    await writer.publish([record(world.topic, "k", b"\x00\xff bytes", trace=b"\xfe\x00")])
    await writer.close()
    bus, recorder = world.open(), Recorder()
    await bus.start([route(world.topic, recorder)])
    await until(lambda: len(recorder.done) == 1)
    got = recorder.done[0]
    assert (got.topic, got.group, got.key) == (world.topic.name, GROUPS[0], "k")
    assert got.value == b"\x00\xff bytes"
    assert got.headers["trace"] == b"\xfe\x00"
    assert got.position


async def test_every_group_gets_every_record_and_no_other_topic(world: BusWorld) -> None:
    bus, first, second = world.open(), Recorder(), Recorder()
    await bus.start([route(world.topic, first), route(world.topic, second, group=GROUPS[1])])
    await bus.publish([record(world.topic, "a", "1"), record(world.other, "a", "other")])
    await bus.publish([record(world.topic, "b", "2")])
    await until(lambda: len(first.done) == len(second.done) == 2)
    assert sorted(first.values()) == sorted(second.values()) == [b"1", b"2"]


async def test_one_key_is_in_order_and_alone_and_keys_run_side_by_side(world: BusWorld) -> None:
    gate = asyncio.Barrier(3)

    async def meet(incoming: IncomingRecord) -> Verdict:
        if incoming.value == b"0":
            # Passes only if three keys are handled at once.
            await asyncio.wait_for(gate.wait(), 10)
        return Ack()

    bus, recorder = world.open(), Recorder(meet)
    keys = ["a", "b", "c"]
    await bus.publish(numbered(world.topic, keys, 40))
    await bus.start([route(world.topic, recorder, workers=12)])
    await until(lambda: len(recorder.done) == 120)
    for key in keys:
        assert recorder.values(key) == [str(n).encode() for n in range(40)]
    assert recorder.most_of_one_key == 1


async def test_no_more_than_workers_run_at_once(world: BusWorld) -> None:
    bus, recorder = world.open(), Recorder()
    await bus.publish(numbered(world.topic, [f"k{n}" for n in range(20)], 3))
    await bus.start([route(world.topic, recorder, workers=2)])
    await until(lambda: len(recorder.done) == 60)
    assert recorder.most_at_once <= 2


@pytest.mark.parametrize("verdict", [Ack(), Ignore("old"), Fail(50174, "corrupt")])
async def test_a_record_that_is_done_never_returns(world: BusWorld, verdict: Verdict) -> None:
    bus, recorder = world.open(), Recorder(lambda _: verdict)
    await bus.start([route(world.topic, recorder)])
    await bus.publish(numbered(world.topic, ["k"], 3))
    await until(lambda: len(recorder.done) == 3)
    await bus.stop(5)
    again, later = world.open(), Recorder()
    await again.start([route(world.topic, later)])
    await again.publish([record(world.topic, "k", "last")])
    await until(lambda: len(later.done) == 1)
    assert later.values() == [b"last"]
    assert await again.list() == []


@pytest.mark.parametrize("verdict", [Wait(0.05, "down"), Retry(0.05, 1, "odd")])
async def test_wait_and_retry_repeat_in_order(world: BusWorld, verdict: Verdict) -> None:
    refusals = 3

    def answer(incoming: IncomingRecord) -> Verdict:
        nonlocal refusals
        if incoming.key == "slow" and incoming.value == b"0" and refusals:
            refusals -= 1
            return verdict
        return Ack()

    bus, recorder = world.open(), Recorder(answer)
    await bus.publish(numbered(world.topic, ["slow", "fast"], 3))
    await bus.start([route(world.topic, recorder)])
    await until(lambda: len(recorder.done) == 9)
    assert recorder.values("slow") == [b"0", b"0", b"0", b"0", b"1", b"2"]
    assert recorder.values("fast") == [b"0", b"1", b"2"]
    assert await bus.list() == []


async def test_set_aside_keeps_the_bytes_and_says_why(world: BusWorld) -> None:
    def answer(incoming: IncomingRecord) -> Verdict:
        if incoming.value == b"\xffbad":
            return SetAside("it cannot be read", code=50000, attempts=3)
        return Ack()

    bus, recorder = world.open(), Recorder(answer)
    await bus.start([route(world.topic, recorder)])
    await bus.publish(
        [record(world.topic, "k", b"\xffbad", h=b"\xfe"), record(world.topic, "k", b"good")]
    )
    await until(lambda: len(recorder.done) == 2)

    async def there() -> bool:
        return len(await bus.list(group=GROUPS[0])) == 1

    await until(there)
    (letter,) = await bus.list(group=GROUPS[0])
    assert letter == await bus.get(letter.id)
    assert (letter.topic, letter.group, letter.key) == (world.topic.name, GROUPS[0], "k")
    assert letter.value == b"\xffbad"
    assert letter.headers["h"] == b"\xfe"
    assert (letter.cause, letter.error_code, letter.attempts) == ("it cannot be read", 50000, 3)
    assert letter.origin == recorder.done[0].position
    assert letter.set_aside_at > 0
    assert await bus.list(group=GROUPS[1]) == []


async def test_a_replay_goes_to_its_own_group_and_leaves_the_letters(world: BusWorld) -> None:
    bad = True

    def answer(_: IncomingRecord) -> Verdict:
        return SetAside("bad") if bad else Ack()

    bus, first, second = world.open(), Recorder(answer), Recorder()
    await bus.start([route(world.topic, first), route(world.topic, second, group=GROUPS[1])])
    await bus.publish([record(world.topic, "k", "x", h=b"1")])

    async def there() -> bool:
        return len(await bus.list()) == 1 and len(second.done) == 1

    await until(there)
    bad = False
    # As a person would do it: from another process.
    person = world.open()
    (letter,) = await person.list()
    await person.replay(letter.id)
    await until(lambda: len(first.done) == 2)
    assert first.done[1].value == b"x"
    assert first.done[1].headers["h"] == b"1"
    assert first.done[1].key == "k"
    assert await person.list() == []
    await bus.publish([record(world.topic, "k", "end")])
    await until(lambda: len(second.done) == 2)
    assert second.values() == [b"x", b"end"]


async def test_a_dropped_letter_is_gone(world: BusWorld) -> None:
    bus, recorder = world.open(), Recorder(lambda _: SetAside("bad"))
    await bus.start([route(world.topic, recorder)])
    await bus.publish(numbered(world.topic, ["a", "b"], 2))

    async def there() -> bool:
        return len(await bus.list()) == 4

    await until(there)
    letters = await bus.list()
    assert [letter.id for letter in await bus.list(limit=1)] == [letters[-1].id]
    for letter in letters:
        await bus.drop(letter.id)
    assert await bus.list() == []
    for action in (bus.drop, bus.replay, bus.get):
        with pytest.raises(NotFound):
            await action(letters[0].id)


async def test_halt_stops_the_group_and_loses_nothing(world: BusWorld) -> None:
    def answer(incoming: IncomingRecord) -> Verdict:
        return Halt("the code is wrong") if incoming.value == b"0" else Ack()

    bus, halted, other = world.open(), Recorder(answer), Recorder()
    await bus.publish(numbered(world.topic, ["k"], 3))
    await bus.start([route(world.topic, halted), route(world.topic, other, group=GROUPS[1])])
    await until(lambda: len(other.done) == 3 and len(halted.done) == 1)
    await bus.publish([record(world.topic, "later", "9")])
    await until(lambda: len(other.done) == 4)
    assert len(halted.done) == 1
    await bus.close()
    mended, recorder = world.open(), Recorder()
    await mended.start([route(world.topic, recorder)])
    await until(lambda: len(recorder.done) == 4)
    assert recorder.values("k") == [b"0", b"1", b"2"]


async def test_a_halted_group_goes_on_by_itself_where_it_stood(world: BusWorld) -> None:
    halts = 3

    def answer(incoming: IncomingRecord) -> Verdict:
        nonlocal halts
        if incoming.key == "k" and incoming.value == b"1" and halts:
            halts -= 1
            return Halt("the code is wrong", seconds=0.3)
        return Ack()

    bus, recorder = world.open(), Recorder(answer)
    await bus.publish(numbered(world.topic, ["k", "l"], 4))
    await bus.start([route(world.topic, recorder)])
    await until(lambda: len(recorder.done) == 8 + 3)
    assert recorder.values("k") == [b"0", b"1", b"1", b"1", b"1", b"2", b"3"]
    assert recorder.values("l") == [b"0", b"1", b"2", b"3"]
    await bus.publish(numbered(world.topic, ["later"], 1))
    await until(lambda: recorder.values("later") == [b"0"])
    assert await bus.list() == []


async def test_a_group_that_halts_takes_nothing_meanwhile(world: BusWorld) -> None:
    def answer(incoming: IncomingRecord) -> Verdict:
        return Halt("the code is wrong", seconds=3600) if incoming.value == b"0" else Ack()

    bus, recorder, other = world.open(), Recorder(answer), Recorder()
    await bus.start([route(world.topic, recorder), route(world.topic, other, group=GROUPS[1])])
    await bus.publish(numbered(world.topic, ["k"], 1))
    await until(lambda: len(recorder.done) == 1)
    await bus.publish(numbered(world.topic, ["a", "b", "c"], 2))
    await until(lambda: len(other.done) == 7)
    assert recorder.values() == [b"0"]
    await bus.stop(1)


async def test_a_handler_without_a_verdict_gets_the_record_again(world: BusWorld) -> None:
    failures = 1

    def answer(_: IncomingRecord) -> Verdict:
        nonlocal failures
        if failures:
            failures -= 1
            raise RuntimeError("a defect")
        return Ack()

    bus, recorder = world.open(), Recorder(answer)
    await bus.start([route(world.topic, recorder)])
    await bus.publish([record(world.topic, "k", "x")])
    await until(lambda: len(recorder.done) == 1)
    assert len(recorder.seen) == 2


async def test_stop_waits_for_what_runs_and_takes_nothing_new(world: BusWorld) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: IncomingRecord) -> Verdict:
        started.set()
        await go_on.wait()
        return Ack()

    bus, recorder = world.open(), Recorder(slow)
    await bus.publish(numbered(world.topic, ["k"], 3))
    await bus.start([route(world.topic, recorder)])
    await started.wait()
    stopping = asyncio.create_task(bus.stop(10))
    await asyncio.sleep(0)
    go_on.set()
    await stopping
    assert recorder.values() == [b"0"]
    again, rest = world.open(), Recorder()
    await again.start([route(world.topic, rest)])
    await until(lambda: len(rest.done) == 2)
    assert rest.values() == [b"1", b"2"]


async def test_what_is_cancelled_by_stop_comes_again(world: BusWorld) -> None:
    started = asyncio.Event()

    async def hang(_: IncomingRecord) -> Verdict:
        started.set()
        await asyncio.Event().wait()
        return Ack()

    bus, recorder = world.open(), Recorder(hang)
    await bus.publish(numbered(world.topic, ["k"], 2))
    await bus.start([route(world.topic, recorder)])
    await started.wait()
    await bus.stop(0.05)
    assert recorder.done == []
    again, rest = world.open(), Recorder()
    await again.start([route(world.topic, rest)])
    await until(lambda: len(rest.done) == 2)
    assert rest.values() == [b"0", b"1"]


async def test_publishing_works_after_stop_and_reaches_who_comes(world: BusWorld) -> None:
    bus = world.open()
    await bus.start([route(world.topic, Recorder())])
    await bus.stop(1)
    await bus.publish([record(world.topic, "k", "late")])
    again, recorder = world.open(), Recorder()
    await again.start([route(world.topic, recorder)])
    await until(lambda: recorder.values() == [b"late"])


async def test_two_members_share_a_group_and_each_record_is_handled_once(world: BusWorld) -> None:
    one, two = Recorder(), Recorder()
    first, second = world.open(), world.open()
    await first.start([route(world.topic, one)])
    await second.start([route(world.topic, two)])
    keys = [f"k{n}" for n in range(12)]
    await first.publish(numbered(world.topic, keys, 10))
    await until(lambda: len(one.done) + len(two.done) == 120)
    await first.stop(5)
    await second.stop(5)
    both = [(r.key, r.value) for r in one.done + two.done]
    assert len(set(both)) == len(both) == 120


async def test_lag_counts_what_is_not_handled(world: BusWorld) -> None:
    bus, recorder = world.open(), Recorder()
    await bus.publish(numbered(world.topic, ["a", "b"], 5))

    async def lag_is(first: int, second: int) -> bool:
        lag = await bus.lag()
        return (lag[GROUPS[0]], lag[GROUPS[1]]) == (first, second)

    await until(lambda: lag_is(10, 10))
    await bus.start([route(world.topic, recorder)])
    await until(lambda: lag_is(0, 10))


async def test_all_or_an_error(world: BusWorld) -> None:
    bus, recorder = world.open(), Recorder()
    with pytest.raises(InvalidInput):
        await bus.publish([record(world.topic, "k", "x"), OutgoingRecord("nowhere.v1", "k", b"y")])
    await bus.start([route(world.topic, recorder)])
    await bus.publish([record(world.topic, "k", "z")])
    await until(lambda: recorder.values() == [b"z"])


async def test_a_group_outside_the_catalogue_is_refused(world: BusWorld) -> None:
    bus = world.open()
    with pytest.raises(InvalidInput):
        await bus.start([route(world.topic, Recorder(), group="stranger")])


async def test_check_passes(world: BusWorld) -> None:
    await world.open().check()
