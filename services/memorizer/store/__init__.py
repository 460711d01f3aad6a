"""The memorizer's own tables."""

from services.memorizer.store.audit import SqlRecordAudit
from services.memorizer.store.enrichment import SqlEnrichmentStore
from services.memorizer.store.generations import SqlGenerationStore
from services.memorizer.store.records import SqlRecordStore
from services.memorizer.store.tables import METADATA, MIGRATIONS

__all__ = [
    "METADATA",
    "MIGRATIONS",
    "SqlEnrichmentStore",
    "SqlGenerationStore",
    "SqlRecordAudit",
    "SqlRecordStore",
]
