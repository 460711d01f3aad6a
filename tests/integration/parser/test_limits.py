"""Hostile and enormous files: each ends with its own code, in bounded time and memory, and the
pool that read them goes on reading.
"""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from services.kernel.adapters.reader_worker import PoolLimits, WorkerPool
from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.app import parse_file
from services.parser.settings import ParserSettings

SETTINGS = ParserSettings(workers=1, timeout=60, memory_mb=1200)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(PoolLimits(workers=1))
    yield pool
    await pool.close()


async def refusal(path: Path, pool: WorkerPool, settings: ParserSettings = SETTINGS) -> Code:
    with pytest.raises(InvalidInput) as caught:
        await parse_file(path, settings, pool=pool)
    assert caught.value.message
    return caught.value.code


async def still_works(folder: Path, pool: WorkerPool) -> None:
    path = folder / "healthy.md"
    path.write_text("# Title\n\nStill here.\n", "utf-8")
    document = await parse_file(path, SETTINGS, pool=pool)
    assert document.blocks[-1].text == "Still here."


async def test_json_nested_ten_thousand_deep(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "deep.json"
    path.write_text('{"a":' * 10_000 + "1" + "}" * 10_000)
    assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR
    await still_works(tmp_path, pool)


async def test_xml_nested_ten_thousand_deep(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "deep.xml"
    path.write_text("<a>" * 10_000 + "x" + "</a>" * 10_000)
    assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR
    await still_works(tmp_path, pool)


async def test_xml_that_declares_entities_expands_nothing(tmp_path: Path, pool: WorkerPool) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb">' + "".join(
        f'<!ENTITY c{n} "{f"&c{n - 1};" * 10 if n else "&b;"}">' for n in range(12)
    )
    path = tmp_path / "laughs.xml"
    path.write_text(f"{bomb}]><a>&c11;</a>")
    assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR


async def test_xml_reads_no_file_of_the_machine(tmp_path: Path, pool: WorkerPool) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    path = tmp_path / "xxe.xml"
    path.write_text(f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>')
    assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR


async def test_markdown_nested_quotes_and_lists(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "nested.md"
    path.write_text(">" * 10_000 + " quoted\n\n" + "".join(" " * n + "- x\n" for n in range(900)))
    document = await parse_file(path, SETTINGS, pool=pool)
    assert "quoted" in document.text


def _docx(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


async def test_docx_bomb(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "bomb.docx"
    path.write_bytes(
        _docx({"[Content_Types].xml": b"<Types/>", "word/document.xml": b" " * (300 << 20)})
    )
    assert path.stat().st_size < 1 << 20
    assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR
    await still_works(tmp_path, pool)


async def test_an_archive_that_is_no_docx(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "other.docx"
    path.write_bytes(_docx({"readme.txt": b"hello"}))
    assert await refusal(path, pool) is Code.CORRUPT


@pytest.mark.slow
async def test_a_line_of_fifty_megabytes(tmp_path: Path, pool: WorkerPool) -> None:
    for name in ("line.txt", "line.md", "line.json", "line.xml"):
        path = tmp_path / name
        body = "word " * (10 << 20)
        if name == "line.json":
            body = json.dumps({"text": body})
        elif name == "line.xml":
            body = f"<doc><p>{body}</p></doc>"
        path.write_text(body)
        assert await refusal(path, pool) is Code.EXPANDS_TOO_FAR
    await still_works(tmp_path, pool)


@pytest.mark.slow
async def test_a_line_of_fifteen_megabytes_is_read(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "line.md"
    path.write_text("# Long\n\n" + "word " * (3 << 20))
    document = await parse_file(path, SETTINGS, pool=pool)
    assert len(document.text) > 15_000_000


@pytest.mark.slow
async def test_a_table_of_a_million_rows(tmp_path: Path, pool: WorkerPool) -> None:
    table = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 1_000_000
    for name, body in (
        ("table.md", table),
        ("table.txt", "a\tb\n" + "1\t2\n" * 1_000_000),
        ("table.json", json.dumps([{"a": n, "b": n} for n in range(1_000_000)])),
        ("table.xml", "<t>" + "<r><a>1</a><b>2</b></r>" * 1_000_000 + "</t>"),
    ):
        path = tmp_path / name
        path.write_text(body)
        assert await refusal(path, pool) in {Code.EXPANDS_TOO_FAR, Code.TOOK_TOO_LONG}
    await still_works(tmp_path, pool)


async def test_a_slow_document_ends_in_time(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "slow.md"
    path.write_text("".join(f"| {n} | [x](y{n}) |\n" for n in range(300_000)))
    hasty = SETTINGS.model_copy(update={"timeout": 0.3})
    assert await refusal(path, pool, hasty) is Code.TOOK_TOO_LONG
    await still_works(tmp_path, pool)


async def test_a_greedy_document_is_stopped(tmp_path: Path, pool: WorkerPool) -> None:
    path = tmp_path / "greedy.json"
    path.write_text(json.dumps([{"k": str(n)} for n in range(400_000)]))
    frugal = SETTINGS.model_copy(update={"memory_mb": 130})
    assert await refusal(path, pool, frugal) is Code.EXPANDS_TOO_FAR
    await still_works(tmp_path, pool)


async def test_workers_do_not_outlive_the_pool(tmp_path: Path) -> None:
    pool = WorkerPool(PoolLimits(workers=2))
    await still_works(tmp_path, pool)
    children = psutil.Process().children()
    assert children
    await pool.close()
    gone, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert gone
