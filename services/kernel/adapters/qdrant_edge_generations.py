"""Generations as folders: `<root>/g0001/{identity.json,points/}`, and a pointer file that is
replaced atomically.
"""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from services.kernel.adapters.disk_space import EMPTY_INDEX_BYTES, DiskSpace
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.adapters.qdrant_generations import (
    ServingIndex,
    identity_from,
    identity_to,
    next_name,
    number_of,
    refuse_mismatch,
)
from services.kernel.contracts.errors import Conflict, DependencyUnavailable, NotFound
from services.kernel.ports.generations import Generation
from services.kernel.ports.index import Identity, Index

POINTER: Final = "generations.json"
IDENTITY: Final = "identity.json"
POINTS: Final = "points"


class EdgeGenerations:
    """`Generations` below one folder; one process at a time, which opens each at most once."""

    def __init__(self, root: Path, *, space: DiskSpace | None = None) -> None:
        self._space = space
        self._root = root
        self._opened: dict[str, Generation] = {}
        self._serving: Generation | None = None
        self._lock = asyncio.Lock()

    async def ensure(self, identity: Identity) -> Generation:
        async with self._lock:
            name = self._pointer()["current"]
            if name is None:
                name = (await self._create(identity)).name
                self._point(current=name, previous=None)
            refuse_mismatch(self._identity(name), identity)
            return await self._get(name)

    async def current(self) -> Generation | None:
        return await self._pointed("current")

    async def previous(self) -> Generation | None:
        return await self._pointed("previous")

    async def names(self) -> Sequence[str]:
        return self._names()

    async def get(self, name: str) -> Generation:
        async with self._lock:
            return await self._get(name)

    async def create(self, identity: Identity) -> Generation:
        async with self._lock:
            return await self._create(identity)

    async def activate(self, name: str) -> None:
        async with self._lock:
            await self._get(name)
            pointer = self._pointer()
            if pointer["current"] != name:
                self._point(current=name, previous=pointer["current"])

    async def roll_back(self) -> Generation:
        async with self._lock:
            pointer = self._pointer()
            if pointer["previous"] is None:
                raise NotFound("There is no earlier generation of the index to go back to.")
            found = await self._get(pointer["previous"])
            self._point(current=pointer["previous"], previous=pointer["current"])
            return found

    async def drop(self, name: str) -> None:
        async with self._lock:
            pointer = self._pointer()
            if pointer["current"] == name:
                raise Conflict(f"Generation {name} serves: activate another one first.")
            if pointer["previous"] == name:
                self._point(current=pointer["current"], previous=None)
            opened = self._opened.pop(name, None)
            if opened is not None:
                await opened.index.close()
            folder = self._root / name
            if number_of(name) is not None and folder.is_dir():
                gone = folder.with_name(f"{name}.dropped")
                folder.replace(gone)
                await asyncio.to_thread(shutil.rmtree, gone, ignore_errors=True)

    def serving(self) -> Index:
        return ServingIndex(self._serving_index)

    async def close(self) -> None:
        async with self._lock:
            self._serving = None
            for name in list(self._opened):
                await self._opened.pop(name).index.close()

    async def _serving_index(self) -> Index:
        if self._serving is None:
            self._serving = await self.current()
        if self._serving is None:
            raise NotFound("The index has no generation yet.")
        return self._serving.index

    async def _pointed(self, which: str) -> Generation | None:
        async with self._lock:
            name = self._pointer()[which]
            return None if name is None else await self._get(name)

    async def _create(self, identity: Identity) -> Generation:
        pointer = self._pointer()
        for name in self._names():
            unfinished = name not in pointer.values()
            if unfinished and self._identity(name) == identity:
                return await self._get(name)
        if self._space is not None:
            self._space.require(EMPTY_INDEX_BYTES)
        name = next_name(self._names())
        making = self._root / f"{name}.making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        _write_safely(making / IDENTITY, identity_to(identity))
        making.replace(self._root / name)
        return await self._get(name)

    async def _get(self, name: str) -> Generation:
        if name not in self._opened:
            identity = self._identity(name)
            index = await QdrantEdgeIndex.open(
                self._root / name / POINTS, dimension=identity.dimension, space=self._space
            )
            self._opened[name] = Generation(name, identity, index)
        return self._opened[name]

    def _names(self) -> list[str]:
        if not self._root.is_dir():
            return []
        found = [entry.name for entry in self._root.iterdir() if number_of(entry.name) is not None]
        return sorted(found, key=lambda name: number_of(name) or 0)

    def _identity(self, name: str) -> Identity:
        path = self._root / name / IDENTITY
        if number_of(name) is None or not path.is_file():
            raise NotFound(f"The index has no generation {name}.")
        return identity_from(_read(path))

    def _pointer(self) -> dict[str, str | None]:
        """Whom the pointer names; a folder that is gone is as if never named, so that deleting
        the index folder by hand ends in a fresh one.
        """
        path = self._root / POINTER
        stored = _read(path) if path.is_file() else {}
        known = self._names()
        return {
            which: stored.get(which) if stored.get(which) in known else None
            for which in ("current", "previous")
        }

    def _point(self, *, current: str | None, previous: str | None) -> None:
        _write_safely(self._root / POINTER, {"current": current, "previous": previous})
        self._serving = None


def _read(path: Path) -> dict[str, Any]:
    try:
        stored = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise DependencyUnavailable(
            f"{path.name} of the index cannot be read ({error}): move the index folder away and "
            "run `memloom reindex`."
        ) from error
    return dict(stored)


def _write_safely(path: Path, value: dict[str, Any]) -> None:
    """Whole or not at all, and durable on return."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.writing")
    with aside.open("wb") as file:
        file.write(orjson.dumps(value, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
