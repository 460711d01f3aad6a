"""Feedback's own tables."""

from services.feedback.store.decided import SqlDecidedStore
from services.feedback.store.tables import METADATA, MIGRATIONS

__all__ = ["METADATA", "MIGRATIONS", "SqlDecidedStore"]
