"""Liveness asks nobody; readiness asks all, with a time limit."""

import asyncio

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.runtime.health import Health


async def _fine() -> None:
    return


async def test_ready_needs_a_start_and_every_check() -> None:
    health = Health()
    health.add("good", _fine)
    assert not (await health.ready()).ready
    health.started = True
    report = await health.ready()
    assert report.ready
    assert dict(report.checks) == {"good": "ok"}
    health.stopping = True
    assert not (await health.ready()).ready
    assert health.live()


async def test_each_check_says_what_is_wrong() -> None:
    async def down() -> None:
        raise DependencyUnavailable("the index is down")

    async def odd() -> None:
        raise KeyError("secret detail")

    async def hanging() -> None:
        await asyncio.Event().wait()

    health = Health(timeout=0.05)
    health.started = True
    for name, check in {"a": down, "b": odd, "c": hanging, "d": _fine}.items():
        health.add(name, check)
    report = await health.ready()
    assert not report.ready
    assert dict(report.checks) == {
        "a": "the index is down",
        "b": "KeyError",
        "c": "no answer within 0.05 s",
        "d": "ok",
    }
