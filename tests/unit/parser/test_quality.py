"""The gate against garbage."""

import pytest

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.ports.reader import Reading
from services.parser.domain.build import PDF, parse_reading
from services.parser.domain.quality import garbage
from tests.support.parsed import PLAIN, parsed

CHINESE = (
    "公司各类软件的采购与报销流程，需要合理控制软件费用支出，保障信息安全，结合公司实际情况制定。"
    * 3
)


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        "Ordinary English text, with numbers like 1,234.50 and a few symbols: € § % @ #." * 3,
        "Überprüfung der Größe: ¿Qué? Français, naïve façade, Ærø, Łódź, Привет мир, ελληνικά" * 2,
        "| a | b |\n" * 40,
        "def f(x):\n    return {x: [1, 2]}\n" * 10,
        "こんにちは世界、日本語の文章です。カタカナもあります。한국어 문장도 있습니다." * 3,
        "€100",
    ],
)
def test_text_of_any_language_passes(text: str) -> None:
    assert garbage(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        CHINESE.encode("utf-8").decode("latin-1"),
        CHINESE.encode("gb18030").decode("latin-1"),
        CHINESE.encode("utf-8").decode("gb18030", "replace"),
        "\ufffd\ufffda\ufffdb" * 20,
        "\ue001\ue002\ue003\ue004 \ue005" * 20,
        "(cid:12)(cid:45)(cid:3) (cid:9)" * 20,
    ],
)
def test_garbage_does_not(text: str) -> None:
    assert garbage(text)


def test_reasons_have_their_codes() -> None:
    with pytest.raises(InvalidInput) as soup:
        parse_reading(Reading("<p>" + "\ue001\ue002 " * 50 + "</p>"), name="a", media_type=PDF)
    assert soup.value.code is Code.GARBAGE_TEXT
    with pytest.raises(InvalidInput) as nothing:
        parse_reading(Reading('<div class="page"><p>\n</p></div>'), name="a", media_type=PDF)
    assert nothing.value.code is Code.NO_TEXT
    with pytest.raises(InvalidInput) as empty:
        parsed(" \n\t", PLAIN)
    assert empty.value.code is Code.EMPTY
