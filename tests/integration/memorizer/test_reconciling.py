"""Differences between records and index: found, mended, and found no more."""

from pathlib import Path
from uuid import UUID, uuid4

from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.ports.index import Point
from services.memorizer.handlers.reconciling import MISSING, OLDER, ORPHANS
from services.memorizer.store import SqlRecordAudit
from tests.integration.memorizer.test_corrections import decided
from tests.property.memorizer.test_messages import SAID, recorded
from tests.support.memorizing import memorizer, said

CLEAN = {MISSING: 0, OLDER: 0, ORPHANS: 0}


async def test_each_difference_is_found_and_mended(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        for number in range(len(SAID)):
            await service.handle(recorded(number))
        found = service.reconciling
        assert await found.run(mend=False) == CLEAN
        lost, old, *_ = (UUID(identifier) for identifier in await service.indexed())
        points = service.index._points
        await service.index.delete_ids([lost])
        held = points[old]
        points[old] = Point(
            record=held.record.model_copy(
                update={"revision": held.record.revision - 1, "value": "as it was before"}
            ),
            sparse=held.sparse,
        )
        # Of an owner that no record names any more.
        stray = held.record.model_copy(
            update={"id": uuid4(), "owner": Owner(type=OwnerType.USER, id="nobody")}
        )
        await service.index.upsert([Point(record=stray, sparse=held.sparse)])
        planted = {MISSING: 1, OLDER: 1, ORPHANS: 1}
        assert await found.run(mend=False) == planted
        assert await found.run(mend=True) == planted
        assert await found.run(mend=False) == CLEAN
        assert await service.indexed() == await said(service)


async def test_a_deleted_correction_has_no_state_to_compare(tmp_path: Path) -> None:
    async with memorizer(tmp_path) as service:
        for number in (1, 2, 3):
            await service.handle(decided(number, f"{number}0", number * 100))
        standing, undone, deleted = (derive("test", number) for number in (1, 2, 3))
        await service.commands.set_correction("p", undone, active=False)
        await service.commands.set_correction("p", deleted, active=False)
        await service.commands.delete("p", [deleted])
        wanted = [str(one) for one in (standing, undone, deleted, uuid4())]
        async with service.database.read() as tx:
            found = await SqlRecordAudit().corrections(tx, wanted)
    assert found == {str(standing): True, str(undone): False, str(deleted): None}
