"""Ingest's own tables."""

from services.ingest.store.documents import SqlDocumentStore
from services.ingest.store.tables import METADATA, MIGRATIONS

__all__ = ["METADATA", "MIGRATIONS", "SqlDocumentStore"]
