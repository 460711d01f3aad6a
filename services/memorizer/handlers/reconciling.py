"""Differences between the records and the index that serves, found and mended while both are used.

What is written while a page is compared is compared again before it is called a difference.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.kernel.contracts.records import MemoryRecord
from services.kernel.contracts.scope import Scope
from services.kernel.ports.store import Database
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

MISSING: Final = "records_without_points"
OLDER: Final = "points_of_older_revisions"
ORPHANS: Final = "points_without_records"
_PAGE: Final = 256
_EVERYTHING: Final = 10_000_000


class Reconciling:
    """Compares records and index; mends the index, for the records are what counts."""

    def __init__(self, *, database: Database, store: RecordStore, writer: IndexWriter) -> None:
        self._database = database
        self._store = store
        self._writer = writer

    async def run(self, *, mend: bool) -> dict[str, int]:
        """How many differences there are of each kind. mend: write what is missing or older, and
        remove what has no record.
        """
        found = {MISSING: 0, OLDER: 0, ORPHANS: 0}
        after = ("", "")
        while page := await self._page(after):
            missing, older = await self._differing(page)
            found[MISSING] += len(missing)
            found[OLDER] += len(older)
            if mend and (missing or older):
                await self._write([*missing, *older])
            after = (page[-1].owner.key, str(page[-1].id))
        orphans = await self._orphans(0 if mend else found[MISSING])
        found[ORPHANS] = len(orphans)
        if mend and orphans:
            await self._writer.remove(orphans)
        return found

    async def _page(self, after: tuple[str, str]) -> list[MemoryRecord]:
        async with self._database.read() as tx:
            return await self._store.all_activated(tx, after, _PAGE)

    async def _differing(
        self, page: Sequence[MemoryRecord]
    ) -> tuple[list[MemoryRecord], list[MemoryRecord]]:
        """Records of which the index has nothing, and of which it has something older."""
        held = await self._held(page)
        suspects = [record for record in page if held.get(record.id, -1) < record.revision]
        if suspects:  # or they are being written just now
            async with self._database.read() as tx:
                standing = await self._store.standing(tx, [record.id for record in suspects])
            held = await self._held(standing)
            suspects = [record for record in standing if held.get(record.id, -1) < record.revision]
        return (
            [record for record in suspects if record.id not in held],
            [record for record in suspects if record.id in held],
        )

    async def _held(self, records: Sequence[MemoryRecord]) -> dict[UUID, int]:
        """Revisions in the index."""
        projects: dict[str, list[UUID]] = defaultdict(list)
        for record in records:
            projects[record.project_id].append(record.id)
        held: dict[UUID, int] = {}
        for project_id, ids in projects.items():
            found = await self._writer.index.retrieve(
                Scope(project_id=project_id).records(ids), limit=len(ids)
            )
            held |= {record.id: record.revision for record in found}
        return held

    async def _write(self, records: Sequence[MemoryRecord]) -> None:
        await self._writer.sync(records)
        async with self._database.write() as tx:
            await self._writer.vouch(tx, self._store, records)

    async def _orphans(self, missing: int) -> list[UUID]:
        """Points whose record is gone or holds no longer; looked for only where the counts say
        that there are some.
        """
        async with self._database.read() as tx:
            records = await self._store.count_activated(tx)
        if await self._writer.index.count() <= records - missing:
            return []
        # The index is read first: a record is never in it before it is in SQL.
        held = await self._writer.index.retrieve(Scope.everything(), limit=_EVERYTHING)
        ids = [record.id for record in held]
        async with self._database.read() as tx:
            standing = {record.id for record in await self._store.standing(tx, ids)}
        return [identifier for identifier in ids if identifier not in standing]
