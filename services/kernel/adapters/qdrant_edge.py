"""The index in process: Qdrant Edge, Qdrant's own engine without a server.

Every engine call holds the GIL, so all calls go through one worker thread and writes go in
batches of 64 (2-3 ms each): the event loop gets its turn in between. `optimize()` would hold it
for many seconds and is never called here. A write is in the engine's log when it returns and
survives kill -9; flushing in the background only shortens the recovery. One process holds the
folder's lock.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import orjson
import qdrant_edge as engine

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.qdrant_filters import (
    FOUND,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    RECORD,
    batches,
    dense_queries,
    hit_of,
    nothing_asked,
    payload_of,
    plan_writes,
    reading_order,
    record_of,
    refuse_other_dimension,
    translate,
    uuids,
)
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.contracts.records import MemoryRecord
from services.kernel.contracts.scope import IndexFilter
from services.kernel.ports.index import Hit, Point, Query, SparseVector

CONFIG: Final = "edge_config.json"
DENSE: Final = "dense"
SPARSE: Final = "sparse"
WRITE_BATCH: Final = 64
SCROLL_BATCH: Final = 256
FLUSH_SECONDS: Final = 5.0  # 8-25 ms each; a rare one would hold the GIL for longer
_MOST_TIED: Final = 2048
# Measured on 50,000 x 384 clustered vectors: all of the 50 nearest found with twice as many
# candidates, 95 of 100 without; cosines are exact. 3 ms instead of 7.
_RESCORED: Final = engine.QuantizationSearchParams(rescore=True, oversampling=3.0)

T = TypeVar("T")


class _EdgeDialect:
    """Conditions in the engine's own types."""

    def match(self, key: str, values: Sequence[str]) -> Any:
        return engine.FieldCondition(key, match=engine.MatchAny(list(values)))

    def between(self, key: str, bounds: Mapping[str, float]) -> Any:
        return engine.FieldCondition(key, range=engine.RangeFloat(**bounds))

    def ids(self, ids: Sequence[str]) -> Any:
        return engine.HasIdCondition(set(uuids(ids)))

    def combine(self, must: list[Any], should: list[Any], must_not: list[Any]) -> Any:
        return engine.Filter(must=must or None, should=should or None, must_not=must_not or None)


