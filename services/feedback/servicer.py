"""The internal gRPC `Preview`: the dry run."""

import grpc
from memloom.v1 import feedback_pb2, feedback_pb2_grpc

from services.feedback.handlers import Feedback
from services.kernel.contracts.events import FeedbackGiven
from services.kernel.runtime.wire import to_message, to_model

Context = grpc.aio.ServicerContext[object, object]


class PreviewServicer(feedback_pb2_grpc.PreviewServicer):
    """Thin: converts and delegates; errors are mapped by the server's interceptor."""

    def __init__(self, feedback: Feedback) -> None:
        self._feedback = feedback

    async def Preview(  # noqa: N802 - the method's name in the proto
        self, request: feedback_pb2.FeedbackGiven, _: Context
    ) -> feedback_pb2.CorrectionDecided:
        decided = await self._feedback.preview(to_model(request, FeedbackGiven))
        return to_message(decided, feedback_pb2.CorrectionDecided)
