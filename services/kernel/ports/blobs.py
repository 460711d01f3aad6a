"""Blobs: immutable bytes under a path."""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """Size in bytes and SHA-256 in hex of a stored blob."""

    path: str
    size: int
    sha256: str


class Blobs(Protocol):
    """Contract: `tests/contract/blobs`. Paths are `/`-separated, relative, any Unicode but a
    backslash, and no path is another's folder; one that leaves its root is InvalidInput. A write
    is visible whole or not at all.
    """

    async def put(
        self, path: str, chunks: AsyncIterable[bytes] | bytes, *, limit: int | None = None
    ) -> BlobInfo:
        """Store (replacing), streaming. More than `limit` bytes: InvalidInput FILE_TOO_LARGE,
        nothing stored. Durable on return.
        """
        ...

    def stream(self, path: str, *, chunk_size: int = 1 << 20) -> AsyncIterator[bytes]:
        """The bytes, in chunks; NotFound."""
        ...

    async def get(self, path: str, *, limit: int = 64 << 20) -> bytes:
        """The bytes whole; NotFound; InvalidInput above `limit`."""
        ...

    def as_file(self, path: str) -> AbstractAsyncContextManager[Path]:
        """A local file with these bytes, read-only, valid inside the context; NotFound."""
        ...

    async def info(self, path: str) -> BlobInfo | None:
        """What is stored there, or None."""
        ...

    async def move(self, source: str, target: str) -> None:
        """Rename; NotFound. Repeating it after success is harmless (source gone, target there)."""
        ...

    async def delete(self, path: str) -> bool:
        """Remove; False where there was nothing."""
        ...

    async def delete_prefix(self, prefix: str) -> int:
        """Remove all below `prefix` (which ends in `/`); how many."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[str]:
        """Paths below `prefix`, in order."""
        ...

    async def check(self) -> None:
        """DependencyUnavailable when it cannot be used now."""
        ...
