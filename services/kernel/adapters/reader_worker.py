"""A pool of worker processes for code that may crash, hang or eat memory.

Each worker runs one call at a time; over its time or memory it is killed, and the call fails with
the document's own code. A worker says when it takes a call: one that was dead before that costs
the document nothing, another takes the call. Calls and answers are JSON: nothing that a worker
says is executed.
"""

import asyncio
import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call yields: a few facts (JSON values), and bytes that the parent passes on unread."""

    payload: bytes
    facts: dict[str, Any] = field(default_factory=dict)


Step = Callable[..., Any]
"""A function of a module that a worker may run. The first step of a call gets the arguments (JSON
values), each later one what the step before it yielded, and the arguments; the last yields a
few facts (JSON values), and bytes that the parent passes on unread: `tuple[dict, bytes]`.
"""

_LENGTH: Final = struct.Struct(">I")
_WATCH: Final = 0.05
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_MODULE: Final = "services.kernel.adapters.reader_worker_main"
_ROOT: Final = Path(__file__).resolve().parents[3]
UNEXPECTED: Final = -1
"""In a worker's answer: an error that is none of ours."""
TAKEN: Final = b"taken"
"""A worker's first word on a call: from here on, its end is the call's matter."""
_FRESH_TRIES: Final = 3
_LARGEST_ANSWER: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """workers: processes at once; calls: after so many a worker is replaced (leaks); keep_mb:
    above this much memory an idle worker is replaced.
    """

    workers: int = 2
    calls: int = 200
    keep_mb: int = 600


