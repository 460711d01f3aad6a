"""The gateway's own tables, and the statements over them."""

from services.gateway.store.audit import SqlAuditStore
from services.gateway.store.catalogue import SqlCatalogueStore
from services.gateway.store.changes import SqlChangeStore
from services.gateway.store.comparing import SqlAuditOfStores
from services.gateway.store.conversations import SqlConversationStore
from services.gateway.store.deletions import SqlDeletionStore
from services.gateway.store.directory import SqlDirectoryStore
from services.gateway.store.keys import SqlKeyStore
from services.gateway.store.people import SqlPeopleStore
from services.gateway.store.places import SqlPlaceStore
from services.gateway.store.profiles import SqlProfileStore
from services.gateway.store.queue import SqlQueueStore
from services.gateway.store.rates import SqlRateStore
from services.gateway.store.repeats import SqlRepeatStore
from services.gateway.store.scope import SqlScopeStore
from services.gateway.store.shares import SqlShareStore
from services.gateway.store.tables import METADATA, MIGRATIONS
from services.gateway.store.tasks import SqlTaskStore
from services.gateway.store.usage import SqlUsageStore
from services.gateway.store.watching import SqlWatchStore
from services.gateway.store.webhooks import SqlWebhookStore

__all__ = [
    "METADATA",
    "MIGRATIONS",
    "SqlAuditOfStores",
    "SqlAuditStore",
    "SqlCatalogueStore",
    "SqlChangeStore",
    "SqlConversationStore",
    "SqlDeletionStore",
    "SqlDirectoryStore",
    "SqlKeyStore",
    "SqlPeopleStore",
    "SqlPlaceStore",
    "SqlProfileStore",
    "SqlQueueStore",
    "SqlRateStore",
    "SqlRepeatStore",
    "SqlScopeStore",
    "SqlShareStore",
    "SqlTaskStore",
    "SqlUsageStore",
    "SqlWatchStore",
    "SqlWebhookStore",
]
