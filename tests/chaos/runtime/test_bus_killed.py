"""Fault: kill -9 of the processes that consume (and of one that publishes), again and again.

Lost 0; a record that was acknowledged never returns; order per key stays; and a key that the
dead held is free at once, not when its lease ends.
"""

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.ports.bus import OutgoingRecord
from tests.support.bus_worker import GROUP, TOPIC
from tests.support.shared import ROOT

KEYS = [f"k{n}" for n in range(8)]
EACH = 150
KILLS = 6


def _start(bus_file: Path, notes: Path) -> subprocess.Popen[bytes]:
    return _spawn("-m", "tests.support.bus_worker", str(bus_file), str(notes))


def _spawn(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT)  # noqa: S603 - our own code


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


async def test_killed_consumers_lose_and_reorder_nothing(tmp_path: Path) -> None:
    bus_file, notes = tmp_path / "bus.db", tmp_path / "notes"
    notes.touch()
    bus = SqliteBus(bus_file, clock=SystemClock(), catalogue=(TOPIC,))
    await bus.publish(
        [OutgoingRecord(TOPIC.name, key, str(n).encode()) for n in range(EACH) for key in KEYS]
    )
    chance = random.Random(7)  # noqa: S311 - seeded on purpose
    workers = [_start(bus_file, notes) for _ in range(2)]
    kills = 0
    deadline = time.monotonic() + 90
    try:
        while (await bus.lag())[GROUP]:
            assert time.monotonic() < deadline, "the bus never emptied"
            before = notes.stat().st_size
            # Wait until somebody works, then kill them in the middle of it.
            while notes.stat().st_size == before and (await bus.lag())[GROUP]:
                assert time.monotonic() < deadline, "the keys of the dead stayed locked"
                await asyncio.sleep(0.005)
            if kills < KILLS:
                await asyncio.sleep(chance.random() * 0.05)
                victim = chance.randrange(len(workers))
                _kill(workers[victim])
                workers[victim] = _start(bus_file, notes)
                kills += 1
    finally:
        for worker in workers:
            _kill(worker)
        await bus.close()
    handled: dict[str, list[int]] = defaultdict(list)
    for line in notes.read_text().splitlines():
        key, number = line.split()
        handled[key].append(int(number))
    repeats = 0
    for key in KEYS:
        first_times = list(dict.fromkeys(handled[key]))
        assert first_times == list(range(EACH)), "lost or out of order"
        # A repeat follows its first time directly: nothing newer came in between.
        assert handled[key] == sorted(handled[key])
        repeats += len(handled[key]) - EACH
    # What ran when it was killed comes again; nothing else does.
    assert kills == KILLS
    assert repeats <= kills * 4


async def test_a_killed_publisher_leaves_whole_batches(tmp_path: Path) -> None:
    bus_file, notes = tmp_path / "bus.db", tmp_path / "published"
    code = f"""
import asyncio, os
from pathlib import Path
from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.ports.bus import OutgoingRecord
from tests.support.bus_worker import TOPIC

async def main():
    bus = SqliteBus(Path({str(bus_file)!r}), clock=SystemClock(), catalogue=(TOPIC,))
    out = os.open({str(notes)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for n in range(10_000):
        await bus.publish([OutgoingRecord(TOPIC.name, f"k{{i}}", b"x" * 2000) for i in range(5)])
        os.write(out, b".")

asyncio.run(main())
"""
    process = _spawn("-c", code)
    deadline = time.monotonic() + 60
    while not notes.exists() or notes.stat().st_size < 50:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)
    _kill(process)
    confirmed = notes.stat().st_size
    bus = SqliteBus(bus_file, clock=SystemClock(), catalogue=(TOPIC,))
    stored = (await bus.lag())[GROUP]
    await bus.close()
    # Each answered publish is there; the one that was under way is there whole or not at all.
    assert stored % 5 == 0
    assert confirmed <= stored // 5 <= confirmed + 1
