"""Broken files: truncated, flipped and renamed ones end in an answer, never in a crash."""

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.kernel.adapters.reader_worker import PoolLimits, WorkerFailed, WorkerPool
from services.kernel.contracts.errors import InvalidInput
from services.memorizer.domain.segmentation import segment
from services.parser.app import parse_file
from services.parser.settings import ParserSettings
from tests.support.shared import shared_path

SETTINGS = ParserSettings(workers=1, timeout=20)
FILES = (
    "chinese_one_page.pdf",
    "two_columns.pdf",
    "report_multi_page.pdf",
    "word_sample.docx",
    "chinese_stress.docx",
    "chinese_legacy.doc",
    "legacy_sample.doc",
    "chinese_llm_notes.md",
    "weather.json",
    "factbook.xml",
    "jats_article.xml",
    "chinese_gb18030.txt",
    "utf16.txt",
)
TYPES = (".pdf", ".docx", ".doc", ".md", ".json", ".xml", ".txt")
SEED = 20260417


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(PoolLimits(workers=1))
    yield pool
    await pool.close()


def mutations(data: bytes, suffix: str, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Twenty-five broken versions of a file, with the type each is called."""
    for _ in range(8):
        yield suffix, data[: chance.randrange(1, len(data))]
    for share in (0.0005, 0.002, 0.01, 0.05, 0.2):
        flipped = bytearray(data)
        for _ in range(max(1, int(share * len(data)))):
            flipped[chance.randrange(len(data))] = chance.randrange(256)
        yield suffix, bytes(flipped)
    for _ in range(4):
        at, length = chance.randrange(len(data)), chance.randrange(1, 4000)
        yield suffix, data[:at] + data[at + length :]
    yield suffix, data + data[: chance.randrange(len(data))]
    yield suffix, data[: len(data) // 3] + bytes(2000) + data[len(data) // 3 :]
    for other in TYPES:
        if other != suffix:
            yield other, data


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FILES)
async def test_mutations(name: str, tmp_path: Path, pool: WorkerPool) -> None:
    source = shared_path(f"data/files/{name}")
    chance = random.Random(f"{SEED}/{name}")  # noqa: S311 - chance, no secret
    count = 0
    for number, (suffix, data) in enumerate(mutations(source.read_bytes(), source.suffix, chance)):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(data)
        count += 1
        try:
            document = await parse_file(path, SETTINGS, pool=pool)
        except InvalidInput as refused:
            if "crashed" in refused.message:
                pytest.fail(f"mutation {number} {suffix}: {refused.message}")
        except WorkerFailed as failed:
            pytest.fail(f"mutation {number} {suffix}: {failed}")
        else:
            assert all(document.text[b.start : b.end] == b.text for b in document.blocks)
            assert segment(document)
    assert count == 25
