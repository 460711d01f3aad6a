"""The index: points with a sparse and an optional dense vector, filtered by scope.

Contract: `tests/contract/index`. The sparse side is BM25: documents carry term frequencies
(already saturated and length-normalised), queries carry weights of 1, and IDF is applied by the
engine **over `corpus`**, never over the whole collection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol
from uuid import UUID

from services.kernel.contracts.records import MemoryRecord
from services.kernel.contracts.scope import IndexFilter


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Indices are 32-bit term ids, ascending and distinct; values their weights."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One record in the index. `record` is the payload; dense is None where no embedder is;
    reading: what was read of the text for ranking, kept beside the record, "" where nothing was.
    """

    record: MemoryRecord
    sparse: SparseVector
    dense: tuple[float, ...] | None = None
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One search of one vector. corpus: what IDF is counted over (sparse only).

    `recent` needs no vector: newest `created_at` first, ties by id, score 0.
    """

    using: Literal["sparse", "dense", "recent"]
    vector: SparseVector | tuple[float, ...]
    where: IndexFilter
    corpus: IndexFilter | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Hit:
    """A record with its score in the query's own measure (BM25, or cosine -1..1) and its kept
    reading ("" where it has none).
    """

    record: MemoryRecord
    score: float
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a generation was made with; a mismatch is refused at start."""

    embedder: str = "none"
    dimension: int = 0
    encoder: str = ""
    segmentation: str = ""
    extra: dict[str, str] = field(default_factory=dict)


class Index(Protocol):
    """One generation of the index."""

    async def upsert(self, points: Sequence[Point]) -> None:
        """Write, but never over a point of a higher revision. Searchable and safe from kill -9
        on return.
        """
        ...

    async def search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        """One batched call; answers in the order of the queries, best first, ties by id."""
        ...

    async def retrieve(self, where: IndexFilter, *, limit: int = 1000) -> list[MemoryRecord]:
        """Records by filter, in order of (document, ordinal, id)."""
        ...

    async def delete(self, where: IndexFilter) -> None:
        """Remove what matches."""
        ...

    async def delete_ids(self, ids: Sequence[UUID]) -> None:
        """Remove these points."""
        ...

    async def count(self, where: IndexFilter | None = None) -> int:
        """How many points match (exact)."""
        ...

    async def flush(self) -> None:
        """Shorten the recovery after a crash; safe to skip."""
        ...

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...

    async def close(self) -> None:
        """Release files and connections."""
        ...
