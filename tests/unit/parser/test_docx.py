"""DOCX by its styles: what a style is called and how it counts is kept, its looks cost nothing."""

import gc
import io
from pathlib import Path

import docx
import mammoth
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from services.kernel.adapters.reader_docx import read_docx
from services.kernel.ports.reader import ReadLimits

_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def _document() -> bytes:
    document = docx.Document()
    document.add_heading("手册 Handbook", level=0)
    document.add_heading("Rooms", level=1)
    document.add_paragraph("Open the door.", style="List Number")
    document.add_paragraph("Close the door.", style="List Number")
    document.add_paragraph("Oak", style="List Bullet")
    document.add_picture(io.BytesIO(_PIXEL))
    table = document.add_table(rows=2, cols=2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells],
        ("Room", "Seats", "Oak", "12"),
        strict=True,
    ):
        cell.text = text
    marked = OxmlElement("w:tblHeader")
    marked.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(marked)
    saved = io.BytesIO()
    document.save(saved)
    return saved.getvalue()


def test_lists_tables_and_headings_come_as_from_the_whole_package(tmp_path: Path) -> None:
    path = tmp_path / "file.docx"
    path.write_bytes(_document())
    html = read_docx(path, ReadLimits()).html
    whole = mammoth.convert_to_html(
        io.BytesIO(path.read_bytes()), convert_image=mammoth.images.img_element(lambda _: {})
    ).value
    assert html.replace('<h1 class="title">手册 Handbook</h1>', "<p>手册 Handbook</p>") == whole
    assert "<li>Open the door.</li>" in html
    assert "<th>" in html
    assert gc.isenabled()
