"""An identical write runs once: while it runs, and for a while after it succeeded."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.events import MessagesRecorded
from tests.support.clock import ManualClock
from tests.support.gateway import WORLDS, Door, opened_door
from tests.support.waiting import until


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=WORLDS)
async def door(
    tmp_path: Path, clock: ManualClock, request: pytest.FixtureRequest
) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, clock=clock, world=request.param) as opened:
        yield opened


def message(text: str, conversation: str = "c") -> dict[str, Any]:
    return {
        "user_id": "u",
        "conversation_id": conversation,
        "messages": [{"role": "user", "content": text}],
    }


async def test_a_blind_retry_gets_the_same_answer(door: Door) -> None:
    first = await door.ok("/add/message", message("hello"))
    assert await door.ok("/add/message", message("hello")) == first
    assert len(await door.events()) == 1
    key_order = dict(reversed(message("hello").items()))
    assert await door.ok("/add/message", key_order) == first
    assert await door.ok("/add/message", message("hello") | {"app_id": None}) == first


async def test_after_two_minutes_it_is_a_new_write(door: Door, clock: ManualClock) -> None:
    first = await door.ok("/add/message", message("hello"))
    await clock.advance(119)
    assert await door.ok("/add/message", message("hello")) == first
    await clock.advance(2)
    assert await door.ok("/add/message", message("hello")) != first


async def test_another_write_to_the_same_conversation_ends_it(door: Door) -> None:
    first = await door.ok("/add/message", message("yes"))
    await door.ok("/add/message", message("other", "elsewhere"))
    assert await door.ok("/add/message", message("yes")) == first
    await door.ok("/add/message", message("are you sure?"))
    assert await door.ok("/add/message", message("yes")) != first
    assert len(await door.events()) == 4


async def test_create_delete_create_makes_a_new_knowledge_base(door: Door) -> None:
    first = await door.create_kb("same")
    assert await door.create_kb("same") == first
    await door.ok("/delete/knowledgebase", {"knowledgebase_id": first, "delete_all": True})
    assert await door.create_kb("same") != first


async def test_a_repeated_delete_succeeds(door: Door) -> None:
    kb = await door.create_kb()
    body = {"knowledgebase_id": kb, "delete_all": True}
    first, second = await door.post("/delete/knowledgebase", body), None
    second = await door.post("/delete/knowledgebase", body)
    assert first == second
    assert (first["code"], first["data"]["success"]) == (0, True)


async def test_errors_are_not_remembered(door: Door) -> None:
    body = {"user_id": "u", "feedback_content": "x", "allow_knowledgebase_ids": ["later"]}
    assert (await door.post("/add/feedback", body))["code"] == 50120
    assert (await door.post("/add/feedback", body))["code"] == 50120


async def test_writes_in_flight_share_one_answer(tmp_path: Path) -> None:
    async with opened_door(tmp_path) as door:
        answers = await asyncio.gather(
            *(door.ok("/add/message", message("hello")) for _ in range(12))
        )
        assert all(answer == answers[0] for answer in answers)
        assert len(await door.events()) == 1


async def test_other_keys_and_paths_share_nothing(door: Door) -> None:
    _, other = await door.gateway.access.create_key(project="default")
    first = await door.ok("/add/message", message("hello"))
    assert await door.as_key(other).ok("/add/message", message("hello")) != first


async def test_an_idempotency_key_replaces_the_rule(door: Door, clock: ManualClock) -> None:
    keyed = door.with_headers(idempotency_key="k1")
    first = await keyed.ok("/add/message", message("hello"))
    await door.ok("/add/message", message("between"))
    await clock.advance(3600)
    assert await keyed.ok("/add/message", message("hello")) == first
    refused = await keyed.post("/add/message", message("something else"))
    assert refused["code"] == 40000
    assert "Idempotency-Key" in refused["message"]
    another = door.with_headers(idempotency_key="k2")
    assert await another.ok("/add/message", message("hello")) != first
    await clock.advance(24 * 3600)
    assert await keyed.ok("/add/message", message("hello")) != first


async def test_a_claim_whose_holder_died_is_taken_over(door: Door, clock: ManualClock) -> None:
    conversations = door.gateway.cases.conversations
    died = asyncio.Event()

    async def dies(*_: Any) -> dict[str, Any]:
        died.set()
        await asyncio.Event().wait()
        return {}

    record = conversations._record
    conversations._record = dies  # type: ignore[method-assign, assignment] # a process that dies
    hanging = asyncio.ensure_future(door.post("/add/message", message("hello")))
    await died.wait()
    conversations._record = record  # type: ignore[method-assign] # and one that lives
    waiting = asyncio.ensure_future(door.ok("/add/message", message("hello")))
    await until(lambda: clock.sleepers > 0)
    assert await door.events() == []
    await clock.advance(61)
    assert (await waiting)["success"] is True
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    (event,) = await door.events()
    assert isinstance(event, MessagesRecorded)


async def test_what_is_over_is_forgotten(door: Door, clock: ManualClock) -> None:
    await door.ok("/add/message", message("hello"))
    await clock.advance(100_000)
    upkeep = door.gateway.parts.tasks[0]
    running = asyncio.ensure_future(_run(upkeep))
    await until(lambda: clock.sleepers > 0)
    running.cancel()
    async with door.database.read() as tx:
        from sqlalchemy import func, select  # noqa: PLC0415 - only this test looks at the table

        from services.gateway.store.tables import REPEATS, WRITE_MARKS  # noqa: PLC0415 - see above

        for table in (REPEATS, WRITE_MARKS):
            row = await tx.first(select(func.count().label("n")).select_from(table))
            assert row is not None
            assert row["n"] == 0


async def _run(task: Any) -> None:
    await task()
