"""The one search, over internal gRPC."""

import grpc
from memloom.v1 import retrieval_pb2, retrieval_pb2_grpc

from services.kernel.adapters.grpc_wire import TOKEN_HEADER, from_rpc_error, with_trace
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.runtime.wire import to_message, to_model


class GrpcRetrieval:
    """`Retrieval` on a channel that the caller owns. timeout: seconds for one search."""

    def __init__(
        self, channel: grpc.aio.Channel, *, token: str | None = None, timeout: float = 10.0
    ) -> None:
        self._stub = retrieval_pb2_grpc.RetrievalStub(channel)
        self._metadata = ((TOKEN_HEADER, token),) if token is not None else ()
        self._timeout = timeout

    async def search(self, request: SearchRequest) -> SearchAnswer:
        if not request.kinds:
            # No kinds is nothing asked for; on the wire it would read as the default kinds.
            return SearchAnswer()
        try:
            answer = await self._stub.Search(
                to_message(request, retrieval_pb2.SearchRequest),
                metadata=with_trace(self._metadata),
                timeout=self._timeout,
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error
        return to_model(answer, SearchAnswer)
