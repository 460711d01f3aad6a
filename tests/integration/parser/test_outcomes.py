"""Every real file ends as expected, within half a minute."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.kernel.adapters.reader_worker import PoolLimits, WorkerPool
from services.kernel.contracts.errors import InvalidInput
from services.memorizer.domain.segmentation import segment
from services.parser.app import parse_file
from services.parser.settings import ParserSettings
from tests.support.shared import find_shared, shared_path

SETTINGS = ParserSettings(workers=1)


def _rows() -> list[tuple[str, str, str]]:
    table = find_shared("data/files/expected/outcomes.tsv")
    if table is None:
        return []
    lines = table.read_text("utf-8").splitlines()[1:]
    return [(name, status, code) for name, status, code in (line.split("\t") for line in lines)]


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(PoolLimits(workers=1))
    yield pool
    await pool.close()


def test_the_table_is_there() -> None:
    shared_path("data/files/expected/outcomes.tsv")
    assert len(_rows()) > 20


@pytest.mark.parametrize(("name", "status", "code"), _rows())
async def test_outcome(name: str, status: str, code: str, pool: WorkerPool) -> None:
    path = shared_path(f"data/files/{name}")
    began = time.monotonic()
    if status == "COMPLETED":
        document = await parse_file(path, SETTINGS, pool=pool)
        assert segment(document, document_name=name)
        assert all(document.text[b.start : b.end] == b.text for b in document.blocks)
    else:
        with pytest.raises(InvalidInput) as caught:
            await parse_file(path, SETTINGS, pool=pool)
        assert str(int(caught.value.code)) == code
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["legacy_sample.doc", "report_multi_page.pdf", "word_sample.docx"])
async def test_characters_of_the_reference_are_found(name: str, pool: WorkerPool) -> None:
    path = shared_path(f"data/files/{name}")
    reference = shared_path(f"data/files/expected/{name}.md").read_text("utf-8")
    document = await parse_file(path, SETTINGS, pool=pool)
    wanted = _words(reference)
    found = _words(document.text)
    assert sum(word in found for word in wanted) >= 0.97 * len(wanted)


def _words(text: str) -> set[str]:
    cleaned = "".join(c if c.isalnum() else " " for c in text.replace("’", "'").lower())
    return set(cleaned.split())


async def test_the_same_facts_from_every_form(pool: WorkerPool) -> None:
    folder = shared_path("data/scenarios/documents")
    forms: dict[str, dict[str, str]] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".md", ".txt", ".docx", ".pdf"}:
            document = await parse_file(path, SETTINGS, pool=pool)
            forms.setdefault(path.stem, {})[path.suffix] = _squeezed(document.text)
    assert len(forms) > 5
    for stem, texts in forms.items():
        for suffix, text in texts.items():
            missing = _sentences(folder / f"{stem}.txt") - {
                sentence for sentence in _sentences(folder / f"{stem}.txt") if sentence in text
            }
            assert not missing, (stem, suffix)


def _sentences(path: Path) -> set[str]:
    """Pieces of running text; table cells and code stand apart in every form."""
    text = path.read_text("utf-8")
    pieces = text.replace("。", "\n").replace(". ", "\n").split("\n")
    return {
        _squeezed(piece) for piece in pieces if "\t" not in piece and len(_squeezed(piece)) > 12
    }


def _squeezed(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
