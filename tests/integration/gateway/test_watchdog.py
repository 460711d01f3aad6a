"""Documents that nothing moves are sent again a few times, and then they are FAILED."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.gateway.handlers.watchdog import Patience, Watchdog
from services.gateway.store import SqlWatchStore
from services.kernel.contracts.events import DocumentSubmitted
from services.kernel.contracts.topics import CATALOGUE, Service
from services.kernel.runtime.metrics import LagSampler
from services.kernel.runtime.outbox import Outbox
from tests.support.clock import ManualClock
from tests.support.gateway import WORLDS, Door, opened_door
from tests.support.waiting import until

IDLE: Mapping[str, int] = {group: 0 for topic in CATALOGUE for group in topic.readers}
FIVE_MINUTES = 301.0


@dataclass
class Watched:
    """A door, its watchdog, and a clock that moves when told."""

    door: Door
    clock: ManualClock
    lag: dict[str, int] = field(default_factory=lambda: dict(IDLE))

    def watchdog(self) -> Watchdog:
        return Watchdog(
            database=self.door.database,
            store=SqlWatchStore(),
            outbox=Outbox(Service.GATEWAY, clock=self.clock),
            lag=lambda: self.lag,
            clock=self.clock,
            patience=Patience(seconds=300, times=3),
        )

    async def upload(self, name: str = "a.md") -> str:
        kb = await self.door.create_kb()
        (file,) = await self.door.upload(kb, (name, f"# {name}\n\ntext".encode()))
        return str(file["id"])

    async def submissions(self, file: str) -> list[DocumentSubmitted]:
        return [
            event
            for event in await self.door.events()
            if isinstance(event, DocumentSubmitted) and event.document_id == file
        ]

    async def after(self, seconds: float) -> int:
        await self.clock.advance(seconds)
        return await self.watchdog().once()


@pytest.fixture(params=WORLDS)
async def watched(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Watched]:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, world=request.param) as door:
        yield Watched(door, clock)


async def test_a_lost_document_is_sent_again_three_times_and_then_failed(watched: Watched) -> None:
    file = await watched.upload()
    assert await watched.after(299) == 0
    for attempt in (2, 3, 4):
        assert await watched.after(FIVE_MINUTES) == 1
        first, *_, last = await watched.submissions(file)
        assert (last.attempt, last.revision) == (attempt, first.revision)
        assert (last.staged, last.name, last.url) == (first.staged, first.name, first.url)
        shown = await watched.door.file(file)
        assert (shown["status"], shown["attempt"]) == ("PROCESSING", attempt)
        # It has its time again.
        assert await watched.after(1) == 0
    assert await watched.after(FIVE_MINUTES) == 1
    shown = await watched.door.file(file)
    assert (shown["status"], shown["error_code"]) == ("FAILED", 50178)
    assert "3 times" in shown["error_message"]
    assert "submitted" in shown["error_message"]
    assert len(await watched.submissions(file)) == 4
    assert await watched.after(FIVE_MINUTES) == 0


async def test_a_document_that_comes_through_after_all_is_completed(watched: Watched) -> None:
    file = await watched.upload()
    for _ in range(4):
        await watched.after(FIVE_MINUTES)
    assert (await watched.door.file(file))["status"] == "FAILED"
    await watched.door.progress(file, outcome="completed", progress=1.0)
    shown = await watched.door.file(file)
    assert (shown["status"], shown["error_code"]) == ("COMPLETED", 0)


@pytest.mark.parametrize(
    ("stage", "group"),
    [
        ("submitted", "ingest.documents"),
        ("submitted", "ingest.fetches"),
        ("stored", "parser.documents"),
        ("parsed", "memorizer.documents"),
        ("segmented", "memorizer.passages"),
        ("indexed", "memorizer.passages"),
    ],
)
async def test_a_document_whose_record_still_waits_is_left_alone(
    watched: Watched, stage: str, group: str
) -> None:
    file = await watched.upload()
    await watched.door.progress(file, stage=stage, progress=0.5)
    for waiting in (group, "gateway.documents"):
        watched.lag = {**IDLE, waiting: 1}
        assert await watched.after(FIVE_MINUTES) == 0
    watched.lag = {**IDLE, "memorizer.messages": 7, "feedback.feedback": 7}
    assert await watched.after(FIVE_MINUTES) == 1


async def test_nothing_is_done_while_the_lag_is_unknown(watched: Watched) -> None:
    await watched.upload()
    watched.lag = {}
    assert await watched.after(FIVE_MINUTES) == 0


async def test_what_moves_or_has_ended_is_left_alone(watched: Watched) -> None:
    moving = await watched.upload("moving.md")
    for outcome, code in (("completed", 0), ("failed", 50173)):
        ended = await watched.upload(f"{outcome}.md")
        await watched.door.progress(ended, outcome=outcome, error_code=code)
    deleted = await watched.upload("deleted.md")
    await watched.door.ok("/delete/knowledgebase-file", {"file_ids": [deleted]})
    await watched.clock.advance(200)
    await watched.door.progress(moving, stage="stored")
    assert await watched.after(200) == 0
    assert await watched.after(101) == 1
    assert len(await watched.submissions(moving)) == 2


async def test_a_document_that_waits_its_turn_is_no_lost_one(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, documents_in_work=1) as door:
        watched = Watched(door, clock)
        working, waiting = [await watched.upload(f"{n}.md") for n in range(2)]
        for _ in range(3):
            await watched.after(FIVE_MINUTES)
        assert await watched.submissions(waiting) == []
        assert len(await watched.submissions(working)) == 4
        assert (await door.file(waiting))["stage"] == "queued"
        # The one in work is given up: its place is free.
        await watched.after(FIVE_MINUTES)
        assert (await door.file(working))["status"] == "FAILED"
        tasks = [asyncio.ensure_future(task()) for task in door.gateway.parts.tasks]

        async def sent() -> bool:
            return len(await watched.submissions(waiting)) == 1

        await until(sent)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (await door.file(waiting))["stage"] == "submitted"


async def test_several_watchdogs_send_one_document_once(watched: Watched) -> None:
    files = [await watched.upload(f"{number}.md") for number in range(5)]
    await watched.clock.advance(FIVE_MINUTES)
    done = await asyncio.gather(*(watched.watchdog().once() for _ in range(3)))
    assert sum(done) == len(files)
    for file in files:
        assert len(await watched.submissions(file)) == 2


async def test_the_gateway_watches_by_itself_with_its_settings(tmp_path: Path) -> None:
    clock = ManualClock()
    quick: dict[str, Any] = {"still_seconds": 10, "still_times": 0, "watch_seconds": 1}
    async with opened_door(tmp_path, clock=clock, lag=lambda: IDLE, **quick) as door:
        watched = Watched(door, clock)
        file = await watched.upload()
        tasks = [asyncio.ensure_future(task()) for task in door.gateway.parts.tasks]
        status = "PROCESSING"
        for _ in range(200):
            await clock.advance(0.5)
            status = (await door.file(file))["status"]
            if status == "FAILED":
                break
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert status == "FAILED"


class Answering:
    """A bus that tells its lag, or is down."""

    def __init__(self) -> None:
        self.answer: Mapping[str, int] | Exception = IDLE

    async def lag(self) -> Mapping[str, int]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_lag_of_a_bus_that_went_down_is_not_believed_for_long() -> None:
    clock, bus = ManualClock(), Answering()
    sampler = LagSampler(bus, clock=clock, seconds=5)  # type: ignore[arg-type] # only lag is asked
    assert sampler.fresh() == {}
    await sampler.sample()
    assert sampler.fresh() == IDLE
    bus.answer = ConnectionError("the broker is gone")
    await clock.advance(10)
    await sampler.sample()
    assert sampler.fresh() == IDLE
    await clock.advance(6)
    assert sampler.fresh() == {}
    assert sampler.last == IDLE
