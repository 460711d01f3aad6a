"""What is the filesystem's own: leftovers of a killed process."""

import time
from pathlib import Path

from services.kernel.adapters.filesystem_blobs import FilesystemBlobs


async def test_what_a_killed_process_was_writing_is_swept(tmp_path: Path) -> None:
    blobs = FilesystemBlobs(tmp_path)
    await blobs.put("kept", b"x")
    leftover = tmp_path / ".writing" / "half"
    leftover.write_bytes(b"half")
    assert await blobs.sweep(60, now=time.time()) == 0
    assert await blobs.sweep(60, now=time.time() + 120) == 1
    assert not leftover.exists()
    assert await blobs.get("kept") == b"x"


async def test_a_blob_and_a_folder_may_have_one_name(tmp_path: Path) -> None:
    blobs = FilesystemBlobs(tmp_path)
    await blobs.put("a", b"1")
    await blobs.put("a/b", b"2")
    assert (await blobs.get("a"), await blobs.get("a/b")) == (b"1", b"2")


async def test_empty_folders_do_not_stay(tmp_path: Path) -> None:
    blobs = FilesystemBlobs(tmp_path)
    await blobs.put("a/b/c", b"1")
    await blobs.move("a/b/c", "x/y")
    await blobs.delete("x/y")
    assert list((tmp_path / "blobs").iterdir()) == []
