"""The index on a Qdrant server (1.19 or newer), by its asynchronous client over gRPC.

Older servers ignore the corpus of IDF without a word, so `check_corpus_idf` asks for a score that
was computed by hand and refuses a server that answers with another.
"""

import math
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import grpc
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from services.kernel.adapters.qdrant_filters import (
    FOUND,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    PARTITION,
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

DENSE: Final = "dense"
SPARSE: Final = "sparse"
WRITE_BATCH: Final = 256
SCROLL_BATCH: Final = 512
_MOST_TIED: Final = 2048
_TOLERANCE: Final = 1e-3

T = TypeVar("T")

_FAILURES: Final = (
    grpc.RpcError,
    ResponseHandlingException,
    UnexpectedResponse,
    OSError,
    TimeoutError,
)


class _ServerDialect:
    """Conditions in the client's models."""

    def match(self, key: str, values: Sequence[str]) -> Any:
        return models.FieldCondition(key=key, match=models.MatchAny(any=list(values)))

    def between(self, key: str, bounds: Mapping[str, float]) -> Any:
        return models.FieldCondition(key=key, range=models.Range(**bounds))

    def ids(self, ids: Sequence[str]) -> Any:
        return models.HasIdCondition(has_id=[str(identifier) for identifier in uuids(ids)])

    def combine(self, must: list[Any], should: list[Any], must_not: list[Any]) -> Any:
        return models.Filter(must=must or None, should=should or None, must_not=must_not or None)


def connect(
    url: str, *, api_key: str | None = None, grpc_port: int = 6334, timeout: int = 10
) -> AsyncQdrantClient:
    """A client of a server (`http://host:6333`), or of the client's own local mode
    (`:memory:`), which knows the same semantics and is slow: for tests. timeout: seconds.
    """
    if url == ":memory:":
        return AsyncQdrantClient(location=url)
    return AsyncQdrantClient(
        url=url,
        api_key=api_key,
        grpc_port=grpc_port,
        prefer_grpc=True,
        timeout=timeout,
        check_compatibility=False,  # it would block; `check_corpus_idf` is the check that counts
    )


class QdrantServerIndex:
    """`Index` over one collection, or the alias of one."""

    def __init__(self, client: AsyncQdrantClient, collection: str, dimension: int | None) -> None:
        self._client = client
        self._collection = collection
        self._dimension = dimension
        self._dialect = _ServerDialect()

    @classmethod
    async def open(
        cls, client: AsyncQdrantClient, collection: str, *, dimension: int | None = None
    ) -> Self:
        """The collection, made where it is absent, with its payload indexes: `partition` is the
        tenant's key, by which the server lays points out together. The client stays
        the caller's to close. InvalidInput when it was made with another dimension;
        DependencyUnavailable.
        """
        async with server_errors():
            if not await client.collection_exists(collection):
                await create_collection(client, collection, dimension=dimension)
            await _field_indexes(client, collection)
            made_with = await dimension_of(client, collection)
        if made_with != (dimension or None):
            raise InvalidInput(
                f"The collection {collection!r} was made with dense vectors of {made_with or 0} "
                f"numbers, the configured embedder gives {dimension or 0}: set the old embedder or "
                "run `memloom reindex`."
            )
        return cls(client, collection, made_with)

    @property
    def dimension(self) -> int | None:
        """Length of the dense vectors, None where there are none."""
        return self._dimension

    async def upsert(self, points: Sequence[Point]) -> None:
        refuse_other_dimension((point.dense for point in points), self._dimension)
        for revision, batch in plan_writes(points, WRITE_BATCH):
            await self._write(batch, revision)

    async def search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        answers: list[list[Hit]] = [[] for _ in queries]
        refuse_other_dimension(dense_queries(queries), self._dimension)
        asked = [number for number, query in enumerate(queries) if not nothing_asked(query)]
        if not asked:
            return answers
        requests = [self._request(queries[number], queries[number].limit + 1) for number in asked]
        async with server_errors():
            batch = await self._client.query_batch_points(self._collection, requests)
            for number, response in zip(asked, batch, strict=True):
                answers[number] = await self._hits(queries[number], response.points)
        return answers

    async def retrieve(self, where: IndexFilter, *, limit: int = 1000) -> list[MemoryRecord]:
        condition = translate(where, self._dialect)
        found: list[MemoryRecord] = []
        offset: Any = None
        async with server_errors():
            while True:
                page, offset = await self._client.scroll(
                    self._collection,
                    scroll_filter=condition,
                    limit=SCROLL_BATCH,
                    offset=offset,
                    with_payload=[RECORD],
                )
                found += [record_of(record.payload or {}) for record in page]
                if offset is None:
                    return sorted(found, key=reading_order)[:limit]

    async def delete(self, where: IndexFilter) -> None:
        selector = models.FilterSelector(filter=translate(where, self._dialect))
        async with server_errors():
            await self._client.delete(self._collection, selector, wait=True)

    async def delete_ids(self, ids: Sequence[UUID]) -> None:
        for batch in batches(ids, SCROLL_BATCH):
            selector = models.PointIdsList(points=[str(identifier) for identifier in batch])
            async with server_errors():
                await self._client.delete(self._collection, selector, wait=True)

    async def count(self, where: IndexFilter | None = None) -> int:
        condition = translate(where, self._dialect) if where is not None else None
        async with server_errors():
            answer = await self._client.count(self._collection, count_filter=condition, exact=True)
            return int(answer.count)

    async def flush(self) -> None:
        """The server flushes by itself."""

    async def check(self) -> None:
        async with server_errors():
            await self._client.get_collection(self._collection)

    async def close(self) -> None:
        """The client is closed by whoever made it."""

    async def _write(self, batch: Sequence[Point], revision: int) -> None:
        older = models.Filter(
            must=[models.FieldCondition(key="revision", range=models.Range(lte=float(revision)))]
        )
        async with server_errors():
            # The filter guards points that exist; new ones are always written.
            await self._client.upsert(
                self._collection,
                [_server_point(point) for point in batch],
                wait=True,
                update_filter=older,
            )

    def _request(self, query: Query, limit: int) -> models.QueryRequest:
        params = None
        if query.using == "sparse":
            corpus = query.corpus if query.corpus is not None else query.where
            params = models.SearchParams(
                idf=models.IdfCorpusParams(corpus=translate(corpus, self._dialect))
            )
        return models.QueryRequest(
            query=_asked(query),
            using=None if query.using == "recent" else query.using,
            filter=translate(query.where, self._dialect),
            limit=limit,
            with_payload=list(FOUND),
            params=params,
        )

    async def _hits(self, query: Query, points: list[models.ScoredPoint]) -> list[Hit]:
        """Best first, ties by id: where a tie crosses the limit, all that are tied are fetched."""
        limit, wanted = query.limit, len(points)
        while len(points) == wanted > limit and _rank(points[-1]) == _rank(points[limit - 1]):
            if wanted >= _MOST_TIED:
                break
            wanted *= 4
            again = await self._client.query_batch_points(
                self._collection, [self._request(query, wanted)]
            )
            points = again[0].points
        ordered = sorted(points, key=lambda point: (-_rank(point), str(point.id)))[:limit]
        return [hit_of(point.payload or {}, _score(query, point)) for point in ordered]


async def create_collection(
    client: AsyncQdrantClient,
    collection: str,
    *,
    dimension: int | None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """An empty collection with our vectors."""
    vectors = {}
    if dimension:
        vectors[DENSE] = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
    await client.create_collection(
        collection,
        vectors_config=vectors,
        sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        metadata=dict(metadata) if metadata else None,
    )


async def _field_indexes(client: AsyncQdrantClient, collection: str) -> None:
    """Payload indexes that are not there yet (a making may have been cut short)."""
    if is_local(client):
        return  # it has none
    known = set((await client.get_collection(collection)).payload_schema)
    for field in KEYWORD_FIELDS:
        schema = models.KeywordIndexParams(
            type=models.KeywordIndexType.KEYWORD, is_tenant=field == PARTITION
        )
        if field not in known:
            await client.create_payload_index(collection, field, schema, wait=True)
    for field in INTEGER_FIELDS:
        if field not in known:
            await client.create_payload_index(
                collection, field, models.PayloadSchemaType.INTEGER, wait=True
            )


async def dimension_of(client: AsyncQdrantClient, collection: str) -> int | None:
    """Length of a collection's dense vectors, None where it has none."""
    vectors = (await client.get_collection(collection)).config.params.vectors
    if isinstance(vectors, dict) and DENSE in vectors:
        return int(vectors[DENSE].size)
    return None


async def check_corpus_idf(client: AsyncQdrantClient) -> None:
    """InvalidInput unless the server counts IDF over the corpus that it is given.

    Four points in the corpus, two of them with the term: ln(1 + (4 - 2 + ½)/(2 + ½)) = ln 2; over
    all 20 points, 18 with the term, it would be 0.13.
    """
    name = f"memloom-probe-{uuid.uuid4().hex}"
    term = models.SparseVector(indices=[7], values=[1.0])
    other = models.SparseVector(indices=[9], values=[1.0])
    corpus = models.Filter(
        must=[models.FieldCondition(key="owner", match=models.MatchAny(any=["corpus"]))]
    )
    points = [
        models.PointStruct(
            id=number,
            vector={SPARSE: other if number < 2 else term},  # noqa: PLR2004 -- two of the four
            payload={"owner": "corpus" if number < 4 else "others"},  # noqa: PLR2004 -- the four
        )
        for number in range(20)
    ]
    async with server_errors():
        await client.create_collection(
            name,
            vectors_config={},
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        try:
            await client.upsert(name, points, wait=True)
            answer = await client.query_points(
                name,
                query=term,
                using=SPARSE,
                query_filter=corpus,
                search_params=models.SearchParams(idf=models.IdfCorpusParams(corpus=corpus)),
                limit=1,
            )
        finally:
            await client.delete_collection(name)
    score = answer.points[0].score if answer.points else 0.0
    if not math.isclose(score, math.log(2), abs_tol=_TOLERANCE):
        raise InvalidInput(
            f"This Qdrant server counts IDF over the whole collection (score {score:.4f} instead "
            f"of {math.log(2):.4f}): upgrade it to 1.19 or newer."
        )


def is_local(client: AsyncQdrantClient) -> bool:
    """Whether it is the client's own local mode."""
    return client.init_options.get("location") == ":memory:" or bool(
        client.init_options.get("path")
    )


@asynccontextmanager
async def server_errors() -> AsyncIterator[None]:
    """The client's errors as ours."""
    try:
        yield
    except (
        TimeoutError,
        grpc.RpcError,
        ResponseHandlingException,
        UnexpectedResponse,
        OSError,
    ) as error:
        raise DependencyUnavailable(f"The Qdrant server cannot be used: {_said(error)}") from error


def _said(error: BaseException) -> str:
    details = getattr(error, "details", None)
    return str(details() if callable(details) else error) or type(error).__name__


def _server_point(point: Point) -> models.PointStruct:
    vectors: dict[str, Any] = {SPARSE: _server_vector(point.sparse)}
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return models.PointStruct(id=str(point.record.id), vector=vectors, payload=payload_of(point))


def _rank(point: models.ScoredPoint) -> float:
    """By what it is ordered, best highest: its score, or its time where none was asked for."""
    value = point.order_value
    return float(value) if isinstance(value, int | float) else point.score


def _score(query: Query, point: models.ScoredPoint) -> float:
    return 0.0 if query.using == "recent" else point.score


def _asked(query: Query) -> Any:
    if query.using == "recent":
        order = models.OrderBy(key="created_at", direction=models.Direction.DESC)
        return models.OrderByQuery(order_by=order)
    return _server_vector(query.vector)


def _server_vector(vector: SparseVector | tuple[float, ...]) -> Any:
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
    return list(vector)
