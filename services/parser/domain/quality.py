"""The gate against garbage: text that no reader could use must not count as a document."""

import re
import unicodedata
from typing import Final

from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.domain.chinese import frequent_share

_SAMPLE: Final = 40_000
_TOO_MANY_UNKNOWN: Final = 0.05
_TOO_MUCH_ODD: Final = 0.3
_ENOUGH: Final = 20
# UTF-8 read as Latin-1 or Windows-1252, and UTF-8 read as GBK: the classics of mojibake.
_MOJIBAKE = re.compile(
    "[ÃÂÐÑ][\u0080-\u00bf\u2018-\u2122]|[åæçèé][\u0080-\u00bf\u2018-\u2122]{2}|锟斤拷|烫烫烫"
)
_MISREAD_MARKS = re.compile("[锛銆鈥鐨]")
_TOO_RARE: Final = 0.04
_MARKS: Final = 0.01
_TOO_LATIN: Final = 0.4  # no language writes so many accents: Chinese bytes shown as Latin-1
_TOO_MUCH_MOJIBAKE: Final = 0.08
_GLYPH = re.compile(r"\(cid:\d+\)|/[gG]\d{1,4}\b|\bglyph<[^>]*>|/uni[0-9A-F]{4}")
_TOO_MANY_GLYPHS: Final = 0.2


def check_quality(document: ParsedDocument) -> None:
    """InvalidInput NO_TEXT without a letter or digit, GARBAGE_TEXT for glyph soup or mojibake."""
    text = _sample(document.text)
    reason = garbage(text)
    if reason:
        raise InvalidInput(f"the document's text is unreadable ({reason})", code=Code.GARBAGE_TEXT)
    if not any(character.isalnum() for character in document.text):
        raise InvalidInput(
            "the document has no text: it is empty, or a scan that needs OCR first",
            code=Code.NO_TEXT,
        )


def garbage(text: str) -> str:
    """Why a text is garbage, "" when it is not."""
    visible = [character for character in text if not character.isspace()]
    if len(visible) < _ENOUGH:
        odd = sum(character == "\ufffd" for character in visible)
        return "unknown characters" if visible and odd * 2 > len(visible) else ""
    count = len(visible)
    odd = sum(unicodedata.category(character) in {"Co", "Cn", "Cc", "Cs"} for character in visible)
    glyphs = sum(len(found) for found in _GLYPH.findall(text))
    latin = sum("\u00a1" <= character <= "\u00ff" for character in visible)
    broken = sum(len(found) for found in _MOJIBAKE.findall(text))
    misread = (
        latin > _TOO_LATIN * count
        or broken > _TOO_MUCH_MOJIBAKE * count
        or _is_misread_chinese(text)
    )
    reasons = {
        "unknown characters": visible.count("\ufffd") > _TOO_MANY_UNKNOWN * count,
        "glyphs without meaning": odd > _TOO_MUCH_ODD * count,
        "glyph numbers instead of letters": glyphs > _TOO_MANY_GLYPHS * count,
        "a wrong encoding": misread,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _is_misread_chinese(text: str) -> bool:
    """UTF-8 read as GBK: Chinese characters without the common ones, and the marks that commas,
    full stops and quotes turn into.
    """
    share, count = frequent_share(text)
    marks = len(_MISREAD_MARKS.findall(text))
    return count >= _ENOUGH and share < _TOO_RARE and marks > _MARKS * count


def _sample(text: str) -> str:
    """Beginning, middle and end, so that one bad page does not decide and a long book is cheap."""
    if len(text) <= _SAMPLE:
        return text
    third = _SAMPLE // 3
    middle = len(text) // 2
    return text[:third] + text[middle : middle + third] + text[-third:]
