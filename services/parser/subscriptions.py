"""Which event leads to which handler."""

from services.kernel.contracts import topics
from services.kernel.contracts.events import DocumentRemoved, DocumentStored, OwnerRemoved
from services.kernel.runtime.dispatch import Subscription
from services.parser.handlers import Documents


def subscriptions(documents: Documents, *, workers: int) -> tuple[Subscription, ...]:
    """The table of this service."""
    return (
        Subscription(
            topic=topics.STORED,
            group="parser.documents",
            handlers={DocumentStored: documents.on_stored},
            on_failure=documents.on_failure,
            workers=workers,
            spare=1,
        ),
        Subscription(
            topic=topics.DOCUMENTS,
            group="parser.removals",
            handlers={DocumentRemoved: documents.on_removed},
            workers=2,
        ),
        Subscription(
            topic=topics.REMOVALS,
            group="parser.owners",
            handlers={OwnerRemoved: documents.on_owner_removed},
            workers=1,
        ),
    )
