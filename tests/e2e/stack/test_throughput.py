"""Documents a minute on the stack, beside the embedded world and beside Tika alone, in one run.

The numbers are printed and not judged: the machine decides them. What is judged: everything
completes, and the lag of every group returns to 0.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.kernel.adapters.kafka_bus import KafkaBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.runtime.connections import KafkaSettings
from tests.support.embedded import Memloom
from tests.support.services import StackMemloom
from tests.support.settings import real, settings
from tests.support.stack import forget_environment, shared_environment
from tests.support.storm import Document, Ledger, documents, upload, wait_until_all_ended
from tests.support.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def some() -> list[Document]:
    return documents(settings().storm or 60, "speed")


def _seconds(memloom: Memloom, some: list[Document]) -> float:
    ledger = Ledger(memloom.create_kb("speed"))
    begun = time.monotonic()
    upload(memloom, ledger, some)
    ended = wait_until_all_ended(memloom, ledger, seconds=900)
    seconds = time.monotonic() - begun
    assert {file["status"] for file in ended} == {"COMPLETED"}
    return seconds


async def _tika_alone(some: list[Document]) -> float:
    """Seconds for the PDFs alone, four at once, over one client."""
    pdfs = [one for one in some if one.name.endswith(".pdf")]
    at_once = asyncio.Semaphore(4)
    async with httpx.AsyncClient(base_url=real("tika_url"), timeout=60) as client:

        async def one(document: Document) -> None:
            async with at_once:
                answer = await client.put(
                    "/rmeta/xml", content=document.content, headers={"Accept": "application/json"}
                )
            assert answer.status_code == 200

        begun = time.monotonic()
        await asyncio.gather(*map(one, pdfs))
        return (time.monotonic() - begun) / len(pdfs) * len(some)


@pytest.fixture
async def bus(servers: dict[str, str]) -> AsyncIterator[KafkaBus]:
    kafka = KafkaSettings(
        bootstrap=servers["MEMLOOM_KAFKA__BOOTSTRAP"], prefix=servers["MEMLOOM_KAFKA__PREFIX"]
    )
    bus = KafkaBus(kafka, client_id="watcher", clock=SystemClock())
    yield bus
    await bus.close()


@pytest.fixture
async def servers() -> AsyncIterator[dict[str, str]]:
    environment = await shared_environment()
    yield environment
    await forget_environment(environment)


async def test_documents_a_minute(
    some: list[Document], servers: dict[str, str], bus: KafkaBus, tmp_path: Path
) -> None:
    rows = [("Tika alone (PDF)", await _tika_alone(some))]
    stack = StackMemloom(tmp_path / "stack", servers=servers)
    try:
        await asyncio.to_thread(stack.start)
        rows.append(("stack", await asyncio.to_thread(_seconds, stack, some)))

        async def no_lag() -> bool:
            return set((await bus.lag()).values()) == {0}

        await until(no_lag, within=60)
        memory = stack.memory_mb()
    finally:
        await asyncio.to_thread(stack.stop)
    embedded = Memloom(tmp_path / "embedded")
    try:
        await asyncio.to_thread(embedded.start)
        rows.append(("embedded", await asyncio.to_thread(_seconds, embedded, some)))
    finally:
        await asyncio.to_thread(embedded.stop)
    for name, seconds in rows:
        print(f"{name:<18} {len(some) / seconds * 60:>7.0f} documents a minute")  # noqa: T201 - the table
    print("memory (MiB)", memory)  # noqa: T201 - the table
