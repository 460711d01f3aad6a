"""Files as they arrive: checked, then staged, before any transaction begins."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Literal
from uuid import uuid4

from services.gateway.domain import encoding, media
from services.gateway.domain.limits import MEGABYTE, Limits
from services.gateway.handlers.pieces import all_of
from services.gateway.handlers.pieces import pieces as pieces_of
from services.kernel.contracts.errors import Code, InvalidInput, TooManyRequests
from services.kernel.contracts.skills import ARCHIVE, MARKDOWN, MAX_ARCHIVE_BYTES, SKILL
from services.kernel.language.skill_files import check_name as check_skill_name
from services.kernel.language.skill_files import read_skill
from services.kernel.ports.blobs import BlobInfo, Blobs
from services.kernel.ports.preview import Probe

STAGING: Final = "staging/"
_TYPES: Final = {"document": "document", "doc": "document", SKILL: SKILL}
# Uploads that may wait for a place, as a multiple of the places; more are told to come back.
_QUEUE: Final = 8


@dataclass(frozen=True, slots=True)
class Incoming:
    """One entry of an upload as it arrived. kind `text`: `source` holds the `content` field (a
    URL, a data URI, Base64 or the text itself); `bytes`: the file itself.
    """

    kind: Literal["text", "bytes"]
    source: BinaryIO
    name: str = ""
    type: str = "document"
    declared: str = ""


@dataclass(slots=True)
class Admitted:
    """An entry that passed the checks: its bytes are staged, or its URL was looked at. named: by
    the caller. type: `document` or `skill`.
    """

    name: str
    declared: str
    type: str = "document"
    url: str = ""
    staged: BlobInfo | None = None
    size: int | None = None
    named: bool = False
    used: bool = field(default=False)


@dataclass(slots=True)
class _Line:
    """One project's requests at the door. places: half of all, so that others find some free."""

    places: asyncio.Semaphore
    waiting: int = 0


