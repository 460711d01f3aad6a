"""What an operator does beside a running Memloom: commands, and looks at its processes."""

import base64
import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.ports.bus import OutgoingRecord
from tests.support.embedded import Memloom, run
from tests.support.shared import ROOT


def command(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`memloom ...` to its end."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MEMLOOM_")}
    return subprocess.run(  # noqa: S603 - our own command
        [str(Path(sys.executable).parent / "memloom"), *arguments],
        cwd=ROOT,
        env=plain | settings,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told(memloom: Memloom, *arguments: str) -> str:
    """What the command prints about this Memloom's data; it must succeed."""
    done = command(*arguments, "--data", str(memloom.data))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def publish(memloom: Memloom, records: Sequence[OutgoingRecord]) -> None:
    """Straight into the bus, as no service would."""

    async def work() -> None:
        bus = SqliteBus(memloom.data / "bus.db", clock=SystemClock())
        await bus.publish(records)
        await bus.close()

    run(work())


def encoded(content: str) -> str:
    """As the `content` of an upload."""
    return base64.b64encode(content.encode()).decode()


def family(memloom: Memloom) -> list[psutil.Process]:
    """The server's process, and those that it has started."""
    assert memloom.process is not None
    root = psutil.Process(memloom.process.pid)
    return [root, *root.children(recursive=True)]


def living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie does not."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


RULES: Final = "# Parking\n\nVisitors park for two hours.\n\n# Badges\n\nA badge opens the gate.\n"
"""Two sections that say something to be found."""


def upload(memloom: Memloom, kb: str, name: str, text: str = RULES) -> str:
    """A document's id, as soon as it is accepted."""
    (file,) = memloom.add_files(kb, [{"name": name, "content": encoded(text)}])
    return str(file["id"])


def file_of(memloom: Memloom, identifier: str) -> dict[str, Any]:
    """What is shown of one file."""
    (found,) = memloom.files([identifier])
    return found


def letters(memloom: Memloom) -> dict[str, str]:
    """Each dead letter's line by its id."""
    lines = told(memloom, "dlq", "list").splitlines()
    return {line.split()[0]: line for line in lines}
