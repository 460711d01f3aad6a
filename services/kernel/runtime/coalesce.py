"""Many small writes at once become one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.kernel.runtime.policy import Raised, attempt

I = TypeVar("I")  # noqa: E741 - item
R = TypeVar("R")


class Coalescer(Generic[I, R]):
    """Hands what arrives while `work` runs to the next run of `work`, together."""

    def __init__(self, work: Callable[[Sequence[I]], Awaitable[Sequence[R]]]) -> None:
        self._work = work
        self._waiting: list[tuple[I, asyncio.Future[R]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def __call__(self, item: I) -> R:
        """The item's result; an error of its run reaches all items of that run."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None:
            self._runner = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            result = await attempt(self._work([item for item, _ in batch]))
            for index, (_, future) in enumerate(batch):
                if future.done():
                    continue
                if isinstance(result, Raised):
                    future.set_exception(result.error)
                else:
                    future.set_result(result.value[index])
        self._runner = None
