"""A new generation beside the old one: filled while others write, through crashes, and back."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from memloom.v1 import records_pb2_grpc

from services.kernel.adapters.qdrant_edge_generations import EdgeGenerations
from services.kernel.adapters.records_grpc import GrpcRecords
from services.kernel.contracts.errors import InvalidInput, NotFound
from services.kernel.contracts.events import (
    BlobRef,
    DocumentParsed,
    DocumentRemoved,
    Message,
    MessagesRecorded,
    PassagesSegmented,
)
from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.kernel.contracts.scope import Scope
from services.kernel.ports.generations import Generation
from services.kernel.ports.index import Identity, Index, Point
from services.memorizer.servicer import RecordsServicer
from tests.support.memorizing import IDENTITY, Memorizer, memorizer, parsed_document, said
from tests.support.waiting import until

USER = Owner(type=OwnerType.USER, id="u")
KB = Owner(type=OwnerType.KNOWLEDGE_BASE, id="base1")
CITIES = ["Oslo", "Bergen", "Lisbon", "Porto", "Turin", "Graz", "Ghent", "Cork"]


class Died(BaseException):
    """The process, killed at this place."""


class Fragile:
    """Generations that die: at the nth write of a generation that does not serve, or around the
    switch.
    """

    def __init__(self, inner: EdgeGenerations, *, at: str = "", writes: int = 0) -> None:
        self._inner = inner
        self.at = at
        self.writes = writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def create(self, identity: Identity) -> Generation:
        made = await self._inner.create(identity)
        return Generation(made.name, made.identity, _Counting(made.index, self))

    async def activate(self, name: str) -> None:
        if self.at == "before the switch":
            raise Died
        await self._inner.activate(name)
        if self.at == "after the switch":
            raise Died


class _Counting:
    def __init__(self, inner: Index, of: Fragile) -> None:
        self._inner = inner
        self._of = of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def upsert(self, points: Sequence[Point]) -> None:
        await self._inner.upsert(points)
        if self._of.at == "while filling":
            self._of.writes -= 1
            if self._of.writes <= 0:
                raise Died


@asynccontextmanager
async def running(folder: Path, generations: Any = None) -> AsyncIterator[Memorizer]:
    """A process over the folder: the same records and generations as the one before."""
    edge = EdgeGenerations(folder / "index")
    try:
        async with memorizer(
            folder, generations=edge if generations is None else generations(edge)
        ) as service:
            await edge.ensure(IDENTITY)
            yield service
    finally:
        await edge.close()


async def document(service: Memorizer, number: int, sections: int = 40) -> DocumentRemoved:
    """Index a document; the event that would remove it."""
    identity = {
        "project_id": "p",
        "knowledgebase_id": "base1",
        "document_id": f"d{number}",
    }
    blob = await service.blobs.put(
        f"parsed/{number}", parsed_document(sections, f"Book {number}").model_dump_json().encode()
    )
    event = DocumentParsed(
        **identity,
        name=f"book{number}.md",
        parsed=BlobRef(path=blob.path, size=blob.size, sha256=blob.sha256),
    )
    for batch in await service.handle(event):
        if isinstance(batch, PassagesSegmented):
            await service.handle(batch)
    return DocumentRemoved(**identity, removed_at=service.clock.now)


def moved(number: int) -> MessagesRecorded:
    words = f"I live in {CITIES[number % len(CITIES)]}. I like the tea number {number} a lot."
    return MessagesRecorded(
        project_id="p",
        owner=USER,
        conversation_id=f"c{number}",
        task_id=f"t{number}",
        user_id="u",
        messages=(
            Message(id=f"m{number}", role="user", text=words, chat_time=1_765_000_000_000 + number),
        ),
        recorded_at=1_765_000_000_000 + number,
    )


async def holds(index: Index) -> dict[str, tuple[int, str]]:
    found = []
    for owner in (USER, KB):
        where = Scope(project_id="p").owner(owner)
        found += await index.retrieve(where, limit=100_000)
    assert await index.count() == len(found)
    return {str(record.id): (record.revision, record.value) for record in found}


async def current(service: Memorizer) -> dict[str, tuple[int, str]]:
    return await holds(service.generations.serving())


async def test_a_deleted_index_is_filled_again_at_the_start(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await document(service, 1)
        await service.handle(moved(1))
        before = await current(service)
    assert len(before) > 40
    shutil.rmtree(tmp_path / "index")
    async with running(tmp_path) as service:
        assert await current(service) == {}
        assert await service.reindexing.mend() == len(before)
        assert await current(service) == before
        await service.reindexing.check()
        assert await service.reindexing.mend() == 0


async def test_what_the_index_has_too_much_is_removed(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        removal = await document(service, 1, sections=3)
        await document(service, 2, sections=3)
        async with service.database.write() as tx:  # and the process dies before the index
            await service.store.bury_document(tx, removal)
            await service.store.erase_document(tx, "p", "d1", below_revision=None)
        await service.reindexing.mend()
        assert await current(service) == await said(service)


@pytest.mark.parametrize(
    ("at", "writes"),
    [("", 0), ("while filling", 2), ("before the switch", 0), ("after the switch", 0)],
)
async def test_writes_go_on_while_it_fills_and_dies(tmp_path: Path, at: str, writes: int) -> None:
    async with running(tmp_path) as service:
        removals = [await document(service, number) for number in range(4)]
        for number in range(6):
            await service.handle(moved(number))

    async def write(service: Memorizer, numbers: range) -> None:
        for number in numbers:
            await service.handle(moved(number))
            await asyncio.sleep(0)
        await service.handle(removals[numbers.start % 4])
        page = await service.commands.page("p", USER, [Kind.FACT, Kind.PREFERENCE])
        await service.commands.delete("p", [page.records[-1].id])
        await service.commands.edit("p", page.records[0].id, content="I said it better.")

    if at:
        async with running(tmp_path, lambda edge: Fragile(edge, at=at, writes=writes)) as service:
            writing = asyncio.create_task(write(service, range(6, 9)))
            with pytest.raises(Died):
                await service.reindexing.run()
            await writing
            # Whoever did not die goes on writing what lives.
            await write(service, range(9, 11))
            assert await current(service) == await said(service)
    async with running(tmp_path) as service:
        state, _ = await asyncio.gather(service.reindexing.run(), write(service, range(11, 16)))
        assert (state.serving, state.previous, state.filling) == ("g0002", "g0001", "")
        assert await current(service) == await said(service)
        # The one before is kept and written: going back loses nothing.
        await write(service, range(16, 18))
        kept = await service.generations.get("g0001")
        assert await holds(kept.index) == await said(service)
        back = await service.reindexing.roll_back()
        assert (back.serving, back.previous) == ("g0001", "g0002")
        assert await current(service) == await said(service)
        assert await service.reindexing.drop_previous() == "g0002"
        await write(service, range(18, 20))
        assert await current(service) == await said(service)
        with pytest.raises(NotFound):
            await service.reindexing.roll_back()


async def test_the_background_takes_up_what_a_crash_left(tmp_path: Path) -> None:
    async with running(
        tmp_path, lambda edge: Fragile(edge, at="while filling", writes=1)
    ) as service:
        await document(service, 1)
        with pytest.raises(Died):
            await service.reindexing.run()
        assert (await service.reindexing.status()).filling == "g0002"
    async with running(tmp_path) as service:
        background = asyncio.create_task(service.reindexing.serve())

        async def done() -> bool:
            state = await service.reindexing.status()
            return (state.serving, state.filling) == ("g0002", "")

        await until(done)
        background.cancel()
        assert await current(service) == await said(service)


async def test_a_second_reindex_leaves_two_generations(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await document(service, 1, sections=3)
        await service.reindexing.run()
        state = await service.reindexing.run()
        assert (state.serving, state.previous) == ("g0003", "g0002")
        assert await service.generations.names() == ["g0002", "g0003"]
        assert await current(service) == await said(service)


async def test_other_models_are_gone_back_to_only_when_configured(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await document(service, 1, sections=3)
        other = await service.generations.create(Identity(encoder="another"))
        await service.generations.activate(other.name)
        assert (await service.reindexing.run()).previous == other.name
        with pytest.raises(InvalidInput, match="another"):
            await service.reindexing.roll_back()


async def test_a_delete_that_dies_before_the_index_is_swept(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await service.handle(moved(1))
        identifier = UUID(next(iter(await said(service))))
        async with service.database.write() as tx:
            await service.store.erase(tx, "p", [identifier])
        assert str(identifier) in await current(service)
        assert await service.sweeper.sweep() == 1
        assert await current(service) == await said(service)
        assert await service.sweeper.sweep() == 0


async def test_a_running_server_reindexes_on_demand(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        await document(service, 1, sections=3)
        server = grpc.aio.server()
        records_pb2_grpc.add_RecordsServicer_to_server(
            RecordsServicer(service.commands, service.reindexing, service.reconciling), server
        )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        background = asyncio.create_task(service.reindexing.serve())
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            records = GrpcRecords(channel, token="")
            assert (await records.start_reindex()).serving in {"g0001", "g0002"}

            async def done() -> bool:
                state = await records.reindex_state()
                return (state.serving, state.filling) == ("g0002", "")

            await until(done)
            state = await records.reindex_state()
            assert state.written == state.records == await service.generations.serving().count()
            assert (await records.roll_back_index()).serving == "g0001"
            assert (await records.drop_previous_index()).previous == ""
        background.cancel()
        await server.stop(None)
