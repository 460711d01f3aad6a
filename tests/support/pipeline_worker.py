"""A process with a whole pipeline (door, ingest, parser) on embedded adapters, to be killed.

Ingest and parser each add 1 to the document's row, so that a doubled effect shows as 2.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.dialects.sqlite import insert

from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts import topics
from services.kernel.contracts.events import (
    DocumentStored,
    DocumentSubmitted,
    Envelope,
    Event,
)
from services.kernel.contracts.topics import Service
from services.kernel.ports.store import Transaction
from services.kernel.runtime.dispatch import Handler, Outcome, RetryRule, Subscription
from services.kernel.runtime.lifecycle import Runtime, ServiceParts, stop_signals
from services.kernel.runtime.settings import RuntimeSettings
from tests.support.events import stored
from tests.support.sql import THINGS, sqlite_database


def _adding(says: bool) -> Handler:
    async def handle(event: Event, _: Envelope) -> Outcome:
        assert isinstance(event, DocumentSubmitted | DocumentStored)
        await asyncio.sleep(0.005)

        async def apply(tx: Transaction) -> Sequence[Event]:
            statement = insert(THINGS).values(id=event.document_id, count=1)
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=[THINGS.c.id], set_={"count": THINGS.c.count + 1}
                )
            )
            return [stored(event.document_id)] if says else []

        return Outcome(apply=apply)

    return handle


def build(folder: Path) -> Runtime:
    """The pipeline over files in `folder`."""
    clock = SystemClock()
    # Killed often on purpose: what was only begun must not be given up.
    patient = RetryRule(attempts=50)
    parts = [
        ServiceParts(Service.GATEWAY, database=sqlite_database(folder, name="gateway.db")),
        ServiceParts(
            Service.INGEST,
            database=sqlite_database(folder, name="ingest.db"),
            subscriptions=[
                Subscription(
                    topics.DOCUMENTS,
                    "ingest.documents",
                    {DocumentSubmitted: _adding(says=True)},
                    retry=patient,
                )
            ],
        ),
        ServiceParts(
            Service.PARSER,
            database=sqlite_database(folder, name="parser.db"),
            subscriptions=[
                Subscription(
                    topics.STORED,
                    "parser.documents",
                    {DocumentStored: _adding(says=False)},
                    retry=patient,
                )
            ],
        ),
    ]
    bus = SqliteBus(folder / "bus.db", clock=clock)
    return Runtime(parts, bus=bus, clock=clock, settings=RuntimeSettings(grace_seconds=10))


async def main() -> None:
    with stop_signals() as until:
        runtime = build(Path(sys.argv[1]))
        await runtime.start()
        await until.wait()
        await runtime.stop()


if __name__ == "__main__":
    asyncio.run(main())
