"""Which event leads to which handler."""

from services.gateway.handlers.deletions import Deletions
from services.gateway.handlers.projections import Projections
from services.kernel.contracts import topics
from services.kernel.contracts.events import DeletionProgressed, DocumentProgressed, TaskProgressed
from services.kernel.runtime.dispatch import Subscription


def subscriptions(projections: Projections, deletions: Deletions) -> tuple[Subscription, ...]:
    """The table of this service."""
    return (
        Subscription(
            topic=topics.PROGRESSED,
            group="gateway.documents",
            handlers={DocumentProgressed: projections.on_document},
        ),
        Subscription(
            topic=topics.TASKS,
            group="gateway.tasks",
            handlers={
                TaskProgressed: projections.on_task,
                DeletionProgressed: deletions.on_progressed,
            },
        ),
    )
