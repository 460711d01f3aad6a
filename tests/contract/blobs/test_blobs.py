"""What every blob store keeps to. Not seen here: a server that goes away (chaos on the stack)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.adapters.minio_blobs import MinioBlobs
from services.kernel.contracts.errors import Code, InvalidInput, NotFound
from services.kernel.ports.blobs import Blobs
from tests.support.stack import minio_settings


@pytest.fixture(params=["filesystem", pytest.param("minio", marks=pytest.mark.real)])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "minio":
        return MinioBlobs(minio_settings())
    return FilesystemBlobs(tmp_path / "blobs")


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _paths(blobs: Blobs, prefix: str = "") -> list[str]:
    return [path async for path in blobs.list(prefix)]


async def test_what_was_put_is_there_with_size_and_hash(blobs: Blobs) -> None:
    info = await blobs.put("a/b/c.pdf", _chunks(b"one", b"", b"two"))
    assert (info.path, info.size) == ("a/b/c.pdf", 6)
    assert info.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert await blobs.get("a/b/c.pdf") == b"onetwo"
    assert await blobs.info("a/b/c.pdf") == info
    assert await blobs.put("a/b/c.pdf", b"replaced") != info
    assert await blobs.get("a/b/c.pdf") == b"replaced"


async def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    info = await blobs.put("empty", b"")
    assert info.size == 0
    assert await blobs.get("empty") == b""
    assert await _paths(blobs) == ["empty"]


async def test_a_large_blob_streams_in_chunks(blobs: Blobs) -> None:
    chunk = bytes(range(256)) * 4096
    info = await blobs.put("large", _chunks(*[chunk] * 20))
    assert info.size == 20 << 20
    seen = [len(part) async for part in blobs.stream("large", chunk_size=1 << 20)]
    assert sum(seen) == 20 << 20
    assert max(seen) <= 1 << 20
    digest = hashlib.sha256()
    async for part in blobs.stream("large"):
        digest.update(part)
    assert digest.hexdigest() == info.sha256


async def test_what_is_not_there_is_not_found(blobs: Blobs) -> None:
    assert await blobs.info("none") is None
    assert not await blobs.delete("none")
    with pytest.raises(NotFound):
        await blobs.get("none")
    with pytest.raises(NotFound):
        [part async for part in blobs.stream("none")]
    with pytest.raises(NotFound):
        await blobs.move("none", "other")
    with pytest.raises(NotFound):
        async with blobs.as_file("none"):
            pass


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../../x", "a//b", "./a", "a/."])
async def test_a_path_that_leaves_its_root_is_refused(blobs: Blobs, path: str) -> None:
    with pytest.raises(InvalidInput):
        await blobs.put(path, b"x")
    with pytest.raises(InvalidInput):
        await blobs.get(path)


@pytest.mark.parametrize(
    "path",
    ["报销制度/第一章.pdf", "a b/c+d%20e", "ümlaut/é", 'q"<>|?*:x', "...", "a./b..", "emoji/📄"],
)
async def test_any_unicode_is_a_path(blobs: Blobs, path: str) -> None:
    await blobs.put(path, b"x")
    assert await blobs.get(path) == b"x"
    assert await _paths(blobs) == [path]


async def test_too_many_bytes_store_nothing(blobs: Blobs) -> None:
    await blobs.put("kept", b"before")
    with pytest.raises(InvalidInput) as caught:
        await blobs.put("kept", _chunks(b"123", b"456"), limit=5)
    assert caught.value.code is Code.FILE_TOO_LARGE
    with pytest.raises(InvalidInput):
        await blobs.put("new", b"123456", limit=5)
    assert await blobs.get("kept") == b"before"
    assert await _paths(blobs) == ["kept"]
    assert (await blobs.put("new", b"12345", limit=5)).size == 5


async def test_a_source_that_breaks_stores_nothing(blobs: Blobs) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("the client went away")

    with pytest.raises(ConnectionError):
        await blobs.put("half", broken())
    assert await blobs.info("half") is None
    assert await _paths(blobs) == []


async def test_a_cancelled_upload_stores_nothing(blobs: Blobs) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"half"
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(blobs.put("half", endless()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await blobs.info("half") is None


async def test_get_has_a_limit(blobs: Blobs) -> None:
    await blobs.put("x", b"12345")
    assert await blobs.get("x", limit=5) == b"12345"
    with pytest.raises(InvalidInput):
        await blobs.get("x", limit=4)


async def test_as_file_is_a_local_file_for_a_while(blobs: Blobs) -> None:
    await blobs.put("doc.pdf", b"bytes")
    async with blobs.as_file("doc.pdf") as path:
        assert path.read_bytes() == b"bytes"
        await blobs.put("doc.pdf", b"newer")
        await blobs.delete("doc.pdf")
        assert path.read_bytes() == b"bytes"
    assert not path.exists()


async def test_moving_again_is_harmless(blobs: Blobs) -> None:
    await blobs.put("staged/x", b"1")
    await blobs.move("staged/x", "final/x")
    await blobs.move("staged/x", "final/x")
    assert await blobs.get("final/x") == b"1"
    assert await _paths(blobs) == ["final/x"]
    await blobs.put("staged/y", b"2")
    await blobs.move("staged/y", "final/x")
    assert await blobs.get("final/x") == b"2"


async def test_deleting_a_prefix_takes_what_is_below_and_no_sibling(blobs: Blobs) -> None:
    for path in ("a/1", "a/b/2", "ab/3", "a1"):
        await blobs.put(path, b"x")
    assert await blobs.delete_prefix("a/") == 2
    assert await _paths(blobs) == ["a1", "ab/3"]
    assert await blobs.delete_prefix("a/") == 0
    assert await blobs.delete("a1")
    assert not await blobs.delete("a1")
    with pytest.raises(InvalidInput):
        await blobs.delete_prefix("ab")


async def test_list_is_in_order_and_by_prefix(blobs: Blobs) -> None:
    for path in ("b", "a/2", "a/10", "a.x"):
        await blobs.put(path, b"x")
    assert await _paths(blobs) == ["a.x", "a/10", "a/2", "b"]
    assert await _paths(blobs, "a/") == ["a/10", "a/2"]
    assert await _paths(blobs, "none/") == []


async def test_writing_and_deleting_at_once_never_shows_half(blobs: Blobs) -> None:
    values = {bytes([n]) * 50_000 for n in range(8)}

    async def write() -> None:
        for value in values:
            await blobs.put("hot/x", value)

    async def remove() -> None:
        for _ in range(8):
            await blobs.delete("hot/x")

    async def read() -> list[bytes]:
        seen = []
        for _ in range(20):
            try:
                seen.append(await blobs.get("hot/x"))
            except NotFound:
                continue
        return seen

    _, _, seen = await asyncio.gather(write(), remove(), read())
    assert set(seen) <= values
    await blobs.put("hot/x", b"end")
    assert await blobs.get("hot/x") == b"end"


async def test_check_passes(blobs: Blobs) -> None:
    await blobs.check()
