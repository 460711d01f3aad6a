"""What a file is, by its name and its bytes."""

import pytest

from services.ingest.domain.media import MEDIA_TYPES, detect, extension_of, safe_name
from services.kernel.contracts.errors import Code, InvalidInput

PDF = b"%PDF-1.7\n"
ZIP = b"PK\x03\x04rest"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"


@pytest.mark.parametrize(
    ("name", "head", "declared", "extension"),
    [
        ("a.pdf", PDF, "", "pdf"),
        ("a.PDF", b"\n\n" + PDF, "", "pdf"),
        ("a.docx", ZIP, "", "docx"),
        ("a.docx", OLE, "", "docx"),
        ("a.doc", OLE, "", "doc"),
        ("a.md", b"# hi", "", "md"),
        ("a.markdown", b"# hi", "", "md"),
        ("a.txt", PDF, "", "pdf"),
        ("a.json", b"{}", "", "json"),
        ("a.xml", b"<a/>", "", "xml"),
        ("report", PDF, "", "pdf"),
        ("report", b"hello", "text/plain; charset=utf-8", "txt"),
        ("report", b"<a/>", "text/xml", "xml"),
    ],
)
def test_detected(name: str, head: bytes, declared: str, extension: str) -> None:
    assert detect(name, head, declared) == MEDIA_TYPES[extension]


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("a.pdf", b"", Code.EMPTY),
        ("a.exe", b"MZ", Code.UNSUPPORTED_FILE_TYPE),
        ("a.pdf", b"MZ\x90", Code.UNSUPPORTED_FILE_TYPE),
        ("a.html", b"<html>", Code.UNSUPPORTED_FILE_TYPE),
        ("a", b"hello", Code.UNSUPPORTED_FILE_TYPE),
        ("a.pdf", b"not a pdf", Code.CORRUPT),
        ("a.pdf", ZIP, Code.CORRUPT),
        ("a.docx", b"hello", Code.CORRUPT),
        ("a.docx", PDF, Code.CORRUPT),
        ("a.png", b"\x89PNG", Code.UNSUPPORTED_FILE_TYPE),
    ],
)
def test_refused(name: str, head: bytes, code: Code) -> None:
    with pytest.raises(InvalidInput) as caught:
        detect(name, head)
    assert caught.value.code is code


def test_names_lose_their_folders() -> None:
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\temp\\a.pdf") == "a.pdf"
    assert safe_name("a\x00b\n.md") == "ab.md"
    assert safe_name("/") == "document"
    assert extension_of("archive.tar.GZ") == "gz"
