"""Making one generation of the index hold exactly what the records say, whatever it holds now.

A pass compares ids, revisions and times page by page and writes what is missing or older, so that
it can be repeated, taken up again after a crash, and run while others write: what was deleted or
changed while a page was written is seen when the page is read again.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType
from services.kernel.contracts.scope import Scope
from services.kernel.ports.index import Index
from services.kernel.ports.store import Database
from services.memorizer.handlers.indexing import IndexWriter
from services.memorizer.handlers.ports import RecordStore

PAGE: Final = 256
# A pass that still wrote more than this is followed by another before the switch.
SETTLED: Final = 64
MOST_PASSES: Final = 8
_EVERYTHING: Final = 10_000_000

Told = Callable[[int], Awaitable[None]]


class Filler:
    """Fills one generation. writer: the models, over that generation alone."""

    def __init__(self, *, database: Database, store: RecordStore, writer: IndexWriter) -> None:
        self._database = database
        self._store = store
        self._writer = writer

    async def settle(self, told: Told | None = None) -> int:
        """Passes until little is missing, and nothing is left over; how many were written."""
        written = 0
        for _ in range(MOST_PASSES):
            news = await self.fill(told)
            written += news
            if news <= SETTLED:
                break
        await self.remove_leftovers()
        return written

    async def fill(self, told: Told | None = None) -> int:
        """One pass over all records; how many were written. told: hears how many so far."""
        written = 0
        compare = await self._index.count() > 0
        after = ("", "")
        while True:
            async with self._database.read() as tx:
                page = await self._store.all_activated(tx, after, PAGE)
            if not page:
                return written
            missing = await self._missing(page) if compare else page
            if missing:
                await self._write(missing)
                written += len(missing)
                if told is not None:
                    await told(written)
            after = (page[-1].owner.key, str(page[-1].id))

    async def remove_leftovers(self) -> int:
        """Points whose record is gone; how many. They are looked for only where the counts say
        that there may be some.
        """
        async with self._database.read() as tx:
            records = await self._store.count_activated(tx)
            owners = await self._store.all_owners(tx)
        if await self._index.count() <= records:
            return 0
        removed = 0
        for project_id, key in owners:
            kind, _, identifier = key.partition(":")
            owner = Owner(type=OwnerType(kind), id=identifier)
            held = await self._index.retrieve(
                Scope(project_id=project_id).owner(owner), limit=_EVERYTHING
            )
            # The index is read first: a record is never in it before it is in SQL.
            gone = await self._gone([record.id for record in held])
            if gone:
                await self._index.delete_ids(gone)
                removed += len(gone)
        return removed

    @property
    def _index(self) -> Index:
        return self._writer.index

    async def _missing(self, page: Sequence[MemoryRecord]) -> list[MemoryRecord]:
        projects: dict[str, list[UUID]] = defaultdict(list)
        for record in page:
            projects[record.project_id].append(record.id)
        held: dict[UUID, tuple[int, int]] = {}
        for project_id, ids in projects.items():
            found = await self._index.retrieve(
                Scope(project_id=project_id).records(ids), limit=len(ids)
            )
            held |= {record.id: (record.revision, record.updated_at) for record in found}
        return [
            record for record in page if held.get(record.id) != (record.revision, record.updated_at)
        ]

    async def _write(self, records: Sequence[MemoryRecord]) -> None:
        await self._writer.sync(records)
        gone = await self._gone([record.id for record in records])
        if gone:
            await self._index.delete_ids(gone)

    async def _gone(self, ids: Sequence[UUID]) -> list[UUID]:
        async with self._database.read() as tx:
            standing = {record.id for record in await self._store.standing(tx, ids)}
        return [identifier for identifier in ids if identifier not in standing]
