"""What both stores of generations share: names, the mismatch said aloud, the index that follows."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any, Final
from uuid import UUID

from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import MemoryRecord
from services.kernel.contracts.scope import IndexFilter
from services.kernel.ports.index import Hit, Identity, Index, Point, Query

FIRST: Final = 1


def next_name(known: Iterable[str]) -> str:
    """`g0001`, or the one after the highest."""
    highest = max((number_of(name) or 0 for name in known), default=FIRST - 1)
    return f"g{highest + 1:04d}"


def number_of(name: str) -> int | None:
    """Number of a generation's name, None for what is no such name."""
    return int(name[1:]) if name[:1] == "g" and name[1:].isdecimal() else None


def identity_to(identity: Identity) -> dict[str, Any]:
    """As plain JSON."""
    return asdict(identity)


def identity_from(stored: dict[str, Any]) -> Identity:
    """From plain JSON; what a newer version added is left out."""
    known = {field.name for field in fields(Identity)}
    return Identity(**{key: value for key, value in stored.items() if key in known})


def refuse_mismatch(made_with: Identity, configured: Identity) -> None:
    """InvalidInput that names each difference and both ways out."""
    old, new = identity_to(made_with), identity_to(configured)
    differences = [
        f"{name} {old[name]!r}, configured is {new[name]!r}"
        for name in old
        if old[name] != new[name]
    ]
    if differences:
        raise InvalidInput(
            f"The index was made with {'; '.join(differences)}. Configure again what it was made "
            "with, or fill a new generation with `memloom reindex`."
        )


class ServingIndex:
    """`Index` that asks for the current generation at every call."""

    def __init__(self, current: Callable[[], Awaitable[Index]]) -> None:
        self._current = current

    async def upsert(self, points: Sequence[Point]) -> None:
        await (await self._current()).upsert(points)

    async def search(self, queries: Sequence[Query]) -> list[list[Hit]]:
        return await (await self._current()).search(queries)

    async def retrieve(self, where: IndexFilter, *, limit: int = 1000) -> list[MemoryRecord]:
        return await (await self._current()).retrieve(where, limit=limit)

    async def delete(self, where: IndexFilter) -> None:
        await (await self._current()).delete(where)

    async def delete_ids(self, ids: Sequence[UUID]) -> None:
        await (await self._current()).delete_ids(ids)

    async def count(self, where: IndexFilter | None = None) -> int:
        return await (await self._current()).count(where)

    async def flush(self) -> None:
        await (await self._current()).flush()

    async def check(self) -> None:
        await (await self._current()).check()

    async def close(self) -> None:
        """Its generations are closed by their store."""