class WorkerPool:
    """Runs `Call`s in processes of their own."""

    def __init__(self, limits: PoolLimits | None = None) -> None:
        self._limits = limits or PoolLimits()
        self._free = asyncio.Semaphore(self._limits.workers)
        self._idle: list[_Worker] = []
        self._closed = False

    async def run(
        self,
        steps: Sequence[Step],
        arguments: Mapping[str, Any],
        *,
        seconds: float,
        memory_mb: int,
    ) -> Answer:
        """The answer. InvalidInput with the call's own code, TOOK_TOO_LONG over `seconds`,
        EXPANDS_TOO_FAR over `memory_mb`, CORRUPT when native code crashes on the document;
        WorkerFailed for an error in our own code;
        DependencyUnavailable when no worker can be started or the pool is closed.
        """
        async with self._free:
            head, payload = await self._call(
                partial(_Worker.call, steps=steps, arguments=arguments, memory_mb=memory_mb),
                seconds,
            )
        _raise_refused(head)
        return Answer(payload, head.get("facts", {}))

    async def _call(self, call: "_Call", seconds: float) -> tuple[dict[str, Any], bytes]:
        """What the first worker says that takes the call."""
        for _ in range(self._limits.workers + _FRESH_TRIES):
            if self._closed:
                raise DependencyUnavailable("the worker processes are stopped")
            worker = await self._take()
            try:
                head, payload = await call(worker, seconds=seconds)
            except _NotTaken:
                await worker.kill()
                continue
            except BaseException:
                # Its state is unknown: whatever went wrong, this process answers nobody else.
                await worker.kill()
                raise
            unknown = head.get("error") == UNEXPECTED
            if self._closed or unknown or worker.is_spent(self._limits):
                await worker.kill()
            else:
                self._idle.append(worker)
            return head, payload
        raise DependencyUnavailable("the worker processes end before they take a document")

    async def _take(self) -> "_Worker":
        """An idle worker that lives, or a new one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive():
                return worker
            await worker.kill()
        return await _Worker.start()

    async def check(self) -> None:
        """DependencyUnavailable when workers cannot be used."""
        if self._closed:
            raise DependencyUnavailable("the worker processes are stopped")

    async def close(self) -> None:
        """End all idle workers; running ones end after their call."""
        self._closed = True
        while self._idle:
            await self._idle.pop().kill()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > _LARGEST_ANSWER:
        raise InvalidInput("the document's text is too long", code=Code.EXPANDS_TOO_FAR)
    return await reader.readexactly(length)


def _raise_refused(head: dict[str, Any]) -> None:
    if "error" not in head:
        return
    message = str(head.get("message", ""))
    if head["error"] == UNEXPECTED:
        raise WorkerFailed(message)
    if head.get("unavailable"):
        raise DependencyUnavailable(message)
    raise InvalidInput(message, code=Code(int(head["error"])))


class _Worker:
    """One process, spoken to over its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._calls = 0

    @classmethod
    async def start(cls) -> "_Worker":
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                start_new_session=True,
                limit=1 << 20,
            )
        except OSError as problem:
            raise DependencyUnavailable(f"no worker process can be started: {problem}") from problem
        return cls(process)

    async def call(
        self,
        steps: Sequence[Step],
        arguments: Mapping[str, Any],
        *,
        seconds: float,
        memory_mb: int,
    ) -> tuple[dict[str, Any], bytes]:
        self._calls += 1
        watcher = asyncio.create_task(self._watch(memory_mb))
        exchange = asyncio.create_task(self._exchange(steps, arguments))
        try:
            async with asyncio.timeout(seconds):
                await asyncio.wait({watcher, exchange}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError as late:
            raise InvalidInput(
                f"reading the document took longer than {seconds:.0f} seconds",
                code=Code.TOOK_TOO_LONG,
            ) from late
        finally:
            await _stop(watcher)
            if not exchange.done():
                await _stop(exchange)
        if exchange.cancelled() or not exchange.done():
            raise InvalidInput(
                f"reading the document needs more than {memory_mb} MB of memory",
                code=Code.EXPANDS_TOO_FAR,
            )
        return exchange.result()

    async def _exchange(
        self, steps: Sequence[Step], arguments: Mapping[str, Any]
    ) -> tuple[dict[str, Any], bytes]:
        request = json.dumps(
            {
                "steps": [f"{step.__module__}:{step.__qualname__}" for step in steps],
                "arguments": dict(arguments),
            }
        ).encode()
        reader, writer = self._process.stdout, self._process.stdin
        if reader is None or writer is None:
            raise DependencyUnavailable("the worker process has no pipes")
        try:
            writer.write(_LENGTH.pack(len(request)) + request)
            await writer.drain()
            await _frame(reader)
        except (asyncio.IncompleteReadError, ConnectionError) as problem:
            raise _NotTaken from problem
        try:
            head = json.loads(await _frame(reader))
            payload = await _frame(reader)
        except (asyncio.IncompleteReadError, ConnectionError) as problem:
            raise await self._epitaph() from problem
        return head, payload

    async def _epitaph(self) -> Exception:
        """What to raise for a process that ended: a signal is native code failing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self._process.wait()
        status = self._process.returncode
        if status is not None and status < 0:
            return WorkerDied(signal.Signals(-status).name)
        return WorkerFailed(f"the worker process ended with status {status}")

    async def _watch(self, memory_mb: int) -> None:
        """Return when the process holds more memory than it may."""
        while self._megabytes() <= memory_mb:  # noqa: ASYNC110 - nothing tells; it must be looked at
            await asyncio.sleep(_WATCH)

    def _megabytes(self) -> float:
        """Resident memory, 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self._process.pid}/statm").read_text("ascii").split()
        except OSError:
            return 0.0
        return int(fields[1]) * _PAGE / (1 << 20)

    def is_alive(self) -> bool:
        return self._process.returncode is None

    def is_spent(self, limits: PoolLimits) -> bool:
        return self._calls >= limits.calls or self._megabytes() > limits.keep_mb

    async def kill(self) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


class _Call(Protocol):
    """A call, for whichever worker takes it."""

    def __call__(
        self, worker: _Worker, /, *, seconds: float
    ) -> Awaitable[tuple[dict[str, Any], bytes]]: ...


class _NotTaken(Exception):
    """The process was gone before it took the call."""


class WorkerFailed(Exception):
    """An error in our own code, in a worker."""


class WorkerDied(InvalidInput):
    """The process died of the document (a crash in native code)."""

    default_code = Code.CORRUPT

    def __init__(self, how: str) -> None:
        super().__init__(f"the reader crashed on the document ({how})")


async def _stop(task: "asyncio.Task[Any]") -> None:
    task.cancel()
    with contextlib.suppress(
        asyncio.CancelledError, InvalidInput, DependencyUnavailable, WorkerFailed, _NotTaken
    ):
        await task
