"""Usage by day: what is counted, when it is written, and who sees it."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.contracts.errors import DependencyUnavailable
from tests.support.clock import ManualClock
from tests.support.gateway import Door, opened_door

SEARCH = {"query": "x", "user_id": "u"}


async def usage(door: Door, days: int = 30) -> dict[str, Any]:
    answer = await door.get(f"/api/v1/usage?days={days}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_what_is_used_is_counted(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.ok("/search/memory", SEARCH)
    await door.ok("/search/memory", SEARCH)
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    for _ in range(2):  # the repeat is the same write
        await door.ok("/add/message", {"user_id": "u", "messages": messages})
    await door.progress(file["id"], stage="indexed", model_calls=2, model_tokens=100)
    for _ in range(2):
        await door.progress(file["id"], outcome="completed", model_calls=5, model_tokens=300)
    found = await usage(door)
    assert found["totals"] == {
        "searches": 2,
        "messages": 2,
        "documents": 1,
        "bytes": 3,
        "model_calls": 5,
        "model_tokens": 300,
    }
    assert len(found["days"]) == 30
    assert found["days"][-1]["searches"] == 2
    assert "crash" in found["note"]


async def test_bytes_of_a_url_are_counted_when_they_are_here(door: Door) -> None:
    kb = await door.create_kb()
    entry = {"content": "https://example.org/a.pdf"}
    body = {"knowledgebase_id": kb, "file": [entry]}
    (file,) = await door.ok("/add/knowledgebase-file", body)
    assert (await usage(door))["totals"]["bytes"] == 0
    await door.progress(file["id"], stage="stored", size=1000)
    await door.progress(file["id"], stage="parsed", size=1000)
    assert (await usage(door))["totals"]["bytes"] == 1000


async def test_each_project_and_day_has_its_own_count(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock) as door:
        _, key = await door.gateway.access.create_key(project="shop")
        shop = door.as_key(key)
        await door.ok("/search/memory", SEARCH)
        await clock.advance(86_400)
        await door.ok("/search/memory", SEARCH)
        await shop.ok("/search/memory", SEARCH)
        assert [day["searches"] for day in (await usage(door, 3))["days"]] == [0, 1, 1]
        assert [day["searches"] for day in (await usage(shop, 3))["days"]] == [0, 0, 1]
        await clock.advance(89 * 86_400)
        await door.gateway.cases.meter.prune()
        assert (await usage(door, 90))["totals"]["searches"] == 1
        for days in (0, 91):
            assert (await door.get(f"/api/v1/usage?days={days}")).status_code == 400


async def test_it_is_written_in_the_background_and_waits_for_the_database(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = door.gateway.cases.meter

    async def written() -> int:
        async with door.database.read() as tx:
            row = await tx.first(text("SELECT coalesce(sum(amount), 0) AS n FROM usage_by_day"))
        assert row is not None
        return int(row["n"])

    await door.ok("/search/memory", SEARCH)
    assert await written() == 0

    def down() -> Any:
        message = "the database is down"
        raise DependencyUnavailable(message)

    with monkeypatch.context() as patched:
        patched.setattr(door.database, "write", down)
        with pytest.raises(DependencyUnavailable):
            await meter.flush()
    await door.ok("/search/memory", SEARCH)
    await meter.flush()
    assert await written() == 2
