"""The order of writes comes from the gateway's store: a clock that steps back, or another
gateway's that is wrong, changes nothing.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.contracts.events import FeedbackGiven, MessagesRecorded, OwnerRemoved
from services.kernel.contracts.records import Owner, OwnerType
from tests.support.gateway import API, WORLDS, Door, opened_door, record
from tests.support.memorizing import FixedClock

MINUTE = 60_000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(params=WORLDS)
async def door(
    tmp_path: Path, clock: FixedClock, request: pytest.FixtureRequest
) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, clock=clock, world=request.param) as opened:
        yield opened


async def say(door: Door, text: str, **more: object) -> None:
    said = {"role": "user", "content": text}
    await door.ok(
        "/add/message", {"user_id": "u1", "conversation_id": "c", "messages": [said], **more}
    )


async def test_what_is_written_later_has_a_later_place(door: Door, clock: FixedClock) -> None:
    began = clock.now
    await say(door, "I live in Oslo.")
    clock.now -= 90 * MINUTE
    await say(door, "I live in Bergen.")
    removal = await door.ok("/delete/memory", {"user_id": "u1"})
    clock.now -= 90 * MINUTE
    await say(door, "I live in Rome.")
    oslo, bergen, gone, rome = await door.events()
    assert isinstance(oslo, MessagesRecorded)
    assert isinstance(bergen, MessagesRecorded)
    assert isinstance(gone, OwnerRemoved)
    assert isinstance(rome, MessagesRecorded)
    assert began == oslo.sequence < bergen.sequence < gone.sequence < rome.sequence
    assert removal["task_id"] == gone.task_id
    # The clock is for display; whether the caller gave the time is told.
    assert [message.timed for message in rome.messages] == [False]
    assert rome.messages[0].chat_time == clock.now


async def test_a_memory_is_hidden_by_its_place_and_not_by_its_time(
    door: Door, clock: FixedClock
) -> None:
    before = record(created_at=clock.now + 90 * MINUTE, sequence=clock.now)
    shared = record(
        owner=Owner(type=OwnerType.PUBLIC), user_id="u1", created_at=clock.now, sequence=clock.now
    )
    after = record(created_at=0, sequence=clock.now + 9 * MINUTE)
    for one in (before, shared, after):
        door.records.records[one.id] = one
    await say(door, "hello")
    await door.ok("/delete/memory", {"user_id": "u1"})
    shown = {
        one.id: (await door.get(f"{API}/get/memory/{one.id}")).json()["data"]["status"]
        for one in (before, shared, after)
    }
    assert shown == {before.id: "deleted", shared.id: "deleted", after.id: "activated"}


async def test_feedback_on_one_knowledge_base_is_in_one_order(
    door: Door, clock: FixedClock
) -> None:
    kb = await door.create_kb()
    for user in ("u1", "u2", "u3"):
        clock.now -= 30 * MINUTE
        body = {"user_id": user, "conversation_id": "c", "feedback_content": f"{user} says 600"}
        await door.ok("/add/feedback", body | {"allow_knowledgebase_ids": [kb]})
    places = [event.sequence for event in await door.events() if isinstance(event, FeedbackGiven)]
    assert len(places) == 3
    assert places == sorted(set(places))


async def test_an_answer_is_not_repeated_for_ever_when_the_clock_steps_back(
    door: Door, clock: FixedClock
) -> None:
    await say(door, "yes")
    await say(door, "yes")  # a retry: its answer is remembered
    clock.now -= 600 * MINUTE
    await say(door, "yes")  # hours of clock before: no retry of something to come
    assert len([one for one in await door.events() if isinstance(one, MessagesRecorded)]) == 2


async def test_what_another_gateway_wrote_ends_an_answer_whatever_its_clock_says(
    door: Door, clock: FixedClock
) -> None:
    await say(door, "yes")
    here = clock.now
    clock.now -= 20 * MINUTE  # another gateway, behind
    await say(door, "no")
    clock.now = here
    await door.gateway.cases.conversations._writes.prune()
    await say(door, "yes")  # said again after something else
    assert len([one for one in await door.events() if isinstance(one, MessagesRecorded)]) == 3
