"""Times as events and records carry them: epoch milliseconds that every calendar here can hold."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator

# A year from either end of what `datetime` holds, so that zones and "last year" fit in.
EARLIEST_MS: Final = int(datetime(2, 1, 1, tzinfo=UTC).timestamp()) * 1000
LATEST_MS: Final = int(datetime(9998, 12, 31, tzinfo=UTC).timestamp()) * 1000


def within_calendar(ms: int) -> int:
    """Return the time, or the nearest that the calendar holds. Doors refuse such times; whatever
    reaches a consumer all the same must be read, not stop it.
    """
    return min(max(ms, EARLIEST_MS), LATEST_MS)


Instant = Annotated[int, AfterValidator(within_calendar)]
"""Epoch milliseconds, within the calendar."""
