"""Composition root of the retriever."""

from pydantic import Field

from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.contracts.topics import Service
from services.kernel.ports.clock import Clock
from services.kernel.ports.index import Index
from services.kernel.ports.models import Embedder, LexicalEncoder, Reranker
from services.kernel.runtime.lifecycle import ServiceParts
from services.retriever.handlers.search import Search, SearchOptions
from services.retriever.servicer import adder
from services.retriever.settings import RetrieverSettings


def build(
    settings: RetrieverSettings,
    *,
    index: Index,
    encoder: LexicalEncoder,
    clock: Clock,
    embedder: Embedder | None = None,
    reranker: Reranker | None = None,
) -> ServiceParts:
    """The service's parts over the given ports."""
    search = searcher(
        settings, index=index, encoder=encoder, clock=clock, embedder=embedder, reranker=reranker
    )
    return ServiceParts(
        name=Service.RETRIEVER, servicers=(adder(search),), checks={"index": index.check}
    )


def searcher(
    settings: RetrieverSettings,
    *,
    index: Index,
    encoder: LexicalEncoder,
    clock: Clock,
    embedder: Embedder | None = None,
    reranker: Reranker | None = None,
) -> Search:
    """The use case itself, for evaluations that need no server."""
    return Search(
        index=index,
        encoder=encoder,
        clock=clock,
        embedder=embedder,
        reranker=reranker,
        options=SearchOptions(
            candidates=settings.candidates,
            background=settings.background,
            background_facts=settings.background_facts,
            rerank_seconds=settings.rerank_seconds,
            rerank_items=settings.rerank_items,
            embed_seconds=settings.embed_seconds,
            read_seconds=settings.read_seconds,
        ),
    )


class RetrieverProcess(ProcessSettings):
    """Settings of `python -m services.retriever`."""

    retriever: RetrieverSettings = Field(default_factory=RetrieverSettings)


async def assemble(settings: RetrieverSettings, resources: Resources) -> ServiceParts:
    """The service over what its process has."""
    return build(
        settings,
        index=await resources.index(),
        encoder=resources.encoder,
        clock=resources.clock,
        embedder=resources.models.embedder,
        reranker=resources.models.reranker,
    )


def main() -> None:
    """Run the retriever alone."""

    async def alone(settings: RetrieverProcess, resources: Resources) -> Assembly:
        return Assembly(parts=[await assemble(settings.retriever, resources)])

    main_of(Service.RETRIEVER, RetrieverProcess, alone)
