"""Laws of conversations: order and repetition of arrival do not matter; deletions hold."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from services.kernel.contracts.events import (
    Event,
    Message,
    MessagesRecorded,
    OwnerRemoved,
    TaskProgressed,
)
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from services.kernel.ports.index import Point
from services.memorizer.handlers import messages
from services.memorizer.store.tables import RECORDS
from tests.support.memorizing import Memorizer, memorizer, said

USER = Owner(type=OwnerType.USER, id="u")
SAID = [
    "I live in Oslo and work as a nurse.",
    "我搬到杭州了。",
    "I'm allergic to peanuts.",
    "haha ok",
    "I moved to Bergen last week.",
    "我养了一只叫豆豆的猫。",
    "I no longer live in Bergen, I moved to Rome.",
    "I sold my bike in Oslo and I don't eat fish any more.",
    "I live in Oslo again.",
    "我不再养豆豆了，豆豆送人了。",
]


def recorded(number: int) -> MessagesRecorded:
    return MessagesRecorded(
        project_id="p",
        owner=USER,
        conversation_id=f"c{number // 2}",
        task_id=f"t{number}",
        user_id="u",
        messages=(
            Message(
                id=f"m{number}",
                role="user",
                text=SAID[number],
                chat_time=1_765_000_000_000 + number * 86_400_000,
            ),
        ),
        recorded_at=1_765_525_947_718,
    )


async def memories(service: Memorizer) -> dict[str, tuple[str, str]]:
    async with service.database.read() as tx:
        found = await service.store.of_owner(
            tx,
            "p",
            USER,
            [Kind.FACT, Kind.PREFERENCE, Kind.MESSAGE],
            [Status.ACTIVATED, Status.ARCHIVED],
        )
    return {str(record.id): (record.status.value, record.value) for record in found}


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_any_order_ends_in_the_same_memories(data: st.DataObject) -> None:
    events = [recorded(number) for number in range(len(SAID))]
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=4))
    order = data.draw(st.permutations([*events, *repeats]))

    async def run(sequence: list[MessagesRecorded]) -> tuple[object, list[str]]:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                for event in sequence:
                    await service.handle(event)
                texts = sorted(text for _, text in (await service.indexed()).values())
                return await memories(service), texts

    assert asyncio.run(run(order)) == asyncio.run(run(events))


async def test_what_was_deleted_by_hand_stays_deleted(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(recorded(2))
        ids = [
            identifier
            for identifier, (_, text) in (await service.indexed()).items()
            if "peanuts" in text
        ]
        assert ids
        await service.commands.delete("p", [UUID(identifier) for identifier in ids])
        assert await service.indexed() == {}
        await service.handle(recorded(2))
        assert await service.indexed() == {}


async def test_small_talk_is_not_kept(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(recorded(3))
        assert await service.indexed() == {}


async def _run(
    folder: Path, events: Sequence[Event]
) -> tuple[dict[str, tuple[str, str]], dict[str, tuple[int, str]]]:
    async with memorizer(folder) as service:
        for event in events:
            await service.handle(event)
        return await memories(service), await service.indexed()


@settings(max_examples=12, deadline=None)
@given(order=st.permutations([recorded(number) for number in range(len(SAID))]))
def test_reckoning_with_what_is_touched_is_reckoning_with_all(
    order: list[MessagesRecorded],
) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            narrow = await _run(Path(one), order)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(messages, "ends_touch", lambda *_: True)  # everything is loaded
                assert await _run(Path(other), order) == narrow

    asyncio.run(story())


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_a_removal_of_the_owner_holds_in_any_order(data: st.DataObject) -> None:
    """What was recorded before the removal is gone, what came after it stays, whatever arrives
    first and however often.
    """
    removed = OwnerRemoved(project_id="p", owner=USER, removed_at=1_765_525_947_718 + 2)
    events = [
        recorded(number).model_copy(update={"recorded_at": 1_765_525_947_718 + number})
        for number in range(6)
    ]
    repeats = data.draw(st.lists(st.sampled_from([*events, removed]), max_size=4))
    order = data.draw(st.permutations([*events, removed, *repeats]))

    async def story() -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            expected = await _run(Path(one), events[3:])
            found, index = await _run(Path(other), order)
            assert set(found) == set(expected[0])
            assert {text for _, text in index.values()} == {
                text for _, text in expected[1].values()
            }

    asyncio.run(story())


@pytest.mark.parametrize("number", [0, 2, 5])
async def test_what_dies_between_records_and_index_is_swept(tmp_path: Path, number: int) -> None:
    class Died(BaseException):
        pass

    async with memorizer(tmp_path) as service:
        upsert = service.index.upsert

        async def die(_: object) -> None:
            raise Died

        service.index.upsert = die  # type: ignore[assignment] # the process ends here
        with pytest.raises(Died):
            await service.handle(recorded(number))
        service.index.upsert = upsert  # type: ignore[method-assign] # and another one begins
        assert await service.indexed() == {}
        assert await service.sweeper.sweep() > 0
        assert await service.indexed() == await said(service)
        # The event comes again, and tells the same.
        (done,) = await service.handle(recorded(number))
        assert isinstance(done, TaskProgressed)
        assert {change.memory_id for change in done.changes} == {
            UUID(identifier) for identifier in await service.indexed()
        }


async def test_a_repeat_writes_the_index_that_a_crash_left_behind(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        fresh = recorded(2)
        await service.handle(fresh)
        whole = await service.indexed()
        async with service.database.write() as tx:
            await tx.execute(update(RECORDS).values(indexed=False))
        await service.index.delete_ids([UUID(identifier) for identifier in whole])
        await service.handle(fresh)
        assert await service.indexed() == whole


async def test_a_removal_between_records_and_index_leaves_nothing(tmp_path: Path) -> None:
    """The removal is handled whole while a message stands before its index write."""
    async with memorizer(tmp_path) as service:
        upsert = service.index.upsert
        removed = OwnerRemoved(project_id="p", owner=USER, removed_at=1_765_525_947_719)

        async def late(points: Sequence[Point]) -> None:
            service.index.upsert = upsert  # type: ignore[method-assign] # once
            await service.handle(removed)
            await upsert(points)

        service.index.upsert = late  # type: ignore[method-assign] # see above
        await service.handle(recorded(2))
        assert await service.indexed() == await said(service) == {}
