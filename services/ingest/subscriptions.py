"""Which event leads to which handler."""

from services.ingest.handlers import Documents, needs_fetch
from services.kernel.contracts import topics
from services.kernel.contracts.events import DocumentRemoved, DocumentSubmitted, OwnerRemoved
from services.kernel.runtime.dispatch import Subscription


def subscriptions(
    documents: Documents, *, workers: int, fetch_workers: int
) -> tuple[Subscription, ...]:
    """The table of this service. Fetches have consumers of their own: bytes that are here already
    wait for no host.
    """
    return (
        Subscription(
            topic=topics.DOCUMENTS,
            group="ingest.documents",
            handlers={
                DocumentSubmitted: documents.on_uploaded,
                DocumentRemoved: documents.on_removed,
            },
            on_failure=documents.on_failure,
            workers=workers,
            spare=1,
            concerns=lambda event: not needs_fetch(event),
        ),
        Subscription(
            topic=topics.DOCUMENTS,
            group="ingest.fetches",
            handlers={DocumentSubmitted: documents.on_linked},
            on_failure=documents.on_failure,
            workers=fetch_workers,
            share=max(1, fetch_workers // 2),
            concerns=needs_fetch,
        ),
        Subscription(
            topic=topics.REMOVALS,
            group="ingest.owners",
            handlers={OwnerRemoved: documents.on_owner_removed},
            workers=1,
        ),
    )
