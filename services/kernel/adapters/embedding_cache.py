"""Vectors that were asked for before, kept in memory: for any embedder."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256

from services.kernel.ports.models import Embedder

Vector = tuple[float, ...]


class CachingEmbedder:
    """`Embedder` that keeps the last `capacity` vectors (least recently used go first), sends
    equal texts of one call once, and lets equal queries at the same moment share one call. Texts
    are kept as digests only, and nothing is written to disk.
    """

    def __init__(self, inner: Embedder, *, capacity: int = 20_000) -> None:
        self._inner = inner
        self._capacity = capacity
        self._kept: OrderedDict[bytes, Vector] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Vector]] = {}

    @property
    def identity(self) -> str:
        return self._inner.identity

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._inner.languages

    async def documents(self, texts: Sequence[str]) -> list[Vector]:
        keys = [_key("document", text) for text in texts]
        found = {key: vector for key in keys if (vector := self._look_up(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            vectors = await self._inner.documents(list(missing.values()))
            for key, vector in zip(missing, vectors, strict=True):
                found[key] = vector
                self._keep(key, vector)
        return [found[key] for key in keys]

    async def query(self, text: str) -> Vector:
        key = _key("query", text)
        kept = self._look_up(key)
        if kept is not None:
            return kept
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._inner.query(text))
            task.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(task)  # one caller's cancellation is not the others'

    def _answered(self, key: bytes, task: asyncio.Task[Vector]) -> None:
        self._asking.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            self._keep(key, task.result())

    def _look_up(self, key: bytes) -> Vector | None:
        vector = self._kept.get(key)
        if vector is not None:
            self._kept.move_to_end(key)
        return vector

    def _keep(self, key: bytes, vector: Vector) -> None:
        if self._capacity <= 0:
            return
        self._kept[key] = vector
        self._kept.move_to_end(key)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


def _key(side: str, text: str) -> bytes:
    return sha256(f"{side}\0{text}".encode("utf-8", "surrogatepass")).digest()
