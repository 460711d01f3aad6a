"""Which event leads to which handler. Messages have consumers of their own, so that no chat line
waits behind a book.
"""

from services.kernel.contracts import topics
from services.kernel.contracts.events import (
    CorrectionDecided,
    DocumentParsed,
    DocumentRemoved,
    MessagesRecorded,
    OwnerRemoved,
    PassagesSegmented,
)
from services.kernel.runtime.dispatch import Subscription
from services.memorizer.handlers.corrections import Corrections
from services.memorizer.handlers.documents import Documents
from services.memorizer.handlers.messages import Messages


def subscriptions(
    documents: Documents,
    messages: Messages,
    corrections: Corrections,
    *,
    document_workers: int = 2,
    passage_workers: int = 4,
    message_workers: int = 4,
) -> tuple[Subscription, ...]:
    """The table of this service; workers: records of a topic that are handled at once, and one
    more for a project that has none in work.
    """
    return (
        Subscription(
            topic=topics.PARSED,
            group="memorizer.documents",
            handlers={DocumentParsed: documents.on_parsed},
            on_failure=documents.on_failure,
            workers=document_workers,
            spare=1,
        ),
        Subscription(
            topic=topics.SEGMENTED,
            group="memorizer.passages",
            handlers={PassagesSegmented: documents.on_segmented},
            on_failure=documents.on_failure,
            workers=passage_workers,
            spare=1,
        ),
        Subscription(
            topic=topics.DOCUMENTS,
            group="memorizer.removals",
            handlers={DocumentRemoved: documents.on_removed},
            workers=2,
        ),
        Subscription(
            topic=topics.REMOVALS,
            group="memorizer.owners",
            handlers={OwnerRemoved: documents.on_owner_removed},
            workers=2,
        ),
        Subscription(
            topic=topics.MESSAGES,
            group="memorizer.messages",
            handlers={MessagesRecorded: messages.on_recorded},
            on_failure=messages.on_failure,
            workers=message_workers,
            spare=1,
        ),
        Subscription(
            topic=topics.CORRECTIONS,
            group="memorizer.corrections",
            handlers={CorrectionDecided: corrections.on_decided},
            on_failure=corrections.on_failure,
            workers=2,
            spare=1,
        ),
    )
