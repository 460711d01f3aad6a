"""Memloom on real servers, each service a process of its own, to be killed one by one."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import psutil

from tests.support.embedded import Memloom, free_port, wait_until
from tests.support.settings import settings
from tests.support.shared import ROOT

# Six processes import at once, on a machine that builds beside.
READY_SECONDS: Final = 180.0
TOKEN: Final = "a-token-of-the-tests"
INDEX: Final = "index"
"""Memorizer and retriever in one process, where no Qdrant server is given."""


def service_names() -> tuple[str, ...]:
    """The processes of a Memloom on servers: two write and search, or one does both."""
    indexing = ("memorizer", "retriever") if settings().qdrant_url else (INDEX,)
    return ("ingest", "parser", "feedback", "gateway", *indexing)


@dataclass
class ServiceProcess:
    """One process: its module, its ports."""

    module: str
    grpc_port: int = field(default_factory=free_port)
    admin_port: int = field(default_factory=free_port)
    running: subprocess.Popen[bytes] | None = None


@dataclass
class StackMemloom(Memloom):
    """The same public API as `Memloom`, behind six services on the given servers.

    servers: MEMLOOM_ variables that point to them; their topics exist.
    """

    servers: dict[str, str] = field(default_factory=dict)
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in service_names():
            module = "deploy.stack.index_process" if name == INDEX else f"services.{name}"
            self.services[name] = ServiceProcess(module)

    def _peer(self, name: str) -> str:
        process = self.services.get(name) or self.services[INDEX]
        return f"127.0.0.1:{process.grpc_port}"

    def _environment(self, name: str) -> dict[str, str]:
        process = self.services[name]
        plain = {key: value for key, value in os.environ.items() if not key.startswith("MEMLOOM_")}
        peers = {
            f"MEMLOOM_PEERS__{peer.upper()}": self._peer(peer)
            for peer in ("ingest", "memorizer", "retriever", "feedback")
        }
        own = {
            "MEMLOOM_HOST": "127.0.0.1",
            "MEMLOOM_PORT": str(self.port),
            "MEMLOOM_GRPC_PORT": str(self.grpc_port),
            "MEMLOOM_DATA": str(self.data / name),
            "MEMLOOM_BOOTSTRAP_KEY": self.key,
            "MEMLOOM_RUNTIME__SERVICE_TOKEN": TOKEN,
            "MEMLOOM_RUNTIME__GRPC_PORT": str(process.grpc_port),
            "MEMLOOM_RUNTIME__ADMIN_PORT": str(process.admin_port),
            "MEMLOOM_INGEST__ALLOWED_PRIVATE_CIDRS": '["127.0.0.0/8"]',
            "MEMLOOM_QDRANT__URL": settings().qdrant_url,
        }
        return plain | self.servers | peers | own | self.settings

    def start(self) -> float:
        """All, in parallel; seconds until all are ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        try:
            for name, process in self.services.items():
                if process.running is None:
                    self.launch(name)
            for name in self.services:
                self.wait_ready(name)
        except BaseException:
            # Nobody stops what was never entered.
            self.kill()
            raise
        return time.monotonic() - begun

    def launch(self, name: str) -> None:
        """Start one; it is not ready yet."""
        process = self.services[name]
        log = self.log_of(name)
        with log.open("ab") as out:
            process.running = subprocess.Popen(  # noqa: S603 - our own modules
                [sys.executable, "-m", process.module],
                cwd=ROOT,
                env=self._environment(name),
                stdout=out,
                stderr=out,
            )

    def wait_ready(self, name: str) -> None:
        """Until it answers that it is ready."""
        wait_until(lambda: self._is_ready(name), READY_SECONDS, f"{name}; {self.log_of(name)}")

    def log_of(self, name: str) -> Path:
        """Where its log is."""
        return self.data / f"{name}.log"

    def _is_ready(self, name: str) -> bool:
        process = self.services[name]
        assert process.running is not None
        if process.running.poll() is not None:
            tail = self.log_of(name).read_text(errors="replace")[-3000:]
            message = f"{name} ended with {process.running.returncode}:\n{tail}"
            raise AssertionError(message)
        port = self.port if name == "gateway" else process.admin_port
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=3)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    def kill_one(self, name: str) -> None:
        """Kill -9."""
        process = self.services[name]
        assert process.running is not None
        process.running.send_signal(signal.SIGKILL)
        process.running.wait()
        process.running = None

    def restart_one(self, name: str) -> None:
        """Start it again, ready on return."""
        self.launch(name)
        self.wait_ready(name)

    def kill(self) -> None:
        """Kill -9 of all."""
        for name, process in self.services.items():
            if process.running is not None:
                self.kill_one(name)

    def stop(self) -> int:
        """SIGTERM to all at once; the worst exit status."""
        ended = [process.running for process in self.services.values() if process.running]
        for running in ended:
            running.terminate()
        worst = 0
        for running in ended:
            try:
                worst = max(worst, abs(running.wait(timeout=40)))
            except subprocess.TimeoutExpired:
                running.kill()
                worst = max(worst, abs(running.wait()))
        for process in self.services.values():
            process.running = None
        return worst

    def memory_mb(self) -> dict[str, int]:
        """Resident memory of each process with its children, in MiB."""
        found = {}
        for name, process in self.services.items():
            if process.running is not None:
                root = psutil.Process(process.running.pid)
                tree = [root, *root.children(recursive=True)]
                found[name] = sum(one.memory_info().rss for one in tree) >> 20
        return found
