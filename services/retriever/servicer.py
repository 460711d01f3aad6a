"""Internal gRPC `Retrieval.Search`: a thin entrance."""

from collections.abc import Callable
from typing import Any

from memloom.v1 import retrieval_pb2, retrieval_pb2_grpc

from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.runtime.wire import to_message, to_model
from services.retriever.handlers.search import Search


class RetrievalServicer(retrieval_pb2_grpc.RetrievalServicer):
    """Messages in and out of the search handler."""

    def __init__(self, search: Search) -> None:
        self._search = search

    async def Search(  # noqa: N802 - the generated base names it so
        self, request: retrieval_pb2.SearchRequest, context: object
    ) -> retrieval_pb2.SearchAnswer:
        del context
        answer = await self._search.search(to_model(request, SearchRequest))
        return to_message(answer, retrieval_pb2.SearchAnswer)


def adder(search: Search) -> Callable[[Any], None]:
    """What adds the servicer to a `grpc.aio.Server`."""

    def add(server: Any) -> None:
        retrieval_pb2_grpc.add_RetrievalServicer_to_server(RetrievalServicer(search), server)

    return add
