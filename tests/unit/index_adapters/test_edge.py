"""What only the embedded engine has: a folder, its lock, and a process that may be killed."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from tests.support.index import point, sparse, where
from tests.support.shared import ROOT

WRITER = """
import asyncio, os, signal, sys
from pathlib import Path
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from tests.support.index import number, point, sparse, where

async def main() -> None:
    index = await QdrantEdgeIndex.open(Path(sys.argv[1]), dimension=3)
    await index.upsert([point(n, sparse(t7=1.0), dense=(1.0, n, 0.0)) for n in range(500)])
    await index.flush()
    await index.upsert([point(n, sparse(t8=1.0), dense=(0.0, 1.0, n)) for n in range(500, 1000)])
    await index.upsert([point(3, sparse(t8=1.0), revision=2, value="second")])
    await index.delete_ids([number(4)])
    await index.delete(where(document_id="none"))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
HOLDER = """
import asyncio, sys
from pathlib import Path
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex

async def main() -> None:
    await QdrantEdgeIndex.open(Path(sys.argv[1]))
    print("held", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


async def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    written = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, check=False
    )
    assert written.returncode == -signal.SIGKILL

    index = await QdrantEdgeIndex.open(folder, dimension=3)
    try:
        assert await index.count() == 999
        found = await index.retrieve(where(project_id="p1"), limit=2000)
        assert {r.id.int for r in found} == set(range(1000)) - {4}
        assert next(r for r in found if r.id.int == 3).value == "second"
        await index.upsert([point(5000, sparse(t1=1.0), dense=(1.0, 0.0, 0.0))])
        assert await index.count() == 1000
    finally:
        await index.close()


async def test_a_folder_in_use_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    holder = subprocess.Popen(  # noqa: ASYNC220, S603 -- our own script; started, not waited for
        [sys.executable, "-c", HOLDER, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        with pytest.raises(DependencyUnavailable, match="in use by another process"):
            await QdrantEdgeIndex.open(folder)
    finally:
        holder.kill()
        holder.wait()
    index = await QdrantEdgeIndex.open(folder)  # the lock dies with its process
    await index.close()


async def test_another_dimension_is_refused_with_the_way_out(tmp_path: Path) -> None:
    await (await QdrantEdgeIndex.open(tmp_path / "index", dimension=3)).close()
    with pytest.raises(InvalidInput, match=r"3 numbers.*gives 4.*memloom reindex"):
        await QdrantEdgeIndex.open(tmp_path / "index", dimension=4)
    with pytest.raises(InvalidInput, match="gives 0"):
        await QdrantEdgeIndex.open(tmp_path / "index")
    await (await QdrantEdgeIndex.open(tmp_path / "index", dimension=3)).close()


async def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / "letter.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="folder of its own"):
        await QdrantEdgeIndex.open(tmp_path / "index")
    assert (tmp_path / "index" / "letter.txt").read_text() == "mine"


async def test_a_making_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "index.making" / "segments").mkdir(parents=True)
    (tmp_path / "index").mkdir()
    index = await QdrantEdgeIndex.open(tmp_path / "index")
    assert await index.count() == 0
    await index.close()


async def test_a_broken_folder_names_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    index = await QdrantEdgeIndex.open(folder)
    await index.upsert([point(1)])
    await index.close()
    for file in (folder / "segments").rglob("segment.json"):
        file.write_text("{")
    with pytest.raises(DependencyUnavailable, match="memloom reindex"):
        await QdrantEdgeIndex.open(folder)


async def test_after_close_it_says_so_and_the_folder_opens_again(tmp_path: Path) -> None:
    index = await QdrantEdgeIndex.open(tmp_path / "index")
    await index.upsert([point(1)])
    await index.close()
    await index.close()
    with pytest.raises(DependencyUnavailable, match="closed"):
        await index.count()
    again = await QdrantEdgeIndex.open(tmp_path / "index")
    assert await again.count() == 1
    await again.close()


async def test_writes_and_searches_at_once_lose_nothing(tmp_path: Path) -> None:
    index = await QdrantEdgeIndex.open(tmp_path / "index")

    async def write(block: int) -> None:
        await index.upsert([point(block * 100 + n) for n in range(100)])

    await asyncio.gather(*(write(block) for block in range(8)), index.count(), index.flush())
    assert await index.count() == 800
    await index.close()
