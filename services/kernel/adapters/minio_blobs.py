"""Blobs on MinIO, or any S3 server. Contract: `tests/contract/blobs`.

The vendor's client is synchronous: it runs in threads of its own, so that a server that does
not answer cannot starve the process's other threads.
"""

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, TypeVar, cast

import urllib3
from minio import Minio
from minio.commonconfig import CopySource
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, S3Error, ServerError

from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    InvalidInput,
    MemloomError,
    NotFound,
    StorageFull,
    full_disk_noticed,
)
from services.kernel.ports.blobs import BlobInfo
from services.kernel.runtime.connections import MinioSettings

T = TypeVar("T")

_IN_MEMORY = 8 << 20
# S3 refuses parts below 5 MiB; above this size an upload goes in parts.
_PART = 16 << 20
_LONGEST_PATH = 1024
_PAGE = 500
_MISSING = frozenset({"NoSuchKey", "NoSuchObject", "ResourceNotFound"})
_ALREADY = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
# MinIO's own names, of its disks and of a bucket's quota: docs.min.io, "error responses".
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientCapacity"})
_BAD_NAME = frozenset({"XMinioInvalidObjectName", "KeyTooLongError", "InvalidURI"})


def checked(path: str) -> str:
    """The path; InvalidInput when it is not relative, leaves its root or is too long for S3."""
    parts = path.split("/")
    if (
        not path
        or any(part in ("", ".", "..") for part in parts)
        or any(mark in path for mark in ("\\", "\0"))
        or len(path.encode("utf-8", "replace")) > _LONGEST_PATH
    ):
        raise InvalidInput(f"not a blob path: {path!r}")
    return path


def _ours(error: Exception, path: str) -> MemloomError:
    if isinstance(error, S3Error):
        if error.code in _MISSING:
            return NotFound(f"there is no blob {path}")
        if error.code in _BAD_NAME:
            return InvalidInput(f"not a blob path: {path!r}")
        if error.code in _FULL:
            return StorageFull(f"the blob store has no room: {error.message}")
    return DependencyUnavailable(f"the blob store cannot be used now: {error}")