class QdrantEdgeIndex:
    """`Index` over one folder. Open it with `open`; only one process may."""

    def __init__(
        self,
        shard: engine.EdgeShard,
        worker: ThreadPoolExecutor,
        dimension: int | None,
        space: DiskSpace | None = None,
    ) -> None:
        self._space = space
        self._shard = shard
        self._worker = worker
        self._dimension = dimension
        self._dialect = _EdgeDialect()
        self._dirty = False
        self._closed = False
        self._flusher: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, path: Path, *, dimension: int | None = None, space: DiskSpace | None = None
    ) -> Self:
        """Open the folder, making it where it is absent. dimension: length of the dense
        vectors, None (or 0) for an index without them. DependencyUnavailable when another
        process holds it or it cannot be read; InvalidInput when it was made with another
        dimension. space: what every write asks for room: the engine maps its files, and a page
        without a block behind it ends the process.
        """
        worker = ThreadPoolExecutor(1, thread_name_prefix="qdrant-edge")
        with ExitStack() as undo:
            undo.callback(worker.shutdown, wait=False)
            loop = asyncio.get_running_loop()
            shard = await loop.run_in_executor(worker, _open, path, dimension or None)
            undo.pop_all()
        index = cls(shard, worker, dimension or None, space)
        index._flusher = asyncio.create_task(index._flush_now_and_then())
        return index

    @property
    def dimension(self) -> int | None:
        """Length of the dense vectors, None where there are none."""
        return self._dimension

    async def upsert(self, points: Sequence[Point]) -> None:
        refuse_other_dimension((point.dense for point in points), self._dimension)
        for revision, batch in plan_writes(points, WRITE_BATCH):
            await self._run(self._write, batch, revision)

    async def search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        refuse_other_dimension(dense_queries(queries), self._dimension)
        return await self._run(self._search, queries) if queries else []

    async def retrieve(self, where: IndexFilter, *, limit: int = 1000) -> list[MemoryRecord]:
        condition = translate(where, self._dialect)
        found: list[MemoryRecord] = []
        offset: Any = None
        while True:
            payloads, offset = await self._run(self._scroll, condition, offset)
            found += [record_of(payload) for payload in payloads]
            if offset is None:
                return sorted(found, key=reading_order)[:limit]

    async def delete(self, where: IndexFilter) -> None:
        operation = engine.UpdateOperation.delete_points_by_filter(translate(where, self._dialect))
        await self._run(self._update, operation)

    async def delete_ids(self, ids: Sequence[UUID]) -> None:
        for batch in batches(ids, SCROLL_BATCH):
            await self._run(self._update, engine.UpdateOperation.delete_points(list(batch)))

    async def count(self, where: IndexFilter | None = None) -> int:
        condition = translate(where, self._dialect) if where is not None else None
        return await self._run(self._shard.count, engine.CountRequest(filter=condition))

    async def flush(self) -> None:
        self._dirty = False
        await self._run(self._shard.flush)

    async def check(self) -> None:
        await self._run(self._shard.info)

    async def close(self) -> None:
        if self._closed:
            return
        if self._flusher is not None:
            self._flusher.cancel()
            with suppress(asyncio.CancelledError):
                await self._flusher
        await self._run(self._shard.close)
        self._closed = True
        self._worker.shutdown(wait=True)

    async def _run(self, call: Callable[..., T], *arguments: Any) -> T:
        if self._closed:
            raise DependencyUnavailable("The index is closed.")
        return await asyncio.get_running_loop().run_in_executor(
            self._worker, _guarded, call, *arguments
        )

    async def _flush_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            if self._dirty and (self._space is None or self._space.has_room()):
                with suppress(DependencyUnavailable):  # the log still holds everything
                    await self.flush()

    def _update(self, operation: engine.UpdateOperation) -> None:
        if self._space is not None:
            self._space.require()
        self._shard.update(operation)
        self._dirty = True

    def _write(self, batch: Sequence[Point], revision: int) -> None:
        older = engine.Filter(
            must=[engine.FieldCondition("revision", range=engine.RangeFloat(lte=float(revision)))]
        )
        points = [_engine_point(point) for point in batch]
        # The condition guards points that exist; new ones are always written.
        self._update(engine.UpdateOperation.upsert_points(points, older))

    def _scroll(self, condition: Any, offset: Any) -> tuple[list[dict[str, Any]], Any]:
        request = engine.ScrollRequest(
            offset=offset, limit=SCROLL_BATCH, filter=condition, with_payload=[RECORD]
        )
        records, following = self._shard.scroll(request)
        return [record.payload or {} for record in records], following

    def _search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        answers: list[list[Hit]] = [[] for _ in queries]
        asked = [number for number, query in enumerate(queries) if not nothing_asked(query)]
        requests = [self._request(queries[number], queries[number].limit + 1) for number in asked]
        if not requests:
            return answers
        batch = self._shard.query_batch(engine.QueryBatchRequest(requests))
        for number, points in zip(asked, batch, strict=True):
            answers[number] = self._hits(queries[number], points)
        return answers

    def _request(self, query: Query, limit: int, *, payload: bool = True) -> engine.QueryRequest:
        params = engine.SearchParams(quantization=_RESCORED) if query.using == "dense" else None
        if query.using == "sparse":
            corpus = query.corpus if query.corpus is not None else query.where
            params = engine.SearchParams(idf=engine.IdfParams(translate(corpus, self._dialect)))
        return engine.QueryRequest(
            limit=limit,
            query=_asked(query),
            filter=translate(query.where, self._dialect),
            with_payload=list(FOUND) if payload else False,
            params=params,
        )

    def _hits(self, query: Query, points: list[engine.ScoredPoint]) -> list[Hit]:
        """Best first, ties by id: where a tie crosses the limit, all that are tied are fetched,
        so that the answer does not depend on the order in which points were written.
        """
        known = {str(point.id): point.payload for point in points}
        limit, wanted = query.limit, len(points)
        while len(points) == wanted > limit and _rank(points[-1]) == _rank(points[limit - 1]):
            if wanted >= _MOST_TIED:
                break
            wanted *= 4
            points = self._shard.query(self._request(query, wanted, payload=False))
        # Each look at a point's id or payload makes a new one.
        ranked = sorted((-_rank(point), str(point.id)) for point in points)[:limit]
        missing: list[int | UUID | str] = [name for _, name in ranked if name not in known]
        if missing:
            for found in self._shard.retrieve(missing, list(FOUND), False):
                known[str(found.id)] = found.payload
        scored = query.using != "recent"
        return [hit_of(known[name] or {}, -rank if scored else 0.0) for rank, name in ranked]


