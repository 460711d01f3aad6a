"""Lines that were broken to fit a page are joined again, without gluing or tearing words."""

import re
from collections.abc import Iterable
from typing import Final

_WIDE: Final = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…—]")
_HYPHENS: Final = ("-", "\u2010", "\u00ad", "\u0002")


def join_lines(lines: Iterable[str]) -> str:
    """One paragraph: nothing between Chinese characters, a blank between words, and words that
    were hyphenated at the line's end made whole.
    """
    joined = ""
    for line in lines:
        following = line.strip(" \t\r\n")
        joined = join(joined, following) if joined else following
    return joined


def is_wide(text: str) -> bool:
    """Whether a line may be broken after its first character: Chinese needs no blanks."""
    return bool(_WIDE.match(text))


def join(left: str, right: str) -> str:
    """Two lines as one."""
    if not left or not right:
        return left + right
    if left.endswith(_HYPHENS):
        return _dehyphenated(left, right)
    if _WIDE.match(left[-1]) or _WIDE.match(right[0]):
        return left + right
    return f"{left} {right}"


def _dehyphenated(left: str, right: str) -> str:
    """A soft hyphen always goes; a hyphen goes between small letters ("seg-" "ment"), and stays
    in names and numbers ("DW-" "640", "e-" "mail").
    """
    if left[-1] in {"\u00ad", "\u0002"}:
        return left[:-1] + right
    word = re.search(r"(?<![^\W\d_])([^\W\d_]++)[-\u2010]$", left)
    if word is None:
        return left + right if right[:1].isdigit() else f"{left} {right}"
    if len(word.group(1)) > 1 and word.group(1)[-1].islower() and right[0].islower():
        return left[:-1] + right
    return left + right
