"""Texts as bags of terms, each analysed once."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.kernel.contracts.records import MemoryRecord

Tokenise = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Bag:
    """Terms of a text: how often each stands in it, and how many there are."""

    counts: Mapping[str, int]
    length: int


class Lexicon:
    """Terms by text, remembered: records come back in search after search."""

    def __init__(self, tokenise: Tokenise, *, remember: int = 8192) -> None:
        self._tokenise = tokenise
        self.bag = lru_cache(maxsize=remember)(self._bag)
        self.terms = lru_cache(maxsize=remember)(self._terms)

    def of(self, record: MemoryRecord) -> Bag:
        """The record's own words together with title and headings, as they are indexed."""
        heading = heading_text(record)
        return self.bag(f"{heading}\n{record.value}" if heading else record.value)

    def _terms(self, text: str) -> tuple[str, ...]:
        return tuple(self._tokenise(text))

    def _bag(self, text: str) -> Bag:
        terms = self._tokenise(text)
        return Bag(counts=Counter(terms), length=len(terms))


def heading_text(record: MemoryRecord) -> str:
    """Title and headings: the indexed context, else the title alone."""
    return record.context or record.key