def dimension_of(path: Path) -> int | None:
    """Length of the dense vectors of an index folder, None where it has none."""
    config = orjson.loads((path / CONFIG).read_bytes())
    dense = config["vectors"].get(DENSE)
    return int(dense["size"]) if dense else None


def _open(path: Path, dimension: int | None) -> engine.EdgeShard:
    with _EngineErrors():
        if not (path / CONFIG).exists():
            _create(path, dimension)
        made_with = dimension_of(path)
        if made_with != dimension:
            raise InvalidInput(
                f"The index {path.name!r} was made with dense vectors of {made_with or 0} numbers, "
                f"the configured embedder gives {dimension or 0}: set the old embedder or run "
                "`memloom reindex`."
            )
        shard = _load(path)
        for operation in _field_indexes(set(shard.info().payload_schema)):
            shard.update(operation)
        return shard


def _load(path: Path) -> engine.EdgeShard:
    with _EngineErrors(lambda said: _not_opened(path, said)):
        return engine.EdgeShard.load(str(path))


def _not_opened(path: Path, said: str) -> str:
    if "WouldBlock" in said:
        return (
            f"The index folder {path.name!r} is in use by another process: stop that one, or "
            "give this one a data folder of its own."
        )
    return (
        f"The index folder {path.name!r} cannot be opened ({said}): move it away and run "
        "`memloom reindex`, which builds it again from the records."
    )


def _create(path: Path, dimension: int | None) -> None:
    """Make it aside and rename it, so that a crash leaves no half-made folder behind."""
    aside = path.with_name(f"{path.name}.making")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    shard = engine.EdgeShard.create(
        str(aside),
        engine.EdgeConfig(
            vectors={DENSE: _dense(dimension)} if dimension else None,
            sparse_vectors={
                SPARSE: engine.EdgeSparseVectorParams(modifier=engine.Modifier.Idf),
            },
        ),
    )
    for operation in _field_indexes(set()):
        shard.update(operation)
    shard.flush()
    shard.close()
    try:
        aside.replace(path)  # also onto an empty folder
    except OSError as error:
        raise InvalidInput(
            f"{path.name!r} is not empty and holds no index: give the index a folder of its own."
        ) from error


def _dense(dimension: int) -> engine.EdgeVectorParams:
    """A few bits a number choose the candidates, the vectors themselves then rank and score
    them: half the time of scanning the vectors, the same answers (`_RESCORED`).
    """
    return engine.EdgeVectorParams(
        dimension,
        engine.Distance.Cosine,
        quantization_config=engine.TurboQuantQuantizationConfig(always_ram=True),
    )


def _field_indexes(known: set[str]) -> Iterator[engine.UpdateOperation]:
    kinds = dict.fromkeys(KEYWORD_FIELDS, engine.PayloadSchemaType.Keyword)
    kinds |= dict.fromkeys(INTEGER_FIELDS, engine.PayloadSchemaType.Integer)
    for field, kind in kinds.items():
        if field not in known:
            yield engine.UpdateOperation.create_field_index(field, kind)


def _engine_point(point: Point) -> engine.Point:
    vectors: dict[str, Any] = {SPARSE: _engine_vector(point.sparse)}
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return engine.Point(point.record.id, vectors, payload_of(point))


def _rank(point: engine.ScoredPoint) -> float:
    """By what it is ordered, best highest: its score, or its time where none was asked for."""
    value = point.order_value
    return float(value) if isinstance(value, int | float) else point.score


def _asked(query: Query) -> Any:
    if query.using == "recent":
        return engine.OrderBy("created_at", engine.Direction.Desc)
    return engine.Query.Nearest(_engine_vector(query.vector), using=query.using)


def _engine_vector(vector: SparseVector | tuple[float, ...]) -> Any:
    if isinstance(vector, SparseVector):
        return engine.SparseVector(list(vector.indices), list(vector.values))
    return list(vector)


def _guarded(call: Callable[..., T], *arguments: Any) -> T:
    with _EngineErrors():
        return call(*arguments)


class _EngineErrors:
    """The engine's errors as DependencyUnavailable: it raises bare `Exception`, and a panic in
    it arrives as pyo3's own class. Any other error is a mistake of ours and passes.
    """

    def __init__(self, say: Callable[[str], str] = "The index engine failed: {}".format) -> None:
        self._say = say

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is Exception or (kind is not None and kind.__name__ == "PanicException"):
            raise DependencyUnavailable(self._say(str(error))) from error
