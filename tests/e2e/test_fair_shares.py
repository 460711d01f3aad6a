"""What one tenant brings, however much and however slow, lets the others through."""

import asyncio
import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.embedded import Memloom, wait_until
from tests.support.hosts import dripping, host
from tests.support.operating import told

DRIP = "HTTP/1.1 200 OK\nContent-Type: text/plain"
URLS = 30


@contextmanager
def dripping_host() -> Iterator[str]:
    """A host, in a loop of its own, that sends a byte a second for ever."""
    ready, end = threading.Event(), threading.Event()
    url: list[str] = []

    async def serve() -> None:
        async with host(dripping(DRIP, seconds=1.0)) as address:
            url.append(address)
            ready.set()
            await asyncio.to_thread(end.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield url[0]
    finally:
        end.set()
        thread.join()


def add_dripping(memloom: Memloom, url: str, count: int = URLS) -> list[str]:
    kb = memloom.create_kb("slow")
    ids: list[str] = []
    for start in range(0, count, 10):
        entries = [
            {"content": f"{url}/{n}.txt", "name": f"{n}.txt"} for n in range(start, start + 10)
        ]
        ids += [str(file["id"]) for file in memloom.add_files(kb, entries)]
    return ids


def inline(name: str, text: str) -> dict[str, str]:
    return {"content": base64.b64encode(text.encode()).decode(), "name": name}


def test_twenty_bytes_of_one_tenant_wait_for_no_dripping_url_of_another(tmp_path: Path) -> None:
    with Memloom(tmp_path / "data") as memloom, dripping_host() as url:
        slow = add_dripping(memloom, url)
        key = told(memloom, "keys", "create", "--project", "another")
        other = Memloom(memloom.data, key=key, port=memloom.port)
        kb = other.create_kb("quick")
        began = time.monotonic()
        (file,) = other.add_files(kb, [inline("twenty.txt", "Badges cost 12 euro.")])
        (done,) = other.wait_for_files([file["id"]], seconds=60)
        took = time.monotonic() - began
        assert done["status"] == "COMPLETED"
        # Their own tenant's inline files wait for none of them, either.
        mine = memloom.create_kb("mine")
        (own,) = memloom.add_files(mine, [inline("own.txt", "Lunch is at noon every day.")])
        (done,) = memloom.wait_for_files([own["id"]], seconds=60)
        assert done["status"] == "COMPLETED"
        stages = [item["stage"] for item in memloom.files(slow)]
        assert "queued" in stages
        assert stages.count("submitted") <= 4
        assert took < 30, f"{took:.1f} s, where it took 300"


@pytest.mark.slow
def test_a_dripping_url_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    quick = {"MEMLOOM_INGEST__RATE_SECONDS": "3"}
    with Memloom(tmp_path / "data", settings=quick) as memloom, dripping_host() as url:
        slow = add_dripping(memloom, url, count=10)
        ended = memloom.wait_for_files(slow, seconds=90)
        assert {item["error_code"] for item in ended} == {50179}
        assert "bytes a second" in ended[0]["error_message"]


@pytest.mark.slow
def test_nothing_that_waits_is_lost_by_kill_9(tmp_path: Path) -> None:
    settings = {
        "MEMLOOM_GATEWAY__DOCUMENTS_IN_WORK": "2",
        "MEMLOOM_GATEWAY__ADMIT_SECONDS": "1",
    }
    with Memloom(tmp_path / "data", settings=settings) as memloom:
        kb = memloom.create_kb()
        ids: list[str] = []
        for start in range(0, 40, 20):
            entries = [
                inline(f"{n}.md", f"# Rule {n}\n\nBadge number {n} costs {n + 1} euro.")
                for n in range(start, start + 20)
            ]
            ids += [str(file["id"]) for file in memloom.add_files(kb, entries)]
        for least in (10, 20):
            wait_until(partial(_have_ended, memloom, ids, least), 90, "some are done")
            memloom.kill()
            memloom.start()
        ended = memloom.wait_for_files(ids, seconds=120)
        assert [item["status"] for item in ended] == ["COMPLETED"] * len(ids)
        assert {item["attempt"] for item in ended} == {1}


def _have_ended(memloom: Memloom, ids: list[str], least: int) -> bool:
    return sum(1 for item in memloom.files(ids) if item["status"] != "PROCESSING") >= least
