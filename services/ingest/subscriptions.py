"""Which event leads to which handler."""

from services.ingest.handlers import Documents
from services.kernel.contracts import topics
from services.kernel.contracts.events import DocumentRemoved, DocumentSubmitted, OwnerRemoved
from services.kernel.runtime.dispatch import Subscription


def subscriptions(documents: Documents, *, workers: int) -> tuple[Subscription, ...]:
    """The table of this service."""
    return (
        Subscription(
            topic=topics.DOCUMENTS,
            group="ingest.documents",
            handlers={
                DocumentSubmitted: documents.on_submitted,
                DocumentRemoved: documents.on_removed,
            },
            on_failure=documents.on_failure,
            workers=workers,
        ),
        Subscription(
            topic=topics.REMOVALS,
            group="ingest.owners",
            handlers={OwnerRemoved: documents.on_owner_removed},
            workers=1,
        ),
    )
