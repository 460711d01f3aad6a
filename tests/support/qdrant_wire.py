"""The client's local mode behind Qdrant's own gRPC services, on loopback.

It stands in for a server where none is given: requests cross the wire as the real protocol's
messages, so that what the adapter sends and reads over gRPC is tested too.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from qdrant_client import AsyncQdrantClient, models
from qdrant_client import grpc as wire
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc


@asynccontextmanager
async def wired_client() -> AsyncIterator[AsyncQdrantClient]:
    """A client that speaks gRPC to a local mode of its own."""
    local = AsyncQdrantClient(location=":memory:")
    server = grpc.aio.server()
    register_points: Any = wire.add_PointsServicer_to_server  # generated code has no types
    register_points(_Points(local), server)
    register_collections: Any = wire.add_CollectionsServicer_to_server
    register_collections(_Collections(local), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    client = AsyncQdrantClient(
        host="127.0.0.1", grpc_port=port, prefer_grpc=True, check_compatibility=False, timeout=20
    )
    try:
        yield client
    finally:
        await client.close()
        await server.stop(None)
        await local.close()


def _optional(message: Any, name: str, convert: Callable[[Any], Any]) -> Any:
    return convert(getattr(message, name)) if message.HasField(name) else None


class _Points(wire.PointsServicer):
    def __init__(self, local: AsyncQdrantClient) -> None:
        self._local = local

    async def Upsert(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        await self._local.upsert(
            request.collection_name,
            [GrpcToRest.convert_point_struct(point) for point in request.points],
            update_filter=_optional(request, "update_filter", GrpcToRest.convert_filter),
        )
        return _done()

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        selector = GrpcToRest.convert_points_selector(request.points)
        await self._local.delete(request.collection_name, selector)
        return _done()

    async def CreateFieldIndex(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the same
        return _done()

    async def Count(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        where = _optional(request, "filter", GrpcToRest.convert_filter)
        found = await self._local.count(request.collection_name, count_filter=where)
        return wire.CountResponse(result=wire.CountResult(count=found.count))

    async def Scroll(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        records, following = await self._local.scroll(
            request.collection_name,
            scroll_filter=_optional(request, "filter", GrpcToRest.convert_filter),
            limit=request.limit,
            offset=_optional(request, "offset", GrpcToRest.convert_point_id),
            with_payload=GrpcToRest.convert_with_payload_selector(request.with_payload),
        )
        page: Any = following  # an id of the local mode's, never a message
        return wire.ScrollResponse(
            result=[RestToGrpc.convert_record(record) for record in records],
            next_page_offset=None if page is None else RestToGrpc.convert_extended_point_id(page),
        )

    async def Query(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        return wire.QueryResponse(result=await self._found(request.collection_name, request))

    async def QueryBatch(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the same
        batches = [
            wire.BatchResult(result=await self._found(request.collection_name, query))
            for query in request.query_points
        ]
        return wire.QueryBatchResponse(result=batches)

    async def _found(self, collection: str, query: Any) -> list[Any]:
        asked: models.QueryRequest = GrpcToRest.convert_query_points(query)
        answer = await self._local.query_batch_points(collection, [asked])
        return [RestToGrpc.convert_scored_point(point) for point in answer[0].points]


class _Collections(wire.CollectionsServicer):
    def __init__(self, local: AsyncQdrantClient) -> None:
        self._local = local

    async def CollectionExists(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the same
        exists = await self._local.collection_exists(request.collection_name)
        return wire.CollectionExistsResponse(result=wire.CollectionExists(exists=exists))

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        sparse = request.sparse_vectors_config.map.items()
        dense = _optional(request, "vectors_config", GrpcToRest.convert_vectors_config)
        done = await self._local.create_collection(
            request.collection_name,
            vectors_config=dense or {},
            sparse_vectors_config={
                name: GrpcToRest.convert_sparse_vector_params(value) for name, value in sparse
            },
            metadata=GrpcToRest.convert_payload(request.metadata) or None,
        )
        return wire.CollectionOperationResponse(result=done)

    async def Get(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        info = await self._local.get_collection(request.collection_name)
        return wire.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info))

    async def List(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        listed = (await self._local.get_collections()).collections
        names = [wire.CollectionDescription(name=entry.name) for entry in listed]
        return wire.ListCollectionsResponse(collections=names)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's name
        done = await self._local.delete_collection(request.collection_name)
        return wire.CollectionOperationResponse(result=done)

    async def UpdateAliases(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the same
        operations = [GrpcToRest.convert_alias_operations(action) for action in request.actions]
        done = await self._local.update_collection_aliases(operations)
        return wire.CollectionOperationResponse(result=done)

    async def ListAliases(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the same
        listed = (await self._local.get_aliases()).aliases
        aliases = [RestToGrpc.convert_alias_description(entry) for entry in listed]
        return wire.ListAliasesResponse(aliases=aliases)


def _done() -> Any:
    result = wire.UpdateResult(operation_id=0, status=wire.UpdateStatus.Completed)
    return wire.PointsOperationResponse(result=result)
