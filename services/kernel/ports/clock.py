"""Time, as a port: tests bring their own."""

from typing import Protocol


class Clock(Protocol):
    """Wall time and monotonic time."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait, cancellably."""
        ...
