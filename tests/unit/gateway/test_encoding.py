"""What the `content` of a file is taken for."""

import base64

import pytest

from services.gateway.domain import media
from services.gateway.domain.encoding import inspect
from services.kernel.contracts.errors import InvalidInput


def b64(text: str, encoding: str = "utf-8") -> str:
    return base64.b64encode(text.encode(encoding)).decode()


LONG = "The quick brown fox jumps over the lazy dog and goes home " * 8


@pytest.mark.parametrize(
    "content",
    [
        "# Rules\n\nThe cap is 800.",
        "The cap is 800",
        "hello world",
        LONG.strip(),
        "采购规则",
        "办公软件上限是 800 元",
        '{"cap":800}',
        '["a","b"]',
        "<rules><cap>800</cap></rules>",
        "Note: the cap is 800",
        "data: we saw 800, and 900",
        "alpha\nbeta\ngamma\ndelta\nepsilon\nzeta\neta\ntheta\niota\nkappa\nlambda\nmu",
    ],
)
def test_words_under_a_name_of_text_are_the_text(content: str) -> None:
    assert inspect(content.encode(), may_be_text=True).kind == "text"


@pytest.mark.parametrize(
    "content",
    [
        b64("# a"),
        b64("The cap is 800"),
        f" {b64('The cap is 800')}\n",
        "QUJD RA==",
        b64("办公软件上限", "gb18030"),
        base64.encodebytes(LONG.encode()).decode(),
        base64.encodebytes(LONG.encode("utf-16")).decode(),
        "QUJDR",
        "QUJD€",
        "word",
    ],
)
def test_base64_and_single_words_are_never_taken_for_text(content: str) -> None:
    assert inspect(content.encode(), may_be_text=True).kind == "base64"


@pytest.mark.parametrize("content", ["https://example.org/a.md", "file:///etc/passwd"])
def test_addresses_stay_addresses(content: str) -> None:
    assert inspect(content.encode(), may_be_text=True).kind == "url"


def test_a_data_uri_stays_one_and_a_broken_one_is_refused() -> None:
    head = inspect(f"data:text/markdown;base64,{b64('# a')}".encode(), may_be_text=True)
    assert (head.kind, head.media_type) == ("base64", "text/markdown")
    for broken in ("data:text/plain", "data:text/markdown,hello", "data:text/plain,hello you"):
        with pytest.raises(InvalidInput) as refused:
            inspect(broken.encode(), may_be_text=True)
        assert refused.value.code == 40009


def test_other_names_carry_no_text() -> None:
    assert inspect(b"hello world, here I am").kind == "base64"
    assert not media.names_text("a.pdf", "text/markdown")
    assert media.names_text("a.MD")
    assert media.names_text("", "text/markdown; charset=utf-8")


@pytest.mark.parametrize(
    ("text", "extension"),
    [
        ("hello there", "txt"),
        ("# Title\n\nText", "md"),
        ("- one\n- two", "md"),
        ('{"a": 1}', "json"),
        ("[1, 2]", "json"),
        ("[note] read this", "txt"),
        ("<?xml version='1.0'?><a/>", "xml"),
        ("采购规则", "txt"),
        ("", ""),
        ("\x00\x01\x02", ""),
    ],
)
def test_a_text_without_a_name_is_known_by_its_first_bytes(text: str, extension: str) -> None:
    assert media.sniff_text(text.encode()) == extension
    if extension == "txt" and not text.isascii():
        assert media.sniff_text(text.encode("gb18030")) == "txt"
        assert media.sniff_text(text.encode("utf-16")) == "txt"
        assert media.sniff_text(text.encode()[:-1]) == "txt"
