"""Waiting for a condition instead of for time."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within: float = 20.0
) -> None:
    """Return as soon as the condition holds; AssertionError after `within` seconds."""
    deadline = monotonic() + within
    while True:
        result = condition()
        if not isinstance(result, bool):
            result = await result
        if result:
            return
        if monotonic() > deadline:
            raise AssertionError(f"not within {within} s")
        await asyncio.sleep(0.01)
