"""Composition root of feedback: chooses adapters, builds the parts."""

from typing import Any

from memloom.v1 import feedback_pb2_grpc
from pydantic import Field

from services.feedback.handlers import Feedback
from services.feedback.servicer import PreviewServicer
from services.feedback.settings import FeedbackSettings
from services.feedback.store import METADATA, MIGRATIONS, SqlDecidedStore
from services.feedback.subscriptions import subscriptions
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.adapters.retrieval_grpc import GrpcRetrieval
from services.kernel.contracts.topics import Service
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel
from services.kernel.ports.retrieval import Retrieval
from services.kernel.ports.store import Database
from services.kernel.runtime.lifecycle import ServiceParts


def build(
    settings: FeedbackSettings,
    *,
    database: Database,
    retrieval: Retrieval,
    clock: Clock,
    chat_model: ChatModel | None = None,
) -> ServiceParts:
    """The service's parts over the given ports. chat_model: None decides by rules alone."""
    feedback = Feedback(
        store=SqlDecidedStore(),
        retrieval=retrieval,
        clock=clock,
        tokenise=LexicalBm25().tokens,
        candidates=settings.candidates,
        chat_model=chat_model if settings.use_model else None,
        read_seconds=settings.read_seconds,
    )

    def serve(server: Any) -> None:
        feedback_pb2_grpc.add_PreviewServicer_to_server(PreviewServicer(feedback), server)

    return ServiceParts(
        name=Service.FEEDBACK,
        database=database,
        subscriptions=subscriptions(feedback, workers=settings.workers),
        servicers=(serve,),
        checks={"database": database.check},
    )


class FeedbackProcess(ProcessSettings):
    """Settings of `python -m services.feedback`."""

    feedback: FeedbackSettings = Field(default_factory=FeedbackSettings)


async def assemble(settings: FeedbackSettings, resources: Resources) -> ServiceParts:
    """The service over what its process has."""
    return build(
        settings,
        database=resources.database(Service.FEEDBACK, METADATA, MIGRATIONS),
        retrieval=GrpcRetrieval(resources.channel(Service.RETRIEVER), token=resources.token),
        clock=resources.clock,
        chat_model=resources.models.chat,
    )


def main() -> None:
    """Run feedback alone."""

    async def alone(settings: FeedbackProcess, resources: Resources) -> Assembly:
        return Assembly(parts=[await assemble(settings.feedback, resources)])

    main_of(Service.FEEDBACK, FeedbackProcess, alone)
