"""Laws of conversations: order and repetition of arrival do not matter; deletions hold."""

import asyncio
import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from tests.support.memorizing import Memorizer, memorizer

USER = Owner(type=OwnerType.USER, id="u")
SAID = [
    "I live in Oslo and work as a nurse.",
    "我搬到杭州了。",
    "I'm allergic to peanuts.",
    "haha ok",
    "I moved to Bergen last week.",
    "我养了一只叫豆豆的猫。",
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
