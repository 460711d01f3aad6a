"""Live, ready, started. Liveness asks no dependency; readiness asks all of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from services.kernel.contracts.errors import MemloomError
from services.kernel.runtime.policy import Raised, attempt

Check = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Report:
    """ready, and by name what each check said ("ok" or why not)."""

    ready: bool
    checks: Mapping[str, str] = field(default_factory=dict)


class Health:
    """The state of one process."""

    def __init__(self, *, timeout: float = 3.0) -> None:
        self._timeout = timeout
        self._checks: dict[str, Check] = {}
        self.started = False
        self.stopping = False

    def add(self, name: str, check: Check) -> None:
        """A readiness check: returns, or raises what is wrong."""
        self._checks[name] = check

    def live(self) -> bool:
        """True while the loop turns: whoever can ask has the answer."""
        return True

    async def ready(self) -> Report:
        """All checks at once, each with a time limit."""
        names = list(self._checks)
        answers = await asyncio.gather(*(self._ask(self._checks[name]) for name in names))
        checks = dict(zip(names, answers, strict=True))
        if self.stopping:
            checks["process"] = "stopping"
        elif not self.started:
            checks["process"] = "starting"
        return Report(all(answer == "ok" for answer in checks.values()), checks)

    async def _ask(self, check: Check) -> str:
        result = await attempt(asyncio.wait_for(check(), self._timeout))
        if not isinstance(result, Raised):
            return "ok"
        error = result.error
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} s"
        return error.message if isinstance(error, MemloomError) else type(error).__name__
