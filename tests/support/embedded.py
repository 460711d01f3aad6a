"""A Memloom in a process of its own, and a loopback web server with documents."""

import asyncio
import functools
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.shared import ROOT

KEY = "mpg-test-key-0123456789abcdef"
READY_SECONDS = 180.0
DONE_SECONDS = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """Poll until the condition is true; its value."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        threading.Event().wait(0.05)
    message = f"not within {seconds} s: {what}"
    raise AssertionError(message)


@dataclass
class Memloom:
    """`memloom serve` on loopback; `start`, `kill` (-9) and `stop` (SIGTERM) it at will."""

    data: Path
    key: str = KEY
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data.parent / f"{self.data.name}.log"

    def start(self) -> float:
        """Seconds from the command to ready."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("MEMLOOM_")
        }
        environment |= {
            "MEMLOOM_BOOTSTRAP_KEY": self.key,
            "MEMLOOM_INGEST__ALLOWED_PRIVATE_CIDRS": '["127.0.0.0/8"]',
            **self.settings,
        }
        begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                self.command(),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_until(self._ready, READY_SECONDS, f"ready; {self.log}")
        return time.monotonic() - begun

    def command(self) -> list[str]:
        """What starts it."""
        return [
            str(Path(sys.executable).parent / "memloom"),
            *("serve", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--grpc-port", str(self.grpc_port), "--data", str(self.data)),
        ]

    def _ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            tail = self.log.read_text(errors="replace")[-3000:]
            message = f"ended with {self.process.returncode}:\n{tail}"
            raise AssertionError(message)
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """As a power cut: no chance to say goodbye."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self) -> int:
        """SIGTERM, and wait for the drain; its exit status."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(timeout=30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.process = None

    def call(self, path: str, body: Any, *, key: str | None = None) -> dict[str, Any]:
        """POST to the public API; the envelope."""
        response = httpx.post(
            f"{self.url}/api/openmem/v1{path}",
            json=body,
            headers={"Authorization": f"Token {key or self.key}"},
            timeout=60,
        )
        answer: dict[str, Any] = response.json()
        return answer

    def data_of(self, path: str, body: Any) -> Any:
        """POST, and expect success; the `data`."""
        answer = self.call(path, body)
        assert answer["code"] == 0, answer
        return answer["data"]

    def create_kb(self, name: str = "Policies") -> str:
        return str(self.data_of("/create/knowledgebase", {"knowledgebase_name": name})["id"])

    def add_files(self, kb: str, files: list[dict[str, str]]) -> list[dict[str, Any]]:
        body = {"knowledgebase_id": kb, "file": files}
        return list(self.data_of("/add/knowledgebase-file", body))

    def files(self, ids: list[str]) -> list[dict[str, Any]]:
        data = self.data_of("/get/knowledgebase-file", {"file_ids": ids})
        return list(data["file_detail_list"])

    def wait_for_files(
        self, ids: list[str], *, seconds: float = DONE_SECONDS
    ) -> list[dict[str, Any]]:
        """The files' details once none is PROCESSING any more."""
        ended: list[dict[str, Any]] = wait_until(
            lambda: self._ended(ids), seconds, f"files end: {ids}; {self.log}"
        )
        return ended

    def _ended(self, ids: list[str]) -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = []
        for start in range(0, len(ids), 50):
            found += self.files(ids[start : start + 50])
        running = [item for item in found if item["status"] == "PROCESSING"]
        return found if found and not running else None

    def wait_for_task(self, task: str, *, seconds: float = DONE_SECONDS) -> dict[str, Any]:
        def done() -> dict[str, Any] | None:
            data: dict[str, Any] = self.data_of("/get/status", {"task_id": task})
            return data if data["status"] != "running" else None

        result: dict[str, Any] = wait_until(done, seconds, f"task {task} ends; {self.log}")
        return result

    def add_messages(self, user: str, messages: list[dict[str, Any]], **extra: Any) -> str:
        body = {"user_id": user, "messages": messages, **extra}
        return str(self.data_of("/add/message", body)["task_id"])

    def search(self, user: str, query: str, kbs: list[str], **extra: Any) -> dict[str, Any]:
        body = {"user_id": user, "query": query, "knowledgebase_ids": kbs, **extra}
        answer: dict[str, Any] = self.data_of("/search/memory", body)
        return answer

    def feedback(self, user: str, words: str, kbs: list[str], **extra: Any) -> str:
        body = {
            "user_id": user,
            "feedback_content": words,
            "allow_knowledgebase_ids": kbs,
            **extra,
        }
        return str(self.data_of("/add/feedback", body)["task_id"])


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        del format, args


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Serves a folder on loopback; its base URL."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def run(coroutine: Any) -> Any:
    """Run a coroutine from plain code."""
    return asyncio.run(coroutine)
