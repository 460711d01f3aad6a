"""An index in memory: exact BM25 with IDF over the corpus, exact cosine, every filter."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from operator import ge, gt, le, lt
from typing import Any
from uuid import UUID

from services.kernel.contracts.records import MemoryRecord, OwnerType
from services.kernel.contracts.scope import Condition, IndexFilter, info_values, is_among
from services.kernel.ports.index import Hit, Point, Query, SparseVector


class MemoryIndex:
    """`Index` over dictionaries, for tests and evaluations."""

    def __init__(self) -> None:
        self._points: dict[UUID, Point] = {}
        self._weights: dict[UUID, dict[int, float]] = {}
        self.calls = 0

    async def upsert(self, points: Sequence[Point]) -> None:
        for point in points:
            known = self._points.get(point.record.id)
            if known is None or known.record.revision <= point.record.revision:
                self._points[point.record.id] = point
                self._weights[point.record.id] = dict(
                    zip(point.sparse.indices, point.sparse.values, strict=True)
                )

    async def search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        self.calls += 1
        return [self._search(query) for query in queries]

    async def retrieve(self, where: IndexFilter, *, limit: int = 1000) -> list[MemoryRecord]:
        found = [p.record for p in self._points.values() if _holds(where, p.record)]
        found.sort(key=lambda r: (r.anchor.document_id if r.anchor else "", r.ordinal, r.id))
        return found[:limit]

    async def delete(self, where: IndexFilter) -> None:
        await self.delete_ids([p.record.id for p in self._matching(where)])

    async def delete_ids(self, ids: Sequence[UUID]) -> None:
        for identifier in ids:
            self._points.pop(identifier, None)
            self._weights.pop(identifier, None)

    async def count(self, where: IndexFilter | None = None) -> int:
        return len(self._points) if where is None else len(self._matching(where))

    async def flush(self) -> None:
        return None

    async def check(self) -> None:
        return None

    async def close(self) -> None:
        return None

    def _matching(self, where: IndexFilter) -> list[Point]:
        return [point for point in self._points.values() if _holds(where, point.record)]

    def _search(self, query: Query) -> list[Hit]:
        if query.using == "recent":
            points = self._matching(query.where)
            points.sort(key=lambda point: (-point.record.created_at, point.record.id))
            return [Hit(point.record, 0.0, point.reading) for point in points[: query.limit]]
        if query.using == "dense":
            assert not isinstance(query.vector, SparseVector)
            vector = query.vector
            scored = [
                (sum(a * b for a, b in zip(vector, point.dense, strict=True)), point)
                for point in self._matching(query.where)
                if point.dense is not None
            ]
        else:
            assert isinstance(query.vector, SparseVector)
            scored = self._bm25(query, query.vector)
        scored.sort(key=lambda pair: (-pair[0], pair[1].record.id))
        return [Hit(point.record, score, point.reading) for score, point in scored[: query.limit]]

    def _bm25(self, query: Query, vector: SparseVector) -> list[tuple[float, Point]]:
        corpus = self._matching(query.corpus) if query.corpus else list(self._points.values())
        frequency: Counter[int] = Counter()
        for point in corpus:
            weights = self._weights[point.record.id]
            frequency.update(term for term in vector.indices if term in weights)
        size = len(corpus)
        rarity = {
            term: math.log(1 + (size - frequency[term] + 0.5) / (frequency[term] + 0.5))
            for term in vector.indices
        }
        found = []
        for point in self._matching(query.where):
            weights = self._weights[point.record.id]
            matched = [term for term in vector.indices if term in weights]
            if matched:
                found.append((sum(rarity[term] * weights[term] for term in matched), point))
        return found


def _holds(where: IndexFilter, record: MemoryRecord) -> bool:
    return (
        all(_test(condition, record) for condition in where.must)
        and not any(_test(condition, record) for condition in where.must_not)
        and (not where.any_of or any(_holds(group, record) for group in where.any_of))
        and not any(_holds(group, record) for group in where.none_of)
    )


def _test(condition: Condition, record: MemoryRecord) -> bool:
    values = _field(condition.field, record)
    wanted = condition.value
    if condition.operator == "any_of":
        assert isinstance(wanted, tuple)
        return any(is_among(value, wanted) for value in values)
    compare = {"gte": ge, "gt": gt, "lte": le, "lt": lt}[condition.operator]
    return any(compare(value, wanted) for value in values)


def _field(name: str, record: MemoryRecord) -> list[Any]:
    if name.startswith("info."):
        return list(info_values(record.info, name.removeprefix("info.")))
    value = _DERIVED[name](record) if name in _DERIVED else getattr(record, name)
    value = getattr(value, "value", value)
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _related(record: MemoryRecord) -> list[str]:
    personal = record.owner.type in {OwnerType.USER, OwnerType.AGENT}
    return [record.user_id, record.agent_id, *([record.owner.id] if personal else [])]


_DERIVED: dict[str, Callable[[MemoryRecord], Any]] = {
    "id": lambda record: str(record.id),
    "owner": lambda record: record.owner.key,
    "document_id": lambda record: record.anchor.document_id if record.anchor else None,
    "knowledgebase_id": lambda record: record.anchor.knowledgebase_id if record.anchor else None,
    "corrects": lambda record: record.detail.get("document_ids"),
    "related_id": _related,
}
