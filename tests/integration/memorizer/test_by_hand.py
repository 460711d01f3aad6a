"""What somebody archived or deleted stays so, whatever is said afterwards."""

from pathlib import Path

import pytest

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from tests.support.memorizing import Memorizer, memorizer

USER = Owner(type=OwnerType.USER, id="u")
DAY_MS = 86_400_000


def event(day: int, text: str) -> MessagesRecorded:
    said = Message(id=f"m{day}", role="user", text=text, chat_time=1_765_000_000_000 + day * DAY_MS)
    return MessagesRecorded(
        project_id="p", owner=USER, conversation_id="c", task_id=f"t{day}", user_id="u",
        messages=(said,), recorded_at=1_765_525_947_718,
    )  # fmt: skip


async def facts(service: Memorizer) -> list[str]:
    page = await service.commands.page("p", USER, [Kind.FACT, Kind.PREFERENCE], size=50)
    return sorted(record.value for record in page.records)


@pytest.mark.parametrize("way", ["archived", "deleted"])
async def test_a_memory_that_was_removed_by_hand_stays_removed(tmp_path: Path, way: str) -> None:
    async with memorizer(tmp_path) as service:
        for day, text in enumerate(("I live in Oslo.", "I moved to Bergen.", "I moved to Bergen!")):
            await service.handle(event(day, text))
        (shown,) = (await service.commands.page("p", USER, [Kind.FACT])).records
        if way == "archived":
            await service.commands.edit("p", shown.id, status="archived")
        else:
            await service.commands.delete("p", [shown.id])
        assert await facts(service) == []
        for day, text in (
            (1, "I moved to Bergen."),
            (0, "I live in Oslo."),
            (2, "I moved to Bergen!"),
        ):
            await service.handle(event(day, text))
        assert await facts(service) == []
        await service.handle(event(9, "I moved to Rome."))
        assert await facts(service) == ["The user moved to Rome."]


async def test_what_is_activated_again_is_ruled_by_what_is_said(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(event(0, "I live in Oslo."))
        (shown,) = (await service.commands.page("p", USER, [Kind.FACT])).records
        await service.commands.edit("p", shown.id, status="archived")
        await service.commands.edit("p", shown.id, status="activated")
        assert await facts(service) == ["The user lives in Oslo."]
        await service.handle(event(1, "I moved to Rome."))
        assert await facts(service) == ["The user moved to Rome."]
        assert (await service.commands.get("p", shown.id)).status is Status.ARCHIVED
