"""A Memloom whose memorizer answers calls and hears no events: `python -m tests.support.deaf_server
PORT GRPC_PORT DATA`.
"""

import sys
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from services.embedded import EmbeddedSettings, Where, assemble
from services.kernel.adapters.process import Assembly, Resources, in_one_process, start
from services.kernel.contracts.topics import Service
from services.kernel.runtime.settings import load
from tests.support.embedded import Memloom


@dataclass
class HalfDeafMemloom(Memloom):
    """A Memloom whose memorizer can be made deaf to events: `deaf` says how it starts next."""

    deaf: bool = field(default=False)

    def command(self) -> list[str]:
        if not self.deaf:
            return super().command()
        where = (str(self.port), str(self.grpc_port), str(self.data))
        return [sys.executable, "-m", "tests.support.deaf_server", *where]

    def again(self, *, deaf: bool) -> None:
        """Stop it, and start it anew."""
        self.stop()
        self.deaf = deaf
        self.start()


async def _without_ears(where: Where, settings: EmbeddedSettings, resources: Resources) -> Assembly:
    whole = await assemble(where, settings, resources)
    parts = [
        replace(part, subscriptions=()) if part.name is Service.MEMORIZER else part
        for part in whole.parts
    ]
    return replace(whole, parts=parts)


def main(port: str, grpc_port: str, data: str) -> None:
    where = Where(port=int(port), grpc_port=int(grpc_port), data=Path(data))
    settings = load(EmbeddedSettings, data=where.data)
    with in_one_process(settings) as ours:
        start(ours, partial(_without_ears, where), name="memloom", alone=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
