"""The retriever, as gateway and feedback see it."""

from typing import Protocol

from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest


class Retrieval(Protocol):
    """The one search."""

    async def search(self, request: SearchRequest) -> SearchAnswer:
        """DependencyUnavailable when the retriever or the index is down."""
        ...
