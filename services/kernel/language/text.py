"""Texts as bags of terms, each analysed once."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from services.kernel.contracts.records import MemoryRecord

Tokenise = Callable[[str], list[str]]
_Result = TypeVar("_Result")
# Characters: some times a passage. Long texts do not come back, and would fill the memory.
_LONGEST_REMEMBERED = 16_000


@dataclass(frozen=True, slots=True)
class Bag:
    """Terms of a text: how often each stands in it, and how many there are; singles: the single
    characters beside them, which do not count as length.
    """

    counts: Mapping[str, int]
    length: int
    singles: Mapping[str, int]


class Lexicon:
    """Terms by text, remembered: texts come back in search after search. remember: how many of
    each sort; 0 where they do not come back.
    """

    def __init__(
        self, tokenise: Tokenise, singles: Tokenise | None = None, *, remember: int = 8192
    ) -> None:
        self._tokenise = tokenise
        self._singles = singles or _none
        self.bag = _remembered(self._bag, remember)
        self.singles = _remembered(self._single_terms, remember)
        self.terms = _remembered(self._terms, remember)

    def _terms(self, text: str) -> tuple[str, ...]:
        return tuple(self._tokenise(text))

    def _single_terms(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._singles(text)))

    def _bag(self, text: str) -> Bag:
        terms = self._tokenise(text)
        return Bag(counts=Counter(terms), length=len(terms), singles=Counter(self._singles(text)))


def _remembered(function: Callable[[str], _Result], most: int) -> Callable[[str], _Result]:
    """The function with what it gave of short texts kept, the latest `most` of them."""
    known = lru_cache(maxsize=most)(function)

    def call(text: str) -> _Result:
        return known(text) if len(text) <= _LONGEST_REMEMBERED else function(text)

    return call


def _none(_: str) -> list[str]:
    return []


def lowered(text: str) -> str:
    """In small letters, each character in its place."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(one if len(one.lower()) > 1 else one.lower() for one in text)


def heading_text(record: MemoryRecord) -> str:
    """Title and headings: the indexed context, else the title alone."""
    return record.context or record.key


def whole_text(record: MemoryRecord) -> str:
    """The record's own words together with title and headings, as they are indexed."""
    heading = heading_text(record)
    return f"{heading}\n{record.value}" if heading else record.value
