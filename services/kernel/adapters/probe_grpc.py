"""Ingest's `Probe` over gRPC, as the gateway uses it."""

import grpc
from memloom.v1 import probe_pb2, probe_pb2_grpc

from services.kernel.adapters.grpc_wire import Caller
from services.kernel.ports.preview import ProbeResult


class GrpcProbe:
    """Implements the port `Probe`."""

    def __init__(self, channel: grpc.aio.Channel, *, token: str, timeout: float = 5.0) -> None:
        self._stub = probe_pb2_grpc.ProbeStub(channel)
        self._call = Caller(token=token, timeout=timeout)

    async def probe(self, url: str) -> ProbeResult:
        answer = await self._call(self._stub.Probe, probe_pb2.ProbeRequest(url=url))
        return ProbeResult(
            name=answer.name,
            media_type=answer.media_type,
            size=answer.size if answer.HasField("size") else None,
        )