class MinioBlobs:
    """`Blobs` in one bucket, which is made at first use.

    MinIO's listing hides what lies below a blob of the same name (`a/b` beside `a`); S3's does
    not. Memloom's own paths never nest so.
    """

    def __init__(self, settings: MinioSettings, *, workers: int = 8) -> None:
        self._bucket = settings.bucket
        self._client = Minio(
            endpoint=settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                maxsize=workers + 1,
                timeout=urllib3.Timeout(connect=3.0, read=30.0),
                retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=[502, 503]),
            ),
        )
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="minio")
        # Busy threads are no server that is down.
        self._checking = ThreadPoolExecutor(1, thread_name_prefix="minio-check")
        self._bucket_is_there = False

    async def _run(
        self, path: str, call: Callable[[], T], *, threads: ThreadPoolExecutor | None = None
    ) -> T:
        """The call in a thread, its errors by our names."""

        def work() -> T:
            if not self._bucket_is_there:
                self._make_bucket()
            return call()

        try:
            return await asyncio.get_running_loop().run_in_executor(threads or self._threads, work)
        except (S3Error, ServerError, InvalidResponseError, urllib3.exceptions.HTTPError) as error:
            if isinstance(error, S3Error) and error.code == "NoSuchBucket":
                self._bucket_is_there = False
            raise _ours(error, path) from error

    def _make_bucket(self) -> None:
        if not self._client.bucket_exists(bucket_name=self._bucket):
            try:
                self._client.make_bucket(bucket_name=self._bucket)
            except S3Error as error:
                if error.code not in _ALREADY:
                    raise
        self._bucket_is_there = True

    async def put(
        self, path: str, chunks: AsyncIterable[bytes] | bytes, *, limit: int | None = None
    ) -> BlobInfo:
        checked(path)
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
            with full_disk_noticed("the folder of temporary files"):
                size, digest = await self._spool(chunks, spool, limit)

            def upload() -> None:
                spool.seek(0)
                self._client.put_object(
                    bucket_name=self._bucket,
                    object_name=path,
                    data=cast("BinaryIO", spool),
                    length=size,
                    part_size=_PART,
                    num_parallel_uploads=2,
                    metadata={"sha256": digest},
                )

            await self._run(path, upload)
        return BlobInfo(path=path, size=size, sha256=digest)

    async def _spool(
        self, chunks: AsyncIterable[bytes] | bytes, spool: IO[bytes], limit: int | None
    ) -> tuple[int, str]:
        """Collect first: nothing half-sent to undo, and the hash goes with the upload."""
        digest = hashlib.sha256()
        size = 0
        async for chunk in _chunks(chunks):
            size += len(chunk)
            if limit is not None and size > limit:
                raise InvalidInput(f"more than {limit} bytes", code=Code.FILE_TOO_LARGE)
            digest.update(chunk)
            if size > _IN_MEMORY:
                await asyncio.to_thread(spool.write, chunk)
            else:
                spool.write(chunk)
        return size, digest.hexdigest()

    async def stream(self, path: str, *, chunk_size: int = 1 << 20) -> AsyncIterator[bytes]:
        response = await self._open(path)
        try:
            while chunk := await self._run(path, lambda: response.read(chunk_size)):
                yield chunk
        finally:
            _release(response)

    async def _open(self, path: str) -> Any:
        checked(path)
        return await self._run(
            path, lambda: self._client.get_object(bucket_name=self._bucket, object_name=path)
        )

    async def get(self, path: str, *, limit: int = 64 << 20) -> bytes:
        response = await self._open(path)
        try:
            if int(response.headers.get("content-length", 0)) > limit:
                raise InvalidInput(f"blob {path} has more than {limit} bytes")
            return bytes(await self._run(path, response.read))
        finally:
            _release(response)

    @asynccontextmanager
    async def as_file(self, path: str) -> AsyncIterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="memloom-blob-"))
        try:
            file = folder / "blob"
            response = await self._open(path)
            try:
                with full_disk_noticed("the folder of temporary files"):
                    await self._run(path, lambda: _copy(response, file))
            finally:
                _release(response)
            yield file
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def info(self, path: str) -> BlobInfo | None:
        checked(path)
        try:
            stat = await self._run(
                path, lambda: self._client.stat_object(bucket_name=self._bucket, object_name=path)
            )
        except NotFound:
            return None
        digest = (stat.metadata or {}).get("x-amz-meta-sha256", "")
        return BlobInfo(path=path, size=int(stat.size or 0), sha256=digest)

    async def move(self, source: str, target: str) -> None:
        checked(source)
        checked(target)
        if source == target:
            await self._open_and_close(source)
            return

        def copy() -> None:
            self._client.copy_object(
                bucket_name=self._bucket,
                object_name=target,
                source=CopySource(bucket_name=self._bucket, object_name=source),
            )
            self._client.remove_object(bucket_name=self._bucket, object_name=source)

        try:
            await self._run(source, copy)
        except NotFound:
            if await self.info(target) is None:
                raise

    async def _open_and_close(self, path: str) -> None:
        if await self.info(path) is None:
            raise NotFound(f"there is no blob {path}")

    async def delete(self, path: str) -> bool:
        if await self.info(path) is None:
            return False
        await self._run(
            path, lambda: self._client.remove_object(bucket_name=self._bucket, object_name=path)
        )
        return True

    async def delete_prefix(self, prefix: str) -> int:
        _checked_prefix(prefix)
        if not prefix.endswith("/"):
            raise InvalidInput("a prefix ends in '/'")

        def remove() -> int:
            names = [DeleteObject(name) for name in self._names(prefix)]
            for failure in self._client.remove_objects(
                bucket_name=self._bucket, delete_object_list=iter(names)
            ):
                raise DependencyUnavailable(f"a blob was not removed: {failure.message}")
            return len(names)

        return await self._run(prefix, remove)

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        if prefix:
            _checked_prefix(prefix)
        names = self._names(prefix)
        while page := await self._run(prefix, lambda: list(islice(names, _PAGE))):
            for name in page:
                yield name

    def _names(self, prefix: str) -> Iterator[str]:
        found = self._client.list_objects(
            bucket_name=self._bucket, prefix=prefix or None, recursive=True
        )
        for item in found:
            yield str(item.object_name)

    async def check(self) -> None:
        await self._run(
            "",
            lambda: self._client.bucket_exists(bucket_name=self._bucket),
            threads=self._checking,
        )

    async def close(self) -> None:
        """Let running calls end and release the threads."""
        for threads in (self._threads, self._checking):
            await asyncio.to_thread(threads.shutdown, wait=True, cancel_futures=True)


async def _chunks(chunks: AsyncIterable[bytes] | bytes) -> AsyncIterator[bytes]:
    if isinstance(chunks, bytes):
        yield chunks
        return
    async for chunk in chunks:
        yield chunk


def _checked_prefix(prefix: str) -> None:
    if not prefix.endswith("/"):
        raise InvalidInput(f"a prefix ends in /: {prefix!r}")
    checked(prefix.removesuffix("/"))


def _copy(response: Any, file: Path) -> None:
    with file.open("wb") as out:
        shutil.copyfileobj(response, out, 1 << 20)


def _release(response: Any) -> None:
    with contextlib.suppress(urllib3.exceptions.HTTPError):
        response.close()
        response.release_conn()
