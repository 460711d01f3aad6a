"""Comparing texts by their letters: widths, cases and spaces aside, positions kept."""

import re
import unicodedata
from functools import lru_cache

_PIECE = re.compile(r"[a-z0-9]+|\S")
_EDGE = " \t\r\n\"'“”‘’「」『』《》〈〉()（）[]【】,，.。;；:：!！?？、~"
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")


@lru_cache(maxsize=1 << 14)
def _fold_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).casefold()
    return folded if len(folded) == 1 else character


def fold(text: str) -> str:
    """The text in half width and lower case; every character keeps its place."""
    return "".join(map(_fold_character, text))


def is_chinese(text: str) -> bool:
    """Whether the text is to be read (and answered) as Chinese."""
    return len(_HAN.findall(text)) >= len(_LATIN.findall(text)) and bool(_HAN.search(text))


def trim(text: str) -> str:
    """Without spaces, quotes and punctuation at both ends; a bracket that has its partner stays."""
    trimmed = text.strip(_EDGE)
    for opening, closing in ("()", "（）", "《》", "“”", "「」"):
        if trimmed.count(opening) > trimmed.count(closing) and trimmed + closing in text:
            trimmed += closing
        if trimmed.count(closing) > trimmed.count(opening) and opening + trimmed in text:
            trimmed = opening + trimmed
    return trimmed


def squeeze(text: str) -> str:
    """Folded, without spaces: equal for what reads the same."""
    return re.sub(r"\s+", "", fold(trim(text)))


def occurrences(text: str, value: str) -> list[tuple[int, int]]:
    """Where `value` stands in `text`: spaces, width and case aside, and never inside a longer
    number or a longer Latin word.
    """
    pieces = _PIECE.findall(fold(trim(value)))
    if not pieces:
        return []
    return [match.span() for match in _pattern(tuple(pieces)).finditer(fold(text))]


@lru_cache(maxsize=4096)
def _pattern(pieces: tuple[str, ...]) -> re.Pattern[str]:
    body = r"\s*".join(map(re.escape, pieces))
    first, last = pieces[0][0], pieces[-1][-1]
    before = r"(?<!\d)(?<!\d[.,:])" if first.isdigit() else ""
    after = r"(?!\d)(?![.,:]\d)" if last.isdigit() else ""
    if first.isascii() and first.isalpha():
        before = r"(?<![a-z])"
    if last.isascii() and last.isalpha():
        after = r"(?![a-z])"
    return re.compile(before + body + after)
