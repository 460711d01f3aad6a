"""Servers of one's own, to be killed and stopped at will: the shared ones stay whole."""

import asyncio
import random
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from deploy.stack import process
from deploy.stack.layout import Layout
from deploy.stack.servers import servers
from services.kernel.runtime.connections import ConnectionSettings
from tests.support.settings import real


def quiet_port() -> int:
    """A free port below the ones that the system gives to clients: while a server is down, its
    port must not become somebody else's.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - no secret
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _open_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="memloom-faults-", dir="/var/tmp"))
    folder.chmod(0o755)
    return folder


class Servers:
    """A private stack on free ports, with the programs that are installed already."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    async def start(self, *names: str) -> None:
        """Start, ready on return."""
        await asyncio.gather(
            *(asyncio.to_thread(servers()[name].start, self.layout) for name in names)
        )

    async def stop(self, *names: str) -> None:
        """Stop as an operator would."""
        await asyncio.gather(
            *(asyncio.to_thread(servers()[name].stop, self.layout) for name in names)
        )

    async def kill(self, name: str) -> None:
        """Kill -9, with its children."""
        pid_file = servers()[name].pid_file(self.layout)
        assert await asyncio.to_thread(process.kill, pid_file), f"{name} did not run"

    def environment(self) -> dict[str, str]:
        """MEMLOOM_ variables that point to these servers."""
        return self.layout.environment()

    def connections(self) -> ConnectionSettings:
        """The same, as settings."""
        groups: dict[str, dict[str, str]] = {}
        for name, value in self.environment().items():
            group, _, field = name.removeprefix("MEMLOOM_").lower().partition("__")
            groups.setdefault(group, {})[field] = value
        return ConnectionSettings.model_validate(groups)


@asynccontextmanager
async def private_servers(*names: str) -> AsyncIterator[Servers]:
    """Start them, and wipe them at the end."""
    real("kafka")
    # Not pytest's folder: PostgreSQL runs as a user of its own, which must be able to enter.
    data = await asyncio.to_thread(_open_folder)
    layout = replace(
        Layout.from_environment(),
        data=data,
        kafka_port=quiet_port(),
        kafka_controller_port=quiet_port(),
        tika_port=quiet_port(),
        s3_port=quiet_port(),
        postgres_port=quiet_port(),
        otlp_port=quiet_port(),
        otlp_http_port=quiet_port(),
    )
    stack = Servers(layout)
    try:
        await stack.start(*names)
        yield stack
    finally:
        await stack.stop(*servers())
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)
