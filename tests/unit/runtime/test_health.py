"""Liveness asks nobody; readiness asks what callers need; the rest degrades; nothing flaps."""

import asyncio

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.health import Health
from tests.support.clock import ManualClock
from tests.support.waiting import until


class Part:
    """Something that is up, or down; counts how often it was asked."""

    def __init__(self) -> None:
        self.up = True
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        if not self.up:
            raise DependencyUnavailable("no route to 10.0.0.7")


async def test_ready_needs_a_start_and_every_needed_check() -> None:
    health = Health()
    health.add("good", Part().check)
    assert not (await health.ready()).ready
    health.started = True
    report = await health.ready()
    assert report.ready
    assert dict(report.checks) == {"good": "ok", "consumers": "ok"}
    health.stopping = True
    assert not (await health.ready()).ready
    assert health.live()


async def test_each_check_says_what_is_wrong() -> None:
    down = Part()
    down.up = False

    async def odd() -> None:
        raise KeyError("secret detail")

    async def hanging() -> None:
        await asyncio.Event().wait()

    health = Health(timeout=0.05)
    health.started = True
    for name, check in {"a": down.check, "b": odd, "c": hanging, "d": Part().check}.items():
        health.add(name, check)
    report = await health.ready()
    assert not report.ready
    assert dict(report.checks) == {
        "a": "no route to 10.0.0.7",
        "b": "KeyError",
        "c": "no answer within 0.05 s",
        "d": "ok",
        "consumers": "ok",
    }
    assert report.outline() == {
        "a": "not ok",
        "b": "not ok",
        "c": "not ok",
        "d": "ok",
        "consumers": "ok",
    }


async def test_what_callers_do_not_need_degrades_and_no_more() -> None:
    bus = Part()
    bus.up = False
    health = Health()
    health.started = True
    health.add("bus", bus.check, needed=False)
    health.add("index", Part().check)
    report = await health.ready()
    assert (report.ready, report.status, report.degraded) == (True, "degraded", ("bus",))


async def test_a_halted_consumer_is_a_state_of_its_own() -> None:
    health = Health(halted=lambda: {"parser.documents": "20 in a row: KeyError"})
    health.started = True
    report = await health.ready()
    assert (report.ready, report.status) == (True, "degraded")
    assert report.outline() == {"consumers": "halted"}
    assert report.halted == {"parser.documents": "20 in a row: KeyError"}


async def test_a_few_bad_answers_at_load_change_nothing() -> None:
    part = Part()
    health = Health(tolerated=2)
    health.started = True
    health.add("database", part.check)
    await health.sample()
    part.up = False
    for ready in (True, True, False, False):
        await health.sample()
        assert (await health.ready()).ready is ready
    part.up = True
    await health.sample()
    assert (await health.ready()).ready


async def test_probes_cost_nothing_beside_the_background() -> None:
    part, clock = Part(), ManualClock()
    health = Health()
    health.started = True
    health.add("database", part.check)
    sampling = asyncio.create_task(health.run(clock, 1.0))
    await until(lambda: part.asked == 1)
    for _ in range(100):
        assert (await health.ready()).ready
    assert part.asked == 1
    await clock.advance(1.0)
    await until(lambda: part.asked == 2)
    sampling.cancel()
    await asyncio.gather(sampling, return_exceptions=True)


async def test_many_probes_without_a_background_ask_once() -> None:
    part = Part()
    health = Health()
    health.started = True
    health.add("database", part.check)
    await asyncio.gather(*(health.ready() for _ in range(50)))
    assert part.asked == 1
