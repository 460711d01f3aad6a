"""Memorizer and retriever in one process: where no Qdrant server is, they share a folder that
only one process may hold.
"""

from pydantic import Field

from services.kernel.adapters.process import Assembly, ProcessSettings, Resources, main_of
from services.kernel.contracts.topics import Service
from services.memorizer import app as memorizer_app
from services.memorizer.settings import MemorizerSettings
from services.retriever import app as retriever_app
from services.retriever.settings import RetrieverSettings


class IndexProcess(ProcessSettings):
    """The sections of both."""

    memorizer: MemorizerSettings = Field(default_factory=MemorizerSettings)
    retriever: RetrieverSettings = Field(default_factory=RetrieverSettings)


async def both(settings: IndexProcess, resources: Resources) -> Assembly:
    """Both services over the same resources."""
    return Assembly(
        parts=[
            await memorizer_app.assemble(settings.memorizer, resources),
            await retriever_app.assemble(settings.retriever, resources),
        ]
    )


if __name__ == "__main__":
    main_of(Service.MEMORIZER, IndexProcess, both)
