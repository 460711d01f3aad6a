"""A new generation of the index beside the one that serves, filled from the records.

1. The row `filling` is written: from now on every writer of these models writes both.
2. Passes until little is missing; whoever committed before (1) is found in the records.
3. The row `kept` for the one that serves, then the switch, then the row `serving`.
4. One more pass, for a writer of other models, which could not write the new one.

A crash at any place is taken up by running it again. The one before stays and is written, so that
going back loses nothing; it is dropped by hand, or when the next one is made.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Final

import orjson

from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput, NotFound
from services.kernel.ports.clock import Clock
from services.kernel.ports.generations import Generation, Generations
from services.kernel.ports.index import Identity
from services.kernel.ports.records import ReindexState
from services.kernel.ports.store import Database
from services.memorizer.handlers.filling import PAGE, Filler
from services.memorizer.handlers.indexing import IndexWriter, OtherGeneration
from services.memorizer.handlers.ports import (
    GenerationRow,
    GenerationState,
    GenerationStore,
    RecordStore,
)

_TOLD_EVERY: Final = 2_000
# Below this share of the records, a search would miss so much that the service is not ready.
_ENOUGH: Final = 0.9


def fingerprint(identity: Identity) -> str:
    """The same for the same models."""
    return hashlib.sha256(orjson.dumps(asdict(identity), option=orjson.OPT_SORT_KEYS)).hexdigest()


class LiveGenerations:
    """Implements `indexing.OtherGenerations` by the rows of `generations`."""

    def __init__(
        self,
        *,
        database: Database,
        store: GenerationStore,
        generations: Generations,
        identity: Identity,
    ) -> None:
        self._database = database
        self._store = store
        self._generations = generations
        self._ours = fingerprint(identity)

    async def now(self) -> Mapping[str, OtherGeneration]:
        async with self._database.read() as tx:
            rows = await self._store.live(tx)
        found = {}
        for row in rows:
            try:
                generation = await self._generations.get(row.name)
            except NotFound:  # dropped, or the folder was deleted
                continue
            same_models = row.identity == self._ours
            found[row.name] = OtherGeneration(generation.index, same_models)
        return found


class Reindexing:
    """Fills, switches, goes back and drops. One run at a time in a process; two processes that
    run it at once only do the work twice.
    """

    def __init__(
        self,
        *,
        database: Database,
        records: RecordStore,
        store: GenerationStore,
        generations: Generations,
        identity: Identity,
        writer: IndexWriter,
        clock: Clock,
    ) -> None:
        self._database = database
        self._records = records
        self._store = store
        self._generations = generations
        self._identity = identity
        self._writer = writer
        self._clock = clock
        self._busy = asyncio.Lock()
        self._asked = asyncio.Event()
        self._refilling = ""
        self._error = ""

    async def run(self) -> ReindexState:
        """A new generation, or the unfinished one, filled and serving on return."""
        async with self._busy:
            self._error = ""
            target, former = await self._begin()
            filler = self._filler(target)
            written = await filler.settle(lambda count: self._tell(target, count))
            await self._switch(target, former)
            written += await filler.fill()
            await filler.remove_leftovers()
            await self._set(target, "serving", written=written, ended=True)
        return await self.status()

    async def roll_back(self) -> ReindexState:
        """The previous generation, brought up to date, serves again. NotFound when there is
        none; InvalidInput when it was made with other models than are configured.
        """
        async with self._busy:
            current, previous = await self._pair()
            if previous is None:
                raise NotFound("There is no earlier generation of the index to go back to.")
            if previous.identity != self._identity:
                raise InvalidInput(
                    f"Generation {previous.name} was made with other models "
                    f"({_said(previous.identity)}): configure them, then go back with "
                    "`memloom reindex --roll-back`."
                )
            filler = self._filler(previous)
            await filler.settle()
            if current is not None:
                await self._set(current, "kept")
            await self._generations.roll_back()
            await filler.settle()
            await self._set(previous, "serving", ended=True)
        return await self.status()

    async def drop_previous(self) -> str:
        """Its name; NotFound when there is none."""
        async with self._busy:
            _, previous = await self._pair()
            if previous is None:
                raise NotFound("There is no earlier generation of the index.")
            await self._drop(previous.name)
            return previous.name

    async def status(self) -> ReindexState:
        """What serves, what is being filled and how far, and what can be gone back to."""
        current, previous = await self._pair()
        async with self._database.read() as tx:
            rows = {row.name: row for row in await self._store.all(tx)}
            total = await self._records.count_activated(tx)
        filling = next((row for row in rows.values() if row.state == "filling"), None)
        shown = filling or (rows.get(current.name) if current else None)
        return ReindexState(
            serving=current.name if current else "",
            filling=filling.name if filling else "",
            previous=previous.name if previous else "",
            written=shown.written if shown else 0,
            records=total,
            started_at=shown.started_at if shown else 0,
            ended_at=shown.ended_at if shown and not filling else None,
            error=self._error or (filling.error if filling else ""),
        )

    def start(self) -> None:
        """Ask the background task for a run; harmless while one runs."""
        self._asked.set()

    async def serve(self) -> None:
        """The background task: mends what serves, takes up what a crash left, then runs on
        demand. Ends only when it is cancelled.
        """
        await self.mend()
        async with self._database.read() as tx:
            unfinished = [row for row in await self._store.live(tx) if row.state == "filling"]
        if unfinished:
            self._asked.set()
        while True:
            await self._asked.wait()
            try:
                await self.run()
            except DependencyUnavailable as error:  # later, from where it stopped
                self._error = error.message
                await self._clock.sleep(5.0)
                continue
            except InvalidInput as error:
                self._error = error.message
            self._asked.clear()

    async def mend(self) -> int:
        """Fill the serving generation where it holds less or more than the records, as after
        its folder was deleted; how many were written.
        """
        current = await self._generations.current()
        if current is None or current.identity != self._identity:
            return 0
        async with self._database.read() as tx:
            wanted = await self._records.count_activated(tx)
        held = await current.index.count()
        if held == wanted:
            return 0
        few = held < wanted * _ENOUGH
        if few:
            self._refilling = f"{held} of {wanted} records"

        async def tell(written: int) -> None:
            if few:
                self._refilling = f"{held + written} of {wanted} records"

        try:
            async with self._busy:
                return await self._filler(current).settle(tell)
        finally:
            self._refilling = ""

    async def check(self) -> None:
        """Readiness: DependencyUnavailable while what serves is being filled again."""
        if self._refilling:
            raise DependencyUnavailable(f"the index is being filled again: {self._refilling}")

    async def _begin(self) -> tuple[Generation, Generation | None]:
        current, former = await self._pair()
        async with self._database.read() as tx:
            rows = {row.name: row for row in await self._store.all(tx)}
        ours = fingerprint(self._identity)
        for name in await self._generations.names():
            if name in {found.name for found in (current, former) if found is not None}:
                continue
            row = rows.get(name)
            if row is None or row.state != "filling" or row.identity != ours:
                await self._drop(name)
        for row in rows.values():
            if row.state == "filling" and current is not None and row.name == current.name:
                return current, None  # the crash came after the switch
        target = await self._generations.create(self._identity)
        await self._set(target, "filling", started=True)
        return target, former

    async def _switch(self, target: Generation, former: Generation | None) -> None:
        current = await self._generations.current()
        if current is not None and current.name != target.name:
            await self._set(current, "kept")
        await self._generations.activate(target.name)
        if former is not None and former.name not in {target.name, current and current.name}:
            await self._drop(former.name)

    async def _drop(self, name: str) -> None:
        await self._generations.drop(name)
        async with self._database.write() as tx:
            for row in await self._store.all(tx):
                if row.name == name:
                    await self._store.set(tx, replace(row, state="dropped"))

    async def _pair(self) -> tuple[Generation | None, Generation | None]:
        return await self._generations.current(), await self._generations.previous()

    def _filler(self, generation: Generation) -> Filler:
        return Filler(
            database=self._database,
            store=self._records,
            writer=self._writer.alone(generation.index),
        )

    async def _tell(self, generation: Generation, written: int) -> None:
        if written % _TOLD_EVERY < PAGE:
            await self._set(generation, "filling", written=written)

    async def _set(
        self,
        generation: Generation,
        state: GenerationState,
        *,
        written: int | None = None,
        started: bool = False,
        ended: bool = False,
    ) -> None:
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            known = {row.name: row for row in await self._store.all(tx)}
            row = known.get(generation.name) or GenerationRow(
                name=generation.name,
                state=state,
                identity=fingerprint(generation.identity),
                started_at=now,
            )
            if started and row.state != "filling":
                row = replace(row, started_at=now, ended_at=None, written=0)
            await self._store.set(
                tx,
                replace(
                    row,
                    state=state,
                    identity=fingerprint(generation.identity),
                    written=row.written if written is None else written,
                    ended_at=now if ended else row.ended_at,
                ),
            )


def _said(identity: Identity) -> str:
    return f"embedder {identity.embedder}, encoder {identity.encoder}"
