"""Two retrievers behind one address: both are asked, and the death of one fails no search."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc
import httpx
import pytest

from services.kernel.adapters.peer_channel import open_channel, target_of
from services.kernel.adapters.retrieval_grpc import GrpcRetrieval
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.contracts.scope import Scope
from tests.support.embedded import free_port, wait_until
from tests.support.shared import ROOT
from tests.support.waiting import until

TOKEN = "a-token-of-the-tests"
ASKED = re.compile(r'memloom_\w*calls_total\{method="/memloom.v1.Retrieval/Search".*\} (\d+)')
REQUEST = SearchRequest(
    scope=Scope(project_id="p", subject=Owner(type=OwnerType.USER, id="u")), query="tea", now=1
)


class Retriever:
    """A retriever in a process of its own, over an index of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.admin = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        plain = {k: v for k, v in os.environ.items() if not k.startswith("MEMLOOM_")}
        own = {
            "MEMLOOM_DATA": str(self.data),
            "MEMLOOM_RUNTIME__SERVICE_TOKEN": TOKEN,
            "MEMLOOM_RUNTIME__GRPC_PORT": str(self.port),
            "MEMLOOM_RUNTIME__ADMIN_PORT": str(self.admin),
        }
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.retriever"],
                cwd=ROOT,
                env=plain | own,
                stdout=log,
                stderr=log,
            )

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.data.with_suffix(".log").read_text()[-3000:]
        try:
            answer = httpx.get(f"http://127.0.0.1:{self.admin}/health/ready", timeout=3)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def asked(self) -> int:
        """How many searches it has answered."""
        text = httpx.get(f"http://127.0.0.1:{self.admin}/metrics", timeout=5).text
        return sum(int(count) for count in ASKED.findall(text))

    def end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
            self.process = None


@contextmanager
def two_retrievers(folder: Path) -> Iterator[tuple[Retriever, Retriever]]:
    """Both ready; ended at the end."""
    first, second = Retriever(folder / "first"), Retriever(folder / "second")
    with ExitStack() as stack:
        for one in (first, second):
            stack.callback(one.end, signal.SIGTERM)
            one.start()
        for one in (first, second):
            wait_until(one.is_ready, 120, f"{one.data} is ready")
        yield first, second


class Callers:
    """Search all the time; count, and keep what went wrong."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.done = 0
        self.failed: list[Exception] = []
        self._retrieval = GrpcRetrieval(channel, token=TOKEN, timeout=30)
        self._tasks = [asyncio.create_task(self._search()) for _ in range(8)]

    async def _search(self) -> None:
        while True:
            try:
                await self._retrieval.search(REQUEST)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                self.failed.append(error)
            self.done += 1

    async def more(self, count: int) -> None:
        wanted = self.done + count
        await until(lambda: self.done >= wanted, within=120)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.mark.slow
async def test_a_retriever_that_is_killed_fails_no_search(tmp_path: Path) -> None:
    with two_retrievers(tmp_path) as (first, second):
        channel = open_channel(f"127.0.0.1:{first.port},127.0.0.1:{second.port}")
        callers = Callers(channel)
        await callers.more(100)
        asked = [await asyncio.to_thread(one.asked) for one in (first, second)]
        assert min(asked) > sum(asked) / 4, asked

        first.end(signal.SIGKILL)
        await callers.more(100)
        assert callers.failed == []

        first.start()
        await asyncio.to_thread(wait_until, first.is_ready, 120, "ready again")
        await until(lambda: first.asked() > 0, within=60)
        await callers.stop()
        await channel.close(0)
        assert callers.failed == []


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("retriever:50063", "dns:///retriever:50063"),
        ("10.0.0.7:1, 10.0.0.8:1", "ipv4:10.0.0.7:1,10.0.0.8:1"),
        ("[::1]:1,[::2]:1", "ipv6:[::1]:1,[::2]:1"),
        ("unix:/run/memloom/grpc", "unix:/run/memloom/grpc"),
        ("dns:///retriever.local:1", "dns:///retriever.local:1"),
    ],
)
def test_addresses_are_what_grpc_calls_them(address: str, target: str) -> None:
    assert target_of(address) == target


def test_several_names_are_refused() -> None:
    with pytest.raises(InvalidInput, match="one name that DNS resolves"):
        target_of("one:1,two:1")
