"""Live, started, ready, degraded. Liveness asks no dependency; readiness asks those without which
the process cannot serve its callers; of all others it is told that they fail.

Checks are sampled in the background, so that a probe costs nothing, and one slow answer at load
changes nothing: a check that was good fails only after several bad answers in a row.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import structlog

from services.kernel.contracts.errors import MemloomError
from services.kernel.ports.clock import Clock
from services.kernel.runtime.policy import Raised, attempt

Check = Callable[[], Awaitable[None]]

OK: Final = "ok"
FAILING: Final = "not ok"
HALTED: Final = "halted"
CONSUMERS: Final = "consumers"
# How old an answer may be that nobody samples in the background.
FRESH_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """checks: by name, "ok" or why not, for operators. degraded: names of what fails without
    keeping the process from serving its callers. halted: consumer groups that stopped, and why.
    """

    ready: bool
    checks: Mapping[str, str] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    halted: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> Literal["ok", "degraded", "unavailable"]:
        """All of it in a word."""
        if not self.ready:
            return "unavailable"
        return "degraded" if self.degraded else "ok"

    def outline(self) -> dict[str, str]:
        """The checks for everybody: without reasons, which name addresses and accounts."""
        named = {"process": self.checks.get("process", "")}
        if self.halted:
            named[CONSUMERS] = HALTED
        return {
            name: OK if said == OK else named.get(name) or FAILING
            for name, said in self.checks.items()
        }


@dataclass(slots=True)
class _Checked:
    """One check, and what its last answers were."""

    name: str
    ask: Check
    needed: bool
    at_once: bool
    said: str = OK
    bad: int = 0
    good_before: bool = False

    def answer(self, said: str, *, tolerated: int) -> None:
        """Take an answer into account."""
        if said == OK:
            if self.said != OK:
                _log.info("check.ok", check=self.name)
            self.said, self.bad, self.good_before = OK, 0, True
            return
        self.bad += 1
        if self.at_once or not self.good_before or self.bad > tolerated or self.said != OK:
            if self.said == OK:
                _log.warning("check.failing", check=self.name, reason=said, needed=self.needed)
            self.said = said


class Health:
    """The state of one process. timeout: seconds for an answer of a check. tolerated: bad answers
    in a row that a good check may give before it fails. halted: consumer groups that stopped.
    """

    def __init__(
        self,
        *,
        timeout: float = 3.0,
        tolerated: int = 2,
        halted: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._timeout = timeout
        self._tolerated = tolerated
        self._checks: dict[str, _Checked] = {}
        self._sampling = asyncio.Lock()
        self._sampled: float | None = None
        self._in_background = False
        self.halted = halted
        self.started = False
        self.stopping = False

    def add(self, name: str, check: Check, *, needed: bool = True, at_once: bool = False) -> None:
        """A check: returns, or raises what is wrong. needed: without it no caller can be served.
        at_once: asked at every probe and believed, for what this process knows by itself.
        """
        self._checks[name] = _Checked(name, check, needed, at_once)

    def live(self) -> bool:
        """True while the loop turns: whoever can ask has the answer."""
        return True

    async def ready(self) -> Report:
        """What the checks said last; asked now where nobody samples them."""
        if not self._in_background:
            await self._sample_if_old()
        await self._sample([one for one in self._checks.values() if one.at_once])
        halted = dict(self.halted())
        checks = {name: one.said for name, one in self._checks.items()}
        degraded = [n for n, one in self._checks.items() if one.said != OK and not one.needed]
        if halted:
            checks[CONSUMERS] = "; ".join(f"{group}: {why}" for group, why in halted.items())
            degraded.append(CONSUMERS)
        else:
            checks[CONSUMERS] = OK
        if self.stopping:
            checks["process"] = "stopping"
        elif not self.started:
            checks["process"] = "starting"
        able = all(one.said == OK for one in self._checks.values() if one.needed)
        ready = able and self.started and not self.stopping
        return Report(ready, checks, tuple(degraded), halted)

    async def sample(self) -> None:
        """Ask all checks at once, each with a time limit."""
        await self._sample(list(self._checks.values()))
        self._sampled = asyncio.get_running_loop().time()

    async def _sample(self, checks: Sequence[_Checked]) -> None:
        answers = await asyncio.gather(*(self._ask(one.ask) for one in checks))
        for one, said in zip(checks, answers, strict=True):
            one.answer(said, tolerated=self._tolerated)

    async def run(self, clock: Clock, seconds: float) -> None:
        """Sample until cancelled, with pauses of `seconds`."""
        self._in_background = True
        try:
            while True:
                await self.sample()
                await clock.sleep(seconds)
        finally:
            self._in_background = False

    async def _sample_if_old(self) -> None:
        async with self._sampling:
            now = asyncio.get_running_loop().time()
            if self._sampled is None or now - self._sampled > FRESH_SECONDS:
                await self.sample()

    async def _ask(self, check: Check) -> str:
        result = await attempt(asyncio.wait_for(check(), self._timeout))
        if not isinstance(result, Raised):
            return OK
        error = result.error
        if isinstance(error, TimeoutError):
            return f"no answer within {self._timeout:g} s"
        return error.message if isinstance(error, MemloomError) else type(error).__name__
