"""Spans that no rule may change: addresses, paths, identifiers, code, quotations and titles."""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Region:
    """Characters `start:end` of a text."""

    start: int
    end: int


_ADDRESS: Final = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"  # e-mail
    r"|\b[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'，。；、）)]{1,2000}"  # URL
    r"|\bwww\.[^\s<>\"'，。；、）)]{1,500}"
    r"|(?<![\w/])(?:~|\.{1,2})?(?:/[\w.@+-]{1,100}){2,30}/?"  # path
    r"|\b[A-Za-z]:\\[^\s<>\"']{1,300}",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"`[^`\n]{1,500}`")
_IDENTIFIER: Final = re.compile(
    r"(?<![\w-])(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Za-z_])[A-Za-z0-9]{1,30}(?:[-_.][A-Za-z0-9]{1,30}){1,8}"
    r"|\b[A-Za-z]\w{0,40}_\w{1,60}\b"
)
_QUOTED: Final = re.compile(
    r"\"[^\"\n]{1,600}\"|“[^”\n]{1,600}”|「[^」\n]{1,600}」|『[^』\n]{1,600}』|‘[^’\n]{2,600}’"
)
_BOOK: Final = re.compile(r"《[^》\n]{1,100}》|〈[^〉\n]{1,100}〉")
# A run of capitalised words with a first person inside: a name, and nobody's possession.
_TITLE: Final = re.compile(
    r"\b(?:My|Our|Us|Me|Mine|We)(?:\s+(?-i:[A-Z0-9])[\w'’]{0,30}){1,6}"
    r"|\b(?:(?-i:[A-Z])[\w'’]{0,30}\s+){1,6}(?:My|Our|Us|Me|Mine|We)\b"
)
_COUNTRY: Final = re.compile(r"(?<![\w'’.])(?:U\.S\.(?:A\.)?|USA?)(?![\w'’])")


def protected_regions(text: str) -> list[Region]:
    """Return the spans of a text that are kept as they are, in order; they may overlap."""
    found = [
        Region(match.start(), match.end())
        for pattern in (_ADDRESS, _CODE, _IDENTIFIER, _QUOTED, _BOOK, _TITLE, _COUNTRY)
        for match in pattern.finditer(text)
    ]
    return sorted(found, key=lambda one: (one.start, one.end))
