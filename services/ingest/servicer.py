"""The internal gRPC `Probe`."""

from typing import Protocol

import grpc
from memloom.v1 import probe_pb2, probe_pb2_grpc

Context = grpc.aio.ServicerContext[object, object]


class Prober(Protocol):
    """A guarded look at a URL."""

    async def probe(self, url: str) -> tuple[str, str, int | None]:
        """Name, media type, size; InvalidInput when the URL is refused."""
        ...


class ProbeServicer(probe_pb2_grpc.ProbeServicer):
    """Thin: converts and delegates; errors are mapped by the server's interceptor."""

    def __init__(self, prober: Prober) -> None:
        self._prober = prober

    async def Probe(  # noqa: N802 - the method's name in the proto
        self, request: probe_pb2.ProbeRequest, _: Context
    ) -> probe_pb2.ProbeResponse:
        name, media_type, size = await self._prober.probe(request.url)
        answer = probe_pb2.ProbeResponse(name=name, media_type=media_type)
        if size is not None:
            answer.size = size
        return answer
