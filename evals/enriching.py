"""What a chat model adds to a document of many passages, and what it costs; and what its faults do.

    python -m evals.enriching [--passages 201]

The memorizer's handlers over a real database, beside a deterministic model server that is made
slow, failing, rate-limited, nonsensical and outside its schema in turn. Printed: calls, tokens and
statements, calls of the same document again, and for each fault what was lost or wrongly stored.
"""

import argparse
import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.kernel.contracts.events import DocumentProgressed
from services.kernel.contracts.records import Kind, MemoryRecord
from services.memorizer.store.tables import ENRICHMENTS
from tests.integration.memorizer import test_enriching as played
from tests.support.memorizing import Memorizer, sent
from tests.support.model_server import Mode, ModelServer

_FAULTS: tuple[Mode, ...] = ("slow", "failing", "limited", "nonsense", "wrong_schema", "garbage")
_MADE_UP = ("987654", "yacht")
_ROUNDS = 24
_A_SECTION = 3  # passages of each section of the played document


@dataclass(frozen=True)
class Seen:
    """What stands after a run."""

    passages: int
    statements: int
    wrong: int
    pending: int
    calls: int
    tokens: int


async def look(service: Memorizer, identifier: str = "d1") -> Seen:
    async with service.database.read() as tx:
        parts = await service.store.of_document(tx, "p", identifier, [Kind.PASSAGE, Kind.SUMMARY])
        mine = await service.store.of_owner(tx, "p", played.USER, list(Kind), [])
    told = [one for one in await sent(service) if isinstance(one, DocumentProgressed)]
    made = [one for one in parts if one.detail.get("generated")]
    return Seen(
        passages=sum(one.kind is Kind.PASSAGE for one in parts),
        statements=len(made),
        wrong=sum(is_wrong(one) for one in (*parts, *mine)),
        pending=await played.rows(service, ENRICHMENTS),
        calls=told[-1].model_calls if told else 0,
        tokens=told[-1].model_tokens if told else 0,
    )


def is_wrong(record: MemoryRecord) -> bool:
    return any(words in record.value for words in _MADE_UP)


async def whole(folder: Path, server: ModelServer, sections: int) -> None:
    played.SECTIONS = sections
    async with played.enriched(folder, server) as service:
        await played.add_document(service)
        await played.work_through(service)
        first = await look(service)
        asked = server.state.counts["chat"]
        await played.add_document(service, "d2")
        await played.work_through(service)
        again = await look(service, "d2")
        print(
            f"{first.passages} passages: {first.calls} calls, {first.tokens} tokens, "
            f"{first.statements} statements, {first.wrong} unsupported stored\n"
            f"the same document again: {server.state.counts['chat'] - asked} calls, "
            f"{again.statements} statements from the cache"
        )


async def faulty(folder: Path, server: ModelServer, mode: Mode) -> None:
    played.SECTIONS = 12
    async with played.enriched(folder, server, seconds=1.0) as service:
        server.be(mode, seconds=2.0)
        await played.add_document(service)
        await service.handle(played.told())
        for _ in range(3):
            await played.work_through(service)
            service.clock.now += 120_000
        down = await look(service)
        server.be("ok")
        for _ in range(_ROUNDS):
            service.clock.now += 120_000
            await played.work_through(service)
        up = await look(service)
        print(
            f"| {mode} | {down.passages} of {up.passages} | {down.statements} | {down.wrong} "
            f"| {down.pending} | {up.statements} | {up.wrong} | {up.pending} |"
        )


async def run(sections: int) -> None:
    with ModelServer() as server:
        server.state.answer = played._answer  # noqa: SLF001 - the played model of the tests
        with tempfile.TemporaryDirectory() as folder:
            await whole(Path(folder), server, sections)
        print("| fault | searchable | made | wrong | pending | later made | wrong | pending |")
        print("|---|---|---|---|---|---|---|---|")
        for mode in _FAULTS:
            with tempfile.TemporaryDirectory() as folder:
                await faulty(Path(folder), server, mode)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=201)
    asyncio.run(run(parser.parse_args().passages // _A_SECTION))


if __name__ == "__main__":
    main()
