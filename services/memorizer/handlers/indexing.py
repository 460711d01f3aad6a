"""Records into points: encoded off the event loop, embedded where there is an embedder, written to
every generation of the index that lives.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.records import Kind, MemoryRecord, Status
from services.kernel.contracts.scope import IndexFilter
from services.kernel.language.reading import encode, read
from services.kernel.language.text import Lexicon, heading_text, whole_text
from services.kernel.ports.index import Index, Point, SparseVector
from services.kernel.ports.models import Embedder, LexicalEncoder
from services.kernel.ports.store import Transaction
from services.memorizer.handlers.ports import RecordStore

# The engine holds the interpreter's lock for a whole write: 0.9 ms at 64 points, 10 ms at 500.
WRITE_BATCH = 64


@dataclass(frozen=True, slots=True)
class OtherGeneration:
    """A generation beside the one that serves. same_models: its vectors are ours; else it only
    forgets, and catches up before it serves.
    """

    index: Index
    same_models: bool = True


class OtherGenerations(Protocol):
    """Whoever knows which generations live beside the serving one."""

    async def now(self) -> Mapping[str, OtherGeneration]:
        """By name. Asked at each write, after the records were committed: whoever begins to fill a
        generation later than that finds them in the records.
        """
        ...


class IndexWriter:
    """Makes the index hold exactly what the records say."""

    def __init__(
        self,
        *,
        index: Index,
        encoder: LexicalEncoder,
        embedder: Embedder | None = None,
        others: OtherGenerations | None = None,
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._embedder = embedder
        self._others = others
        # Passages are read once.
        self._lexicon = Lexicon(encoder.tokens, encoder.singles, remember=0)

    @property
    def index(self) -> Index:
        """The generation that serves."""
        return self._index

    def alone(self, index: Index) -> "IndexWriter":
        """The same models over this generation only."""
        return IndexWriter(index=index, encoder=self._encoder, embedder=self._embedder)

    async def sync(self, records: Sequence[MemoryRecord]) -> None:
        """Write activated records, remove the others; searchable on return."""
        active = [record for record in records if record.status is Status.ACTIVATED]
        gone = [record.id for record in records if record.status is not Status.ACTIVATED]
        for start in range(0, len(active), WRITE_BATCH):
            points = await self._points(active[start : start + WRITE_BATCH])
            await self._everywhere(partial(_upsert, points=points), writes=True)
        if gone:
            await self.remove(gone)

    async def vouch(
        self, tx: Transaction, store: RecordStore, records: Sequence[MemoryRecord]
    ) -> None:
        """Say in the records that the index holds them; what was deleted or archived while they
        were written is removed again.
        """
        fallen = await store.mark_indexed(tx, records)
        if fallen:
            await self.remove(fallen)

    async def remove(self, ids: Sequence[UUID]) -> None:
        """Not found by search on return."""
        await self._everywhere(lambda index: index.delete_ids(ids))

    async def remove_where(self, where: IndexFilter) -> None:
        """Remove all that matches."""
        await self._everywhere(lambda index: index.delete(where))

    async def purge(self, ids: Sequence[UUID], *where: IndexFilter) -> int:
        """Remove these and all that match, in every generation; how many points the generation
        that serves held of what matches.
        """
        held = 0
        for one in where:
            held += await self._index.count(one)
        if ids:
            await self.remove(ids)
        for one in where:
            await self.remove_where(one)
        return held

    async def _everywhere(
        self, work: Callable[[Index], Awaitable[None]], *, writes: bool = False
    ) -> None:
        """In the generation that serves and in those beside it. Who lives is asked before: what
        began to serve since is written as such; and after, where any lived: what served until
        then is beside it now.
        """
        others = {} if self._others is None else dict(await self._others.now())
        await work(self._index)
        if self._others is not None and others:
            others |= await self._others.now()
        for other in others.values():
            if other.same_models or not writes:
                with suppress(NotFound):  # dropped meanwhile
                    await work(other.index)

    async def _points(self, records: Sequence[MemoryRecord]) -> list[Point]:
        read = await asyncio.to_thread(lambda: [self._read(record) for record in records])
        dense: list[tuple[float, ...]] | list[None] = [None] * len(records)
        if self._embedder is not None:
            dense = await self._embedder.documents([embedded_text(record) for record in records])
        return [
            Point(record=record, sparse=sparse, dense=vector, reading=reading)
            for record, (sparse, reading), vector in zip(records, read, dense, strict=True)
        ]

    def _read(self, record: MemoryRecord) -> tuple[SparseVector, str]:
        """The words of a record; of a passage also what ranking will ask of it."""
        words = self._encoder.document(record.value, context=heading_text(record))
        passage = record.kind is Kind.PASSAGE
        return words, encode(read(record, self._lexicon)) if passage else ""


async def _upsert(index: Index, *, points: Sequence[Point]) -> None:
    await index.upsert(points)


def embedded_text(record: MemoryRecord) -> str:
    """What an embedder reads of a record: of a document's its context (title, headings), then its
    text; of a conversation's its text alone. The day and the rest of the turn, which stand around
    a memory for the words' sake, blur its vector: measured on BEAM with MiniLM, recall@5 57 to 59.
    """
    return record.value if record.anchor is None else whole_text(record)
