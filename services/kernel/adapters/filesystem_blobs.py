"""Blobs as files: written beside their place, synced, then renamed into it."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import unquote
from uuid import uuid4

from services.kernel.adapters.disk_space import DiskSpace
from services.kernel.contracts.errors import (
    Code,
    DependencyUnavailable,
    InvalidInput,
    NotFound,
    StorageFull,
    is_full,
)
from services.kernel.ports.blobs import BlobInfo

T = TypeVar("T")

# File systems take 255 bytes; what is escaped gets longer.
LONGEST_NAME: Final = 240
# Marks folders, so that "a" and "a/b" can both be blobs.
FOLDER: Final = "+"
ESCAPED: Final = frozenset('%+\\:*?"<>|')
DELETE: Final = "\x7f"
BUFFER: Final = 1 << 20


class FilesystemBlobs:
    """Implements `ports.blobs.Blobs` below `root` (made when missing). Many processes may use
    one root. Temporary files lie in `root/.writing`; those of a killed process are removed by
    `sweep`. space: what every write asks for room; none asks nobody.
    """

    def __init__(self, root: Path, *, space: DiskSpace | None = None) -> None:
        self._space = space
        self._data = root / "blobs"
        self._writing = root / ".writing"

    async def put(
        self, path: str, chunks: AsyncIterable[bytes] | bytes, *, limit: int | None = None
    ) -> BlobInfo:
        target = self._place(path)
        writing = await _off(_Writing, self._writing / uuid4().hex, limit, self._space)
        try:
            if isinstance(chunks, bytes):
                await _off(writing.write, chunks)
            else:
                async for chunk in chunks:
                    await _off(writing.write, chunk)
            await _off(writing.finish)
            await _off(self._rename, writing.path, target)
        except BaseException:
            # Nothing may stay, whatever went wrong (a cancelled upload too).
            await asyncio.shield(_off(writing.abandon))
            raise
        return BlobInfo(path=path, size=writing.size, sha256=writing.digest)

    async def stream(self, path: str, *, chunk_size: int = BUFFER) -> AsyncIterator[bytes]:
        file = await _off(self._open, path)
        try:
            while chunk := await _off(file.read, chunk_size):
                yield chunk
        finally:
            file.close()

    async def get(self, path: str, *, limit: int = 64 << 20) -> bytes:
        def read() -> bytes:
            with self._open(path) as file:
                data = file.read(limit + 1)
            if len(data) > limit:
                raise InvalidInput(
                    f"the blob is larger than {limit} bytes", code=Code.FILE_TOO_LARGE
                )
            return data

        return await _off(read)

    @asynccontextmanager
    async def as_file(self, path: str) -> AsyncIterator[Path]:
        def link() -> Path:
            source = self._place(path)
            copy = self._writing / f"{uuid4().hex}{source.suffix[:16]}"
            copy.parent.mkdir(parents=True, exist_ok=True)
            try:
                # A hard link stays readable when the blob is replaced or deleted meanwhile.
                os.link(source, copy)
            except FileNotFoundError as error:
                raise NotFound(f"there is no blob at {path!r}") from error
            return copy

        copy = await _off(link)
        try:
            yield copy
        finally:
            await asyncio.shield(_off(copy.unlink, missing_ok=True))

    async def info(self, path: str) -> BlobInfo | None:
        def read() -> BlobInfo | None:
            try:
                file = self._open(path)
            except NotFound:
                return None
            with file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return BlobInfo(path=path, size=file.tell(), sha256=digest)

        return await _off(read)

    async def move(self, source: str, target: str) -> None:
        def rename() -> None:
            here, there = self._place(source), self._place(target)
            if here == there and here.is_file():
                return
            try:
                self._rename(here, there)
            except FileNotFoundError as error:
                if there.is_file():
                    return
                raise NotFound(f"there is no blob at {source!r}") from error
            _sync_folder(here.parent)
            self._prune(here.parent)

        await _off(rename)

    async def delete(self, path: str) -> bool:
        def remove() -> bool:
            place = self._place(path)
            try:
                place.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return False
            _sync_folder(place.parent)
            self._prune(place.parent)
            return True

        return await _off(remove)

    async def delete_prefix(self, prefix: str) -> int:
        if not prefix.endswith("/"):
            raise InvalidInput("a prefix ends in '/'")

        def remove() -> int:
            count = 0
            folder = self._folder(prefix)
            for place in list(_files(folder)):
                with suppress(FileNotFoundError):
                    place.unlink()
                    count += 1
            for place in sorted(_folders(folder), reverse=True):
                with suppress(OSError):
                    place.rmdir()
            self._prune(folder)
            return count

        return await _off(remove)

    async def list(self, prefix: str = "") -> AsyncIterator[str]:
        def find() -> list[str]:
            names = (_unescape(p.relative_to(self._data).parts) for p in _files(self._data))
            return sorted(name for name in names if name.startswith(prefix))

        for name in await _off(find):
            yield name

    async def check(self) -> None:
        def write() -> None:
            self._data.mkdir(parents=True, exist_ok=True)
            self._writing.mkdir(parents=True, exist_ok=True)
            probe = self._writing / uuid4().hex
            probe.write_bytes(b"")
            probe.unlink()

        await _off(write)

    async def sweep(self, older_than_seconds: float, *, now: float) -> int:
        """Remove temporary files last written before then (epoch seconds); how many."""

        def remove() -> int:
            count = 0
            for place in list(_files(self._writing)):
                with suppress(FileNotFoundError):
                    if place.stat().st_mtime < now - older_than_seconds:
                        place.unlink()
                        count += 1
            return count

        return await _off(remove)

    def _open(self, path: str) -> BufferedReader:
        try:
            return self._place(path).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFound(f"there is no blob at {path!r}") from error

    def _place(self, path: str) -> Path:
        *folders, name = path.split("/")
        return self._folder("/".join((*folders, ""))) / _escape(name)

    def _folder(self, prefix: str) -> Path:
        parts = prefix.split("/")[:-1]
        return self._data.joinpath(*(_escape(part) + FOLDER for part in parts))

    def _rename(self, source: Path, target: Path) -> None:
        """FileNotFoundError when the source is not there."""
        while True:
            fresh = [p for p in target.parents if self._data in p.parents and not p.exists()]
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                source.replace(target)
            except FileNotFoundError:
                if not source.exists():
                    raise
                # The folder was pruned between the two calls.
                continue
            for folder in (target.parent, *(p.parent for p in fresh)):
                _sync_folder(folder)
            return

    def _prune(self, folder: Path) -> None:
        """Remove folders that became empty, up to the root."""
        while folder != self._data and self._data in folder.parents:
            try:
                folder.rmdir()
            except OSError:
                return
            folder = folder.parent


class _Writing:
    """A file being written; knows its size and hash."""

    def __init__(self, path: Path, limit: int | None, space: DiskSpace | None) -> None:
        self._space = space
        self._room(0)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._limit = limit
        self._hash = hashlib.sha256()
        self._file = path.open("xb")
        self.size = 0

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._limit is not None and self.size > self._limit:
            raise InvalidInput(
                f"the file has more than {self._limit} bytes", code=Code.FILE_TOO_LARGE
            )
        self._room(len(chunk))
        self._hash.update(chunk)
        self._file.write(chunk)

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            # What was buffered finds no room; nobody wants it any more, and the file is closed.
            if not is_full(error):
                raise
        finally:
            self.path.unlink(missing_ok=True)

    def _room(self, size: int) -> None:
        if self._space is not None:
            self._space.require(size)


async def _off(work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """In a thread; the system's errors become ours."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except OSError as error:
        kind = StorageFull if is_full(error) else DependencyUnavailable
        raise kind(f"the blob folder cannot be used: {error}") from error


def _escape(part: str) -> str:
    """A part as a file name: what file systems refuse, and our own mark, is percent-encoded."""
    if part in {"", ".", ".."}:
        raise InvalidInput("a blob's path is relative and has no empty, '.' or '..' parts")
    safe = "".join(f"%{ord(c):02X}" if c in ESCAPED or not " " <= c != DELETE else c for c in part)
    try:
        length = len(safe.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{part!r} is not Unicode text") from error
    if length > LONGEST_NAME:
        raise InvalidInput(f"a part of the path is longer than {LONGEST_NAME} bytes")
    return safe


def _unescape(parts: tuple[str, ...]) -> str:
    *folders, name = parts
    return "/".join(unquote(part) for part in (*(f.removesuffix(FOLDER) for f in folders), name))


def _files(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder):
        for name in names:
            yield Path(base) / name


def _folders(folder: Path) -> Iterator[Path]:
    for base, _, _ in os.walk(folder):
        yield Path(base)


def _sync_folder(folder: Path) -> None:
    """A rename is durable once its folder is."""
    if os.name == "nt":
        return
    with suppress(FileNotFoundError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
