"""Terms that can name a thing: no grammar, no bare numbers, but "nova 10" and "200 plan"."""

import re
from functools import lru_cache
from itertools import pairwise

from services.kernel.language import wording
from services.kernel.language.quantities import is_unit
from services.kernel.language.text import Lexicon

_STEM = 7
# "They cannot find us" does not speak of the US.
_US = re.compile(r"(?<![\w-])us(?![\w-])")
_NUMBERED = re.compile(
    r"(?<![一二三四五六七八九十])[一二三四五六七八九十]++[号级代期届款型区线路楼栋座档中院]"
)


def names(text: str, lexicon: Lexicon) -> list[str]:
    """The terms of a text that carry matter, in order, with a number joined to its neighbour."""
    terms = lexicon.terms(_US.sub(" ", text))
    found = [
        term
        for before, term in pairwise(("", *terms))
        if not empty(term) and not (before.isdigit() and is_unit(term))
    ]
    found.extend(
        f"{first} {second}"
        for first, second in pairwise(terms)
        if first.isdigit() != second.isdigit()
    )
    found.extend(f"#{numbered}" for numbered in _NUMBERED.findall(text))
    # Kin of a word: 怀孕 and 孕妇 share a character, pregnant and pregnancy a beginning.
    found.extend(filter(None, map(beginning, terms)))
    found.extend(
        character
        for character in text
        if "\u3400" <= character <= "\u9fff" and character not in wording.COMMON
    )
    return found


def beginning(term: str) -> str:
    """What stands for a long word's family; "" for a short one, or none."""
    if len(term) <= _STEM:
        return ""
    return f"{term[:_STEM]}~" if term.isascii() and term.isalpha() else ""


@lru_cache(maxsize=1 << 16)
def empty(term: str) -> bool:
    """Whether a term is grammar only, or a bare number: quantities are compared as such."""
    if term.isdigit() or (not term.isascii() and is_unit(term)):
        return True
    if any(character in wording.GRAMMAR for character in term):
        return True
    return all(character in wording.COMMON for character in term)


def mixed(term: str) -> bool:
    """Whether a bigram may lie across a word and a common character: no name by itself."""
    return not term.startswith("#") and any(character in wording.COMMON for character in term)


def is_kin(term: str) -> bool:
    """Whether a term stands for a family of words: weaker evidence than a word."""
    return len(term) == 1 or term.endswith("~")
