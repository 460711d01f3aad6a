"""The whole system in one process: six services on one bus, each with a database of its own."""

import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pydantic import Field, SecretStr

from services.feedback import app as feedback_app
from services.feedback.settings import FeedbackSettings
from services.gateway import app as gateway_app
from services.gateway.settings import BOOTSTRAP_PLAN, GatewaySettings
from services.ingest import app as ingest_app
from services.ingest.settings import IngestSettings
from services.kernel.adapters.front import Address
from services.kernel.adapters.process import (
    Assembly,
    ProcessSettings,
    Resources,
    in_one_process,
    start,
)
from services.kernel.runtime.settings import load
from services.memorizer import app as memorizer_app
from services.memorizer.settings import MemorizerSettings
from services.parser import app as parser_app
from services.parser.settings import ParserSettings
from services.retriever import app as retriever_app
from services.retriever.settings import RetrieverSettings

__all__ = ["EmbeddedSettings", "Where", "assemble", "serve"]


class EmbeddedSettings(ProcessSettings):
    """Every section of every service, beside what a process has."""

    bootstrap_key: SecretStr | None = Field(
        default=None, description="API key of the default project; at least 16 characters."
    )
    bootstrap_plan: str = Field(default="", description=BOOTSTRAP_PLAN)
    timezone: str = Field(default="Asia/Shanghai", description="Time zone of times that name none.")
    gateway: GatewaySettings = Field(default_factory=GatewaySettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    parser: ParserSettings = Field(default_factory=ParserSettings)
    memorizer: MemorizerSettings = Field(default_factory=MemorizerSettings)
    retriever: RetrieverSettings = Field(default_factory=RetrieverSettings)
    feedback: FeedbackSettings = Field(default_factory=FeedbackSettings)


@dataclass(frozen=True, slots=True)
class Where:
    """Where the public reaches it, and the folder of its data."""

    host: str = "127.0.0.1"
    port: int = 8080
    grpc_port: int = 50051
    data: Path = Path("data")


async def assemble(where: Where, settings: EmbeddedSettings, resources: Resources) -> Assembly:
    """All six services over shared resources, and the public front of the gateway."""
    front = await gateway_app.assemble(
        gateway_app.with_short_names(
            settings.gateway,
            key=settings.bootstrap_key,
            plan=settings.bootstrap_plan,
            timezone=settings.timezone,
        ),
        resources,
        address=Address(host=where.host, port=where.port, grpc_port=where.grpc_port),
        say=partial(print, file=sys.stdout, flush=True),
    )
    parts = [
        await ingest_app.assemble(settings.ingest, resources),
        await parser_app.assemble(settings.parser, resources),
        await memorizer_app.assemble(settings.memorizer, resources),
        await retriever_app.assemble(settings.retriever, resources),
        await feedback_app.assemble(settings.feedback, resources),
    ]
    return replace(front, parts=(*front.parts, *parts))


def serve(where: Where) -> None:
    """Run until SIGTERM or SIGINT."""
    settings = load(EmbeddedSettings, data=where.data)
    with in_one_process(settings) as ours:
        start(ours, partial(assemble, where), name="memloom", alone=True)
