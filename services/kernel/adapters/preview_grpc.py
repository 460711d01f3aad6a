"""The feedback service's dry run over gRPC, as the gateway uses it."""

import grpc
from memloom.v1 import feedback_pb2, feedback_pb2_grpc

from services.kernel.adapters.grpc_wire import Caller
from services.kernel.contracts.events import CorrectionDecided, FeedbackGiven
from services.kernel.runtime.wire import to_message, to_model


class GrpcPreview:
    """Implements the port `Preview`."""

    def __init__(self, channel: grpc.aio.Channel, *, token: str, timeout: float = 10.0) -> None:
        self._stub = feedback_pb2_grpc.PreviewStub(channel)
        self._call = Caller(token=token, timeout=timeout)

    async def preview(self, feedback: FeedbackGiven) -> CorrectionDecided:
        request = to_message(feedback, feedback_pb2.FeedbackGiven)
        return to_model(await self._call(self._stub.Preview, request), CorrectionDecided)
