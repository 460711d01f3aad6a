"""A process that handles the records of a bus file until it is killed: the chaos tests' victim.

Each record is noted by one line appended to a file before its verdict, as a handler's effect.
"""

import asyncio
import os
import sys
from pathlib import Path

from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.topics import Service, Topic
from services.kernel.contracts.verdicts import Ack, Verdict
from services.kernel.ports.bus import IncomingRecord, Route

GROUP = "parser.tests"
TOPIC = Topic("test.storm.v1", Service.GATEWAY, (GROUP,), "key", 3_600_000, "A storm.")


async def work(bus_file: Path, notes: Path) -> None:
    """Handle for ever."""
    # A lease longer than any test: only the death of its holder may free a key.
    bus = SqliteBus(
        bus_file,
        clock=SystemClock(),
        catalogue=(TOPIC,),
        poll_seconds=0.05,
        lease_seconds=3600,
    )
    descriptor = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def deliver(record: IncomingRecord) -> Verdict:
        os.write(descriptor, f"{record.key} {record.value.decode()}\n".encode())
        await asyncio.sleep(0.002)
        return Ack()

    await bus.start([Route(TOPIC.name, GROUP, deliver, 4)])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), Path(sys.argv[2])))
