"""A file read piece by piece, off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import BinaryIO, Final

_PIECE: Final = 1 << 20


def pieces(source: BinaryIO, offset: int) -> Iterator[bytes]:
    """The bytes from the offset on, some at a time."""
    source.seek(offset)
    while piece := source.read(_PIECE):
        yield piece


async def all_of(start: bytes, rest: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The start and the rest, read and decoded off the event loop."""
    yield start
    while piece := await asyncio.to_thread(next, rest, b""):
        yield piece
