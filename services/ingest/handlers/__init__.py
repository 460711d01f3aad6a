"""Use cases of ingest, over ports."""

from services.ingest.handlers.documents import (
    Documents,
    DocumentStore,
    Fetched,
    Fetcher,
    needs_fetch,
)

__all__ = ["DocumentStore", "Documents", "Fetched", "Fetcher", "needs_fetch"]