class FileReceiver:
    """Checks what is sent and stages its bytes; only so many requests at once, of one project at
    most half of them: hosts that answer slowly keep their own tenant waiting.
    """

    def __init__(self, *, blobs: Blobs, probe: Probe, limits: Limits) -> None:
        self._blobs = blobs
        self._probe = probe
        self._limits = limits
        self._places = asyncio.Semaphore(limits.uploads)
        self._waiting = 0
        self._lines: dict[str, _Line] = {}

    def _check_request(self, entries: Sequence[Incoming]) -> None:
        if not entries:
            raise InvalidInput("`file` must not be empty", code=Code.LIST_EMPTY)
        if len(entries) > self._limits.max_files:
            raise InvalidInput(
                f"{len(entries)} files were sent; send at most {self._limits.max_files} at once",
                code=Code.TOO_MANY_FILES,
            )
        for entry in entries:
            if entry.type not in _TYPES:
                raise InvalidInput(
                    f"`type` {entry.type[:100]!r} is not supported; send `document` or `skill`",
                    code=Code.UNSUPPORTED_TYPE_FIELD,
                )

    async def receive(self, project_id: str, entries: Sequence[Incoming]) -> list[Admitted]:
        """Check the entries and stage their bytes; what is not entered then is to be discarded.
        TooManyRequests where too many wait already, of this project or of all.
        """
        self._check_request(entries)
        most = self._limits.uploads * _QUEUE
        half = max(1, self._limits.uploads // 2)
        line = self._lines.get(project_id) or _Line(asyncio.Semaphore(half))
        if self._waiting >= most or line.waiting >= max(1, most // 2):
            raise TooManyRequests("too many uploads at once; try again", retry_after=2.0)
        self._lines[project_id] = line
        self._waiting += 1
        line.waiting += 1
        try:
            async with line.places, self._places:
                return await self._check_and_stage(entries)
        finally:
            self._waiting -= 1
            line.waiting -= 1
            if not line.waiting:
                del self._lines[project_id]

    async def _check_and_stage(self, entries: Sequence[Incoming]) -> list[Admitted]:
        heads = [await self._look(entry) for entry in entries]
        self._check_sizes(sum(size for _, size in heads), [size for _, size in heads])
        probes = [
            self._look_at_url(entry)
            for entry, (head, _) in zip(entries, heads, strict=True)
            if head.kind == "url"
        ]
        found = iter(await asyncio.gather(*probes))
        admitted: list[Admitted] = []
        whole = False
        try:
            for entry, (head, _) in zip(entries, heads, strict=True):
                if head.kind == "url":
                    admitted.append(next(found))
                else:
                    admitted.append(await self._stage(entry, head))
                self._check_sizes(sum(known.size or 0 for known in admitted), [])
            whole = True
        finally:
            if not whole:
                await self.discard(admitted)
        return admitted

    def _check_sizes(self, total: int, each: Sequence[int]) -> None:
        limits = self._limits
        for size in each:
            if size > limits.max_file_bytes:
                raise InvalidInput(
                    f"a file has {size / MEGABYTE:.1f} MB; "
                    f"send at most {limits.max_file_bytes / MEGABYTE:g} MB each",
                    code=Code.FILE_TOO_LARGE,
                )
        if total > limits.max_upload_bytes:
            raise InvalidInput(
                f"the files have more than {limits.max_upload_bytes / MEGABYTE:g} MB together; "
                "send them in several requests",
                code=Code.FILES_TOO_LARGE,
            )

    async def _look(self, entry: Incoming) -> tuple[encoding.ContentHead, int]:
        """What the entry is, and about how many bytes it decodes to."""

        def look() -> tuple[bytes, int]:
            size = entry.source.seek(0, 2)
            entry.source.seek(0)
            return entry.source.read(encoding.HEAD_BYTES), size

        start, size = await asyncio.to_thread(look)
        if entry.kind == "bytes":
            return encoding.ContentHead("bytes"), size
        may_be_text = media.names_text(media.safe_name(entry.name, default=""), entry.declared)
        head = encoding.inspect(start, may_be_text=may_be_text)
        if head.kind != "base64":
            return head, size if head.kind == "text" else 0
        # Line feeds inside make the text longer than the bytes need; decoding counts exactly.
        return head, 0 if b"\n" in start else max(0, (size - head.offset) * 3 // 4 - 2)

    async def _look_at_url(self, entry: Incoming) -> Admitted:
        raw = await asyncio.to_thread(_read_from, entry.source, 0)
        url = raw.decode("utf-8", "replace").strip()
        media.check_url_text(url)
        given = media.safe_name(entry.name, default="")
        if entry.type == SKILL:
            return await self._look_at_skill(url, given)
        if given:
            media.check_name(given, entry.declared)
        seen = await self._probe.probe(url)
        declared = media.clean_media_type(entry.declared or seen.media_type)
        name = given or media.safe_name(seen.name, default="") or media.name_from_url(url)
        if name and not given and media.extension_of(name) not in media.MEDIA_TYPES:
            # A page address such as /download.php says less than the type that its host names.
            extension = media.extension_for(seen.media_type)
            name = f"{name}.{extension}" if extension else name
        if name and not given:
            media.check_name(name, declared)
        media.check_page(name, seen.media_type)
        if seen.size is not None:
            self._check_sizes(0, [seen.size])
        return Admitted(name=name or "document", declared=declared, url=url, size=seen.size)

    async def _look_at_skill(self, url: str, given: str) -> Admitted:
        if given:
            check_skill_name(given)
        seen = await self._probe.probe(url)
        name = given or media.safe_name(seen.name, default="") or media.name_from_url(url)
        name = name or "skill"
        check_skill_name(name)
        media.check_page(name, seen.media_type)
        if seen.size is not None and seen.size > MAX_ARCHIVE_BYTES:
            raise InvalidInput(
                f"{name!r} has {seen.size / MEGABYTE:.1f} MB; a skill has at most "
                f"{MAX_ARCHIVE_BYTES // MEGABYTE} MB",
                code=Code.FILE_TOO_LARGE,
            )
        return Admitted(name=name, declared="", url=url, size=seen.size, type=SKILL)

    async def _stage_skill(self, entry: Incoming, head: encoding.ContentHead) -> Admitted:
        """Stage a skill's file and read it, away from the event loop: what is wrong with it is
        refused here.
        """
        name = media.safe_name(entry.name, default="")
        check_skill_name(name)
        staged = await self._blobs.put(
            f"{STAGING}{uuid4().hex}",
            all_of(b"", _decoded(entry, head)),
            limit=min(self._limits.max_file_bytes, MAX_ARCHIVE_BYTES),
        )
        found = Admitted(
            name=name, declared="", staged=staged, size=staged.size, named=bool(name), type=SKILL
        )
        sound = False
        try:
            async with self._blobs.as_file(staged.path) as path:
                archive = await asyncio.to_thread(_is_archive, path, name)
            sound = True
        finally:
            if not sound:
                await self.discard([found])
        found.name = name or ("skill.zip" if archive else "SKILL.md")
        found.declared = ARCHIVE if archive else MARKDOWN
        return found

    async def _stage(self, entry: Incoming, head: encoding.ContentHead) -> Admitted:
        if entry.type == SKILL:
            return await self._stage_skill(entry, head)
        declared = media.clean_media_type(entry.declared or head.media_type)
        name = media.safe_name(entry.name, default="")
        if name:
            media.check_name(name, declared)
        pieces = _decoded(entry, head)
        start = await asyncio.to_thread(next, pieces, b"")
        named = bool(name)
        name = name or f"document{_suffix(declared, start)}"
        media.check_head(name, start[: media.HEAD_BYTES], declared)
        if not media.extension_of(name) and not declared:
            declared = media.MEDIA_TYPES.get(_extension(declared, start), "")
        staged = await self._blobs.put(
            f"{STAGING}{uuid4().hex}", all_of(start, pieces), limit=self._limits.max_file_bytes
        )
        return Admitted(name=name, declared=declared, staged=staged, size=staged.size, named=named)

    async def discard(self, admitted: Sequence[Admitted]) -> None:
        """Remove what was staged and not entered."""
        for entry in admitted:
            if entry.staged is not None and not entry.used:
                await self._blobs.delete(entry.staged.path)


def _decoded(entry: Incoming, head: encoding.ContentHead) -> Iterator[bytes]:
    if head.kind in {"bytes", "text"}:
        return pieces_of(entry.source, 0)
    return encoding.decode(pieces_of(entry.source, head.offset))


def _is_archive(path: Path, name: str) -> bool:
    """Whether a sound skill is an archive; InvalidInput for one that is not sound."""
    with path.open("rb") as source:
        return read_skill(source, name=name)[1]


def _suffix(declared: str, head: bytes) -> str:
    extension = _extension(declared, head)
    return f".{extension}" if extension else ""


def _extension(declared: str, head: bytes) -> str:
    start = head[: media.HEAD_BYTES]
    return media.extension_for(declared) or media.guess_extension(start) or media.sniff_text(start)


def _read_from(source: BinaryIO, offset: int) -> bytes:
    source.seek(offset)
    return source.read(media.LONGEST_URL * 4)
