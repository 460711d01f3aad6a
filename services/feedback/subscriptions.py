"""Which event leads to which handler."""

from services.feedback.handlers import Feedback
from services.kernel.contracts import topics
from services.kernel.contracts.events import FeedbackGiven
from services.kernel.runtime.dispatch import Subscription


def subscriptions(feedback: Feedback, *, workers: int) -> tuple[Subscription, ...]:
    """The table of this service."""
    return (
        Subscription(
            topic=topics.FEEDBACK,
            group="feedback.feedback",
            handlers={FeedbackGiven: feedback.on_given},
            on_failure=feedback.on_failure,
            workers=workers,
            spare=1,
        ),
    )
