"""A project has so many documents in the pipeline; the others wait in the gateway, in turn."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.events import DocumentSubmitted
from services.kernel.ports.preview import ProbeResult
from tests.support.clock import ManualClock
from tests.support.gateway import WORLDS, Door, opened_door
from tests.support.waiting import until

SHARE: dict[str, Any] = {"documents_in_work": 3, "fetches_in_work": 2}


@pytest.fixture(params=WORLDS)
async def door(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, clock=ManualClock(), world=request.param, **SHARE) as opened:
        yield opened


async def sent(door: Door) -> list[str]:
    """Ids of submitted documents, in order."""
    return [e.document_id for e in await door.events() if isinstance(e, DocumentSubmitted)]


async def upload(door: Door, kb: str, *names: str, size: int = 10) -> list[str]:
    ids = []
    for name in names:
        (file,) = await door.upload(kb, (name, f"# {name}\n\n".encode() + b"x" * size))
        ids.append(str(file["id"]))
    return ids


async def add_urls(door: Door, kb: str, count: int) -> list[str]:
    entries = [{"content": f"http://host.example/{n}.md", "name": f"{n}.md"} for n in range(count)]
    data = await door.ok("/add/knowledgebase-file", {"knowledgebase_id": kb, "file": entries})
    return [str(file["id"]) for file in data]


async def test_what_is_beyond_the_share_waits_and_says_so(door: Door) -> None:
    kb = await door.create_kb()
    files = await upload(door, kb, *(f"{n}.md" for n in range(5)))
    assert await sent(door) == files[:3]
    for file in files[3:]:
        shown = await door.file(file)
        assert (shown["status"], shown["stage"], shown["progress"]) == ("PROCESSING", "queued", 0)
    assert (await door.file(files[0]))["stage"] == "submitted"
    await door.progress(files[1], stage="parsed")
    assert len(await sent(door)) == 3
    await door.progress(files[1], outcome="completed", progress=1.0)
    assert await sent(door) == files[:4]
    await door.progress(files[0], outcome="failed", error_code=50174)
    assert await sent(door) == files
    assert (await door.file(files[4]))["stage"] == "submitted"


async def test_a_small_one_passes_big_ones_that_wait(door: Door) -> None:
    kb = await door.create_kb()
    first = await upload(door, kb, "a.md", "b.md", "c.md")
    big = await upload(door, kb, "big.md", size=3 << 20)
    small = await upload(door, kb, "small.md")
    await door.progress(first[0], outcome="completed", progress=1.0)
    await door.progress(first[1], outcome="completed", progress=1.0)
    assert await sent(door) == [*first, *small, *big]


async def test_fetches_have_a_share_of_their_own(door: Door) -> None:
    kb = await door.create_kb()
    urls = await add_urls(door, kb, 4)
    (inline,) = await upload(door, kb, "inline.md")
    assert await sent(door) == [*urls[:2], inline]
    await door.progress(urls[0], stage="stored")
    assert await sent(door) == [*urls[:2], inline]
    assert (await door.file(urls[0]))["stage"] == "stored"
    await door.progress(inline, outcome="completed", progress=1.0)
    assert await sent(door) == [*urls[:2], inline, urls[2]]


async def test_a_waiting_one_can_be_deleted_and_replaced(door: Door) -> None:
    kb = await door.create_kb()
    files = await upload(door, kb, *(f"{n}.md" for n in range(6)))
    await door.ok("/delete/knowledgebase-file", {"file_ids": [files[3]]})
    await door.progress(files[0], outcome="completed", progress=1.0)
    assert await sent(door) == [*files[:3], files[4]]
    # A place that a deleted one leaves is taken once its removal is confirmed.
    await door.ok("/delete/knowledgebase-file", {"file_ids": [files[1]]})
    await door.progress(files[1], stage="removed", outcome="deleted")
    assert await sent(door) == [*files[:3], *files[4:]]


async def test_a_failed_one_sent_again_waits_its_turn(door: Door) -> None:
    kb = await door.create_kb()
    (failed,) = await upload(door, kb, "failed.md")
    await door.progress(failed, outcome="failed", error_code=50178)
    others = await upload(door, kb, "a.md", "b.md", "c.md")
    again = await upload(door, kb, "failed.md")
    assert again == [failed]
    assert (await door.file(failed))["stage"] == "queued"
    assert (await door.file(failed))["attempt"] == 2
    await door.progress(others[0], outcome="completed", progress=1.0)
    assert await sent(door) == [failed, *others, failed]


async def test_several_gateways_admit_each_document_once(door: Door) -> None:
    kb = await door.create_kb()
    files = await upload(door, kb, *(f"{n}.md" for n in range(12)))
    while len(await sent(door)) < len(files):
        running = await sent(door)
        await asyncio.gather(
            *(door.progress(file, outcome="completed", progress=1.0) for file in running[-3:])
        )
    assert Counter(await sent(door)) == Counter(files)


async def test_slow_hosts_of_one_project_leave_others_the_door(tmp_path: Path) -> None:
    async with opened_door(tmp_path, uploads=2) as door:
        _, key = await door.gateway.access.create_key(project="other", plan="pro")
        other = door.as_key(key)
        kb, theirs = await door.create_kb(), await other.create_kb()
        answered = asyncio.Event()

        async def wait(_: str) -> ProbeResult:
            await answered.wait()
            return ProbeResult("", "", None)

        door.probe.probe = wait  # type: ignore[assignment,method-assign] # a host that does not answer
        slow = [asyncio.ensure_future(add_urls(door, kb, 1)) for _ in range(6)]
        await until(lambda: door.gateway.cases.uploads._receiver._waiting == len(slow))
        async with asyncio.timeout(20):
            assert await upload(other, theirs, "quick.md")
        assert not any(task.done() for task in slow)
        answered.set()
        await asyncio.gather(*slow)
