"""However a disk says that it is full, it is StorageFull: a wait, never a mistake of ours."""

import errno
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import SecretStr
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from services.kernel.adapters.minio_blobs import MinioBlobs
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.adapters.sql.errors import translated
from services.kernel.adapters.sqlite_bus import SqliteBus
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import StorageFull
from services.kernel.contracts.topics import CATALOGUE
from services.kernel.contracts.verdicts import Wait
from services.kernel.ports.bus import OutgoingRecord
from services.kernel.runtime.connections import MinioSettings
from services.kernel.runtime.policy import decide
from tests.support.small_disk import small_disk
from tests.support.sql import METADATA, MIGRATIONS, THINGS, migrated, sqlite_database

ALL_OF_IT = 1 << 60


def _full(folder: Path) -> DiskSpace:
    return DiskSpace(folder, reserve=ALL_OF_IT)


def _database(folder: Path) -> SqlDatabase:
    url = f"sqlite+aiosqlite:///{folder / 'test.db'}"
    return SqlDatabase(url, metadata=METADATA, migrations=MIGRATIONS, space=_full(folder))


async def test_nothing_is_written_into_the_reserve(tmp_path: Path) -> None:
    async with migrated(_database(tmp_path)) as database:
        with pytest.raises(StorageFull):
            async with database.write():
                pass
        async with database.read() as tx:
            assert await tx.all(THINGS.select()) == []
        async with database.write(small=True) as tx:
            await tx.execute(insert(THINGS).values(id="undone", count=1))
    bus = SqliteBus(tmp_path / "bus.db", clock=SystemClock(), space=_full(tmp_path))
    with pytest.raises(StorageFull):
        await bus.publish([OutgoingRecord(CATALOGUE[0].name, "key", b"value")])
    await bus.close()
    blobs = FilesystemBlobs(tmp_path, space=_full(tmp_path))
    with pytest.raises(StorageFull):
        await blobs.put("a", b"content")
    assert await blobs.info("a") is None


def test_no_reserve_refuses_nothing(tmp_path: Path) -> None:
    DiskSpace(tmp_path / "not" / "there" / "yet", reserve=0).require(ALL_OF_IT)


async def test_a_file_that_finds_no_room(tmp_path: Path) -> None:
    with small_disk(tmp_path, megabytes=1) as disk:
        blobs = FilesystemBlobs(disk.root)
        with pytest.raises(StorageFull):
            await blobs.put("a", b"x" * (2 << 20))
        await blobs.put("a", b"small")
        assert [path async for path in blobs.list()] == ["a"]


async def test_a_sqlite_file_that_may_not_grow(tmp_path: Path) -> None:
    async with migrated(sqlite_database(tmp_path)) as database:
        rows = [{"id": str(number), "count": number} for number in range(5000)]

        async def grow() -> None:
            async with database.write() as tx:
                await tx.execute(text("PRAGMA max_page_count=1"))
                await tx.execute(insert(THINGS), rows)

        with pytest.raises(StorageFull):
            await grow()


def test_a_postgres_disk_that_is_full() -> None:
    class DiskFull(Exception):
        sqlstate = "53100"

    with pytest.raises(StorageFull), translated():
        raise DBAPIError("insert", None, DiskFull("could not extend file"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_handler_that_meets_a_full_disk_waits(number: int) -> None:
    verdict = decide(OSError(number, "no room"), attempt=100, waits=2)
    assert isinstance(verdict, Wait)


class _FullStore(BaseHTTPRequestHandler):
    """An S3 server whose disks are full."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b"<Error><Code>XMinioStorageFull</Code><Message>no disk has room</Message></Error>"
        self.send_response(507)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        del format, args


@pytest.fixture
def full_store() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _FullStore)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_blob_store_whose_disks_are_full(full_store: str) -> None:
    settings = MinioSettings(
        endpoint=full_store, access_key="key", secret_key=SecretStr("secret"), region="here"
    )
    blobs = MinioBlobs(settings)
    with pytest.raises(StorageFull, match="no disk has room"):
        await blobs.put("a", b"content")
    await blobs.close()
