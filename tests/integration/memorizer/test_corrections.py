"""Corrections are chains in order of time; undo and redo restore exactly."""

from itertools import permutations
from pathlib import Path

import pytest

from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    OwnerRemoved,
    TaskProgressed,
)
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import Kind, Owner, OwnerType, Status
from tests.support.memorizing import Memorizer, memorizer

KB = Owner(type=OwnerType.KNOWLEDGE_BASE, id="base1")


def decided(
    number: int, new: str, time: int, *, valid_from: int | None = None
) -> CorrectionDecided:
    decision = Decision(
        id=derive("test", number),
        kind="replace_value",
        owner=KB,
        title="Deposit",
        text=f"The user confirms: the deposit is {new}.",
        attribute="deposit|amount",
        new=new,
        valid_from=valid_from,
    )
    return CorrectionDecided(
        project_id="p",
        feedback_id=f"f{number}",
        task_id=f"t{number}",
        user_id="u",
        words=f"The deposit is {new}.",
        feedback_time=time,
        decisions=(decision,),
    )


async def state(service: Memorizer) -> dict[str, dict[str, object]]:
    """All corrections, times and revisions aside."""
    async with service.database.read() as tx:
        found = await service.store.of_owner(
            tx, "p", KB, [Kind.CORRECTION], [Status.ACTIVATED, Status.ARCHIVED]
        )
    return {
        str(record.id): record.model_dump(exclude={"updated_at", "revision"}) for record in found
    }


async def active(service: Memorizer) -> list[str]:
    return sorted(text for _, text in (await service.indexed()).values())


async def test_the_newest_holds_in_any_order_of_arrival(tmp_path: Path) -> None:
    events = [decided(1, "60", 100), decided(2, "70", 200), decided(3, "80", 300)]
    results = []
    for number, order in enumerate(permutations(events)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with memorizer(folder) as service:
            for event in (*order, order[0]):
                await service.handle(event)
            results.append((await state(service), await active(service)))
    assert all(result == results[0] for result in results)
    assert results[0][1] == ["The user confirms: the deposit is 80."]


async def test_the_task_tells_what_changed(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(decided(1, "60", 100))
        (done,) = await service.handle(decided(2, "70", 200))
        assert isinstance(done, TaskProgressed)
        assert [change.change for change in done.changes] == ["archived", "added"]
        (again,) = await service.handle(decided(2, "70", 200))
        assert isinstance(again, TaskProgressed)
        assert again.changes == ()


async def test_undo_and_redo_in_the_middle_of_a_chain(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        for event in (decided(1, "60", 100), decided(2, "70", 200), decided(3, "80", 300)):
            await service.handle(event)
        whole = await state(service)
        middle, last = derive("test", 2), derive("test", 3)
        await service.commands.set_correction("p", middle, active=False)
        assert await active(service) == ["The user confirms: the deposit is 80."]
        await service.commands.set_correction("p", last, active=False)
        assert await active(service) == ["The user confirms: the deposit is 60."]
        await service.commands.set_correction("p", middle, active=True)
        assert await active(service) == ["The user confirms: the deposit is 70."]
        await service.commands.set_correction("p", last, active=True)
        await service.commands.set_correction("p", last, active=True)
        assert await state(service) == whole


async def test_the_same_said_twice_before_it_is_applied_is_one_correction(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(decided(1, "60", 100))
        (done,) = await service.handle(decided(2, "60", 101))
        assert isinstance(done, TaskProgressed)
        assert (done.changes, done.decisions) == ((), ())
        assert list(await state(service)) == [str(derive("test", 1))]
        await service.handle(decided(3, "70", 200))
        await service.handle(decided(4, "60", 300))
        assert await active(service) == ["The user confirms: the deposit is 60."]
        await service.commands.set_correction("p", derive("test", 4), active=False)
        await service.handle(decided(5, "60", 400))
        assert len(await state(service)) == 4


async def test_a_later_day_replaces_nothing_yet(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(decided(1, "60", 100))
        future = service.clock.now + 10_000
        await service.handle(decided(2, "70", 200, valid_from=future))
        assert len(await active(service)) == 2


async def test_corrections_of_a_removed_knowledge_base_do_not_come_back(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        event = decided(1, "60", 100)
        await service.handle(event)
        await service.handle(OwnerRemoved(project_id="p", owner=KB, removed_at=150))
        await service.handle(event)
        assert await active(service) == []
        # A knowledge base never comes back: what arrives late, whenever it was said, is nobody's.
        await service.handle(decided(2, "70", 200))
        assert await active(service) == []


async def test_edit_delete_and_history(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        await service.handle(decided(1, "60", 100))
        await service.handle(decided(2, "70", 200))
        identifier = derive("test", 2)
        edited = await service.commands.edit("p", identifier, content="The deposit is 75.")
        assert edited.revision == 2
        assert await active(service) == ["The deposit is 75."]
        chain = await service.commands.history("p", identifier)
        assert [record.id for record in chain] == [derive("test", 1), identifier]
        with pytest.raises(NotFound):
            await service.commands.get("another-project", identifier)
        with pytest.raises(NotFound):
            await service.commands.delete("p", [identifier, derive("nothing")])
        assert await service.commands.delete("p", [identifier]) == 1
        assert await active(service) == []
        with pytest.raises(NotFound):
            await service.commands.get("p", identifier)
