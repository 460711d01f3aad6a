"""Messages that no rule can read, or that are set aside, are kept as they were said."""

from pathlib import Path

import pytest

from services.kernel.contracts.errors import MemloomError
from services.kernel.contracts.events import Message, MessagesRecorded, TaskProgressed
from services.kernel.contracts.records import Owner, OwnerType
from tests.support.memorizing import Memorizer, memorizer, said


def event(text: str) -> MessagesRecorded:
    return MessagesRecorded(
        project_id="p", owner=Owner(type=OwnerType.USER, id="u"), conversation_id="c",
        task_id="t", user_id="u", recorded_at=1_765_525_947_718,
        messages=(Message(id="m", role="user", text=text, chat_time=1_765_000_000_000),),
    )  # fmt: skip


async def _held(service: Memorizer) -> list[str]:
    assert await service.indexed() == await said(service)
    return [value for _, value in (await said(service)).values()]


async def test_a_message_that_is_set_aside_keeps_its_words(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        deadly = event("I live in Oslo.")
        (row,) = [one for one in service.table if MessagesRecorded in one.handlers]
        assert row.on_failure is not None
        outcome = await row.on_failure(deadly, MemloomError("begun 5 times and never finished"))
        (failed,) = outcome.events
        assert isinstance(failed, TaskProgressed)
        assert failed.status == "failed"
        assert "never finished" in failed.error_message
        assert outcome.apply is not None
        async with service.database.write() as tx:
            await outcome.apply(tx)
        (value,) = await _held(service)
        assert "I live in Oslo." in value
        # Replayed, it is read as any other.
        await service.handle(deadly)
        assert any("The user" in one for one in await _held(service))


@pytest.mark.parametrize(
    "text", ["1x" * 79_000, "My dog      " * 3_000, "我，" * 19_000, "really " * 22_000]
)
async def test_a_sentence_that_is_no_sentence_is_kept_whole(tmp_path: Path, text: str) -> None:
    async with memorizer(tmp_path) as service:
        (done,) = await service.handle(event(text))
        assert isinstance(done, TaskProgressed)
        assert done.status == "completed"
        (value,) = await _held(service)
        assert text.strip(" ，") in value
