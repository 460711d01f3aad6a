"""What a project used, by day (UTC) and kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

Metric = Literal["searches", "messages", "documents", "bytes", "model_calls", "model_tokens"]
METRICS: Final[tuple[Metric, ...]] = (
    "searches",
    "messages",
    "documents",
    "bytes",
    "model_calls",
    "model_tokens",
)
LONGEST_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Count:
    """How much of something a project used on a day, written as 2026-12-01."""

    project_id: str
    day: str
    metric: str
    amount: int


def day_of(at: int) -> str:
    """Return the day of a time in epoch milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def days_until(at: int, days: int) -> list[str]:
    """Return so many days, the last one that of the time, oldest first."""
    last = date.fromisoformat(day_of(at))
    return [(last - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def by_day(counts: Sequence[Count], days: Sequence[str]) -> list[dict[str, Any]]:
    """Return a line for each day, with zeros where nothing was used."""
    found: Mapping[tuple[str, str], int] = {
        (count.day, count.metric): count.amount for count in counts
    }
    return [
        {"day": day, **{metric: found.get((day, metric), 0) for metric in METRICS}} for day in days
    ]


def totals(lines: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return the sum of the lines by kind."""
    return {metric: sum(int(line[metric]) for line in lines) for metric in METRICS}
