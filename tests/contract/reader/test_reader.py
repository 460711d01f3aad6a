"""What every reader promises, on real files and on files made here."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from docx import Document
from fpdf import FPDF

from services.kernel.adapters.office_pages import docx_pages
from services.kernel.adapters.reader_native import DOC, DOCX, PDF, NativeReader
from services.kernel.adapters.reader_tika import TikaReader
from services.kernel.adapters.reader_worker import PoolLimits, WorkerPool
from services.kernel.contracts.blocks import BlockKind, ParsedDocument
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.reader import Reader, ReadLimits
from services.parser.domain.build import parse_reading
from tests.support.settings import real
from tests.support.shared import shared_path

LIMITS = ReadLimits(seconds=60)


@pytest.fixture(params=["native", pytest.param("tika", marks=pytest.mark.real)])
async def reader(request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    if request.param == "native":
        pool = WorkerPool(PoolLimits(workers=1))
        yield NativeReader(pool)
        await pool.close()
    else:
        tika = TikaReader(real("tika_url"))
        yield tika
        await tika.close()


async def read(reader: Reader, path: Path, media_type: str) -> ParsedDocument:
    reading = await reader.read(path, name=path.name, media_type=media_type, limits=LIMITS)
    return parse_reading(reading, name=path.name, media_type=media_type)


async def code_of(reader: Reader, path: Path, media_type: str) -> Code:
    with pytest.raises(InvalidInput) as caught:
        await reader.read(path, name=path.name, media_type=media_type, limits=LIMITS)
    return caught.value.code


async def test_it_is_ready(reader: Reader) -> None:
    await reader.check()


async def test_docx_with_headings_lists_and_a_table(reader: Reader, tmp_path: Path) -> None:
    made = Document()
    made.add_heading("采购制度", level=0)
    made.add_heading("1 总则", level=1)
    made.add_paragraph("为规范采购流程，制定本制度。")
    made.add_paragraph("先申请", style="List Bullet")
    made.add_heading("1.1 上限", level=2)
    table = made.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("品类", "上限"), ("办公类", "800")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    path = tmp_path / "制度.docx"
    made.save(str(path))
    document = await read(reader, path, DOCX)
    assert document.title == "采购制度"
    kinds = [(b.kind, b.heading_path) for b in document.blocks if b.kind is not BlockKind.HEADING]
    assert kinds == [
        (BlockKind.PARAGRAPH, ("1 总则",)),
        (BlockKind.LIST_ITEM, ("1 总则",)),
        (BlockKind.TABLE_ROW, ("1 总则", "1.1 上限")),
        (BlockKind.TABLE_ROW, ("1 总则", "1.1 上限")),
    ]
    assert document.blocks[-1].header == ("品类", "上限")


async def test_pdf_with_pages(reader: Reader, tmp_path: Path) -> None:
    made = FPDF()
    made.set_font("Helvetica", size=12)
    for number in (1, 2, 3):
        made.add_page()
        made.multi_cell(0, 6, f"{number} Chapter\n\nThe text of page {number} says something.")
    path = tmp_path / "pages.pdf"
    path.write_bytes(bytes(made.output()))
    document = await read(reader, path, PDF)
    assert document.pages == 3
    said = {b.page: b.text for b in document.blocks if "says something" in b.text}
    assert set(said) == {1, 2, 3}


async def test_legacy_doc_in_chinese(reader: Reader) -> None:
    document = await read(reader, shared_path("data/files/chinese_legacy.doc"), DOC)
    assert "章节1的内容，一段话" in document.text
    assert any(b.cells == ("21", "22", "23") for b in document.blocks)
    assert document.pages == 1


def claiming(path: Path, pages: int, paragraphs: int = 1, *, breaks: bool = False) -> Path:
    """A DOCX of 100-word paragraphs whose properties claim a number of pages."""
    made = Document()
    for number in range(paragraphs):
        if breaks and number:
            made.add_page_break()  # type: ignore[no-untyped-call] # python-docx has no types for it
        made.add_paragraph(f"{number} " + "word " * 99)
    plain = io.BytesIO()
    made.save(plain)
    properties = (
        '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'extended-properties"><Pages>{pages}</Pages></Properties>'
    )
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            claimed = part.filename == "docProps/app.xml"
            new.writestr(part, properties if claimed else old.read(part))
    return path


@pytest.mark.parametrize(
    ("claim", "paragraphs", "pages"), [(3, 12, 3), (1, 200, None), (501, 1, 1), (99_999, 30, 5)]
)
async def test_a_word_file_has_the_pages_that_its_text_bears_out(
    reader: Reader, tmp_path: Path, claim: int, paragraphs: int, pages: int | None
) -> None:
    path = claiming(tmp_path / "a.docx", claim, paragraphs)
    assert (await read(reader, path, DOCX)).pages == pages


async def test_a_word_file_of_too_many_pages_is_refused(reader: Reader, tmp_path: Path) -> None:
    long = claiming(tmp_path / "long.docx", 620, 1_000)
    assert await code_of(reader, long, DOCX) is Code.TOO_MANY_PAGES


async def test_page_breaks_are_pages(tmp_path: Path) -> None:
    broken = claiming(tmp_path / "broken.docx", 502, 502, breaks=True)
    with pytest.raises(InvalidInput) as refused:
        docx_pages(broken, 500)
    assert refused.value.code is Code.TOO_MANY_PAGES
    assert docx_pages(claiming(tmp_path / "few.docx", 4000, 40, breaks=True), 500) == 40


@pytest.mark.parametrize(
    ("name", "media_type", "code"),
    [
        ("encrypted_password.pdf", PDF, Code.ENCRYPTED),
        ("encrypted_passtika.docx", DOCX, Code.ENCRYPTED),
        ("not_a_pdf.pdf", PDF, Code.CORRUPT),
        ("truncated.docx", DOCX, Code.CORRUPT),
        ("long_619_pages.pdf", PDF, Code.TOO_MANY_PAGES),
        ("empty.txt", PDF, Code.EMPTY),
    ],
)
async def test_refusals(reader: Reader, name: str, media_type: str, code: Code) -> None:
    assert await code_of(reader, shared_path(f"data/files/{name}"), media_type) is code


async def test_a_file_that_is_something_else(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "program.doc"
    path.write_bytes(b"MZ" + bytes(range(256)) * 10)
    assert await code_of(reader, path, DOC) is Code.CORRUPT
    path = tmp_path / "text.docx"
    path.write_bytes(b"just text, no archive")
    assert await code_of(reader, path, DOCX) is Code.CORRUPT


async def test_too_many_characters(reader: Reader, tmp_path: Path) -> None:
    made = Document()
    for _ in range(300):
        made.add_paragraph("word " * 100)
    buffer = io.BytesIO()
    made.save(buffer)
    path = tmp_path / "long.docx"
    path.write_bytes(buffer.getvalue())
    limits = ReadLimits(characters=10_000, seconds=60)
    with pytest.raises(InvalidInput) as caught:
        await reader.read(path, name=path.name, media_type=DOCX, limits=limits)
    assert caught.value.code is Code.EXPANDS_TOO_FAR


async def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4\n")
    tika = TikaReader("http://127.0.0.1:1", restart_seconds=0.01)
    with pytest.raises(DependencyUnavailable):
        await tika.check()
    with pytest.raises(DependencyUnavailable):
        await tika.read(path, name="a.pdf", media_type=PDF, limits=LIMITS)
    await tika.close()
