"""DOCX packages whose parts are broken one by one: each ends with the document's own error, and
the next document never pays for it.
"""

import io
import os
import signal
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from services.kernel.adapters.reader_native import read_bytes
from services.kernel.adapters.reader_worker import PoolLimits, WorkerFailed, WorkerPool
from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.app import parse_file
from services.parser.domain.decoding import decode
from services.parser.settings import ParserSettings
from tests.support.packages import docx_package

SETTINGS = ParserSettings(workers=1, timeout=30)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(PoolLimits(workers=1))
    yield pool
    await pool.close()


def parts_of(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "unclosed": lambda data: data.replace(b"</", b"<", 1),
    "no xml": lambda _: b"this is no XML at all",
    "empty": lambda _: b"",
    "another root": lambda _: b"<?xml version='1.0'?><nothing/>",
    "wrong encoding": lambda data: data.replace(b"UTF-8", b"UTF-16", 1),
    "unknown encoding": lambda data: data.replace(b"UTF-8", b"KLINGON", 1),
    "bytes of no encoding": lambda data: data.replace(b"<w:t", b"\xff\xfe<w:t", 1) + b"\xff",
    "control characters": lambda data: data[:-40] + b"\x00\x01\x02" + data[-40:],
    "an undeclared prefix": lambda data: data.replace(b"xmlns:w=", b"xmlns:q=", 1),
    "an entity": lambda data: data.replace(b"<w:body>", b"<w:body>&nothing;", 1),
    "an attribute twice": lambda data: data.replace(b"<w:body>", b'<w:body a="1" a="2">', 1),
    "numbers that are none": lambda data: data.replace(b'w:val="', b'w:val="not a number '),
    "relations to itself": lambda data: data.replace(b'Target="', b'Target="../word/document.xml'),
}


def broken_packages() -> Iterator[tuple[str, bytes]]:
    parts = parts_of(docx_package())
    for name in parts:
        yield f"{name}: missing", packed({k: v for k, v in parts.items() if k != name})
        for how, break_it in BREAKS.items():
            yield f"{name}: {how}", packed({**parts, name: break_it(parts[name])})


async def healthy(folder: Path, pool: WorkerPool) -> None:
    path = folder / "healthy.md"
    path.write_text("# Title\n\nStill here.\n", "utf-8")
    document = await parse_file(path, SETTINGS, pool=pool)
    assert document.blocks[-1].text == "Still here."


async def test_malformed_xml_fails_its_own_document_alone(tmp_path: Path, pool: WorkerPool) -> None:
    parts = parts_of(docx_package())
    path = tmp_path / "broken.docx"
    path.write_bytes(packed({**parts, "word/document.xml": b"<w:document><w:body></w:documen"}))
    with pytest.raises(InvalidInput) as caught:
        await parse_file(path, SETTINGS, pool=pool)
    assert caught.value.code is Code.CORRUPT
    await healthy(tmp_path, pool)


async def test_every_broken_part_is_the_documents_own_matter(
    tmp_path: Path, pool: WorkerPool
) -> None:
    count = 0
    for what, data in broken_packages():
        path = tmp_path / f"{count}.docx"
        path.write_bytes(data)
        count += 1
        refused: InvalidInput | WorkerFailed | None = None
        try:
            await parse_file(path, SETTINGS, pool=pool)
        except (InvalidInput, WorkerFailed) as error:
            refused = error
        if refused is not None:
            assert isinstance(refused, InvalidInput), f"{what}: {refused}"
            assert refused.code in {Code.CORRUPT, Code.NO_TEXT, Code.EMPTY}, what
            assert "crashed" not in refused.message, what
        await healthy(tmp_path, pool)
    assert count > 60


async def test_a_worker_that_died_while_idle_costs_nobody_an_attempt(
    tmp_path: Path, pool: WorkerPool
) -> None:
    for _ in range(3):
        await healthy(tmp_path, pool)
        (worker,) = psutil.Process().children()
        os.kill(worker.pid, signal.SIGKILL)
        # Dead, and the loop has not heard of it yet: no turn of it lies between.
        await healthy(tmp_path, pool)


async def test_a_worker_that_failed_in_our_code_answers_nobody_else(
    tmp_path: Path, pool: WorkerPool
) -> None:
    await healthy(tmp_path, pool)
    (before,) = psutil.Process().children()
    path = str(tmp_path / "healthy.md")
    with pytest.raises(WorkerFailed):
        # A step gets the arguments, too, and `decode` takes none: wrong code of ours.
        await pool.run((read_bytes, decode), {"path": path}, seconds=20, memory_mb=500)
    await healthy(tmp_path, pool)
    (after,) = psutil.Process().children()
    assert after.pid != before.pid
