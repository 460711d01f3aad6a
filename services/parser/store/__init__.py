"""The parser's own tables."""

from services.parser.store.documents import SqlDocumentStore
from services.parser.store.tables import METADATA, MIGRATIONS

__all__ = ["METADATA", "MIGRATIONS", "SqlDocumentStore"]
