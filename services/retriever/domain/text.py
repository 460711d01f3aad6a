"""The words of what the index found: as they were read at ingestion, else read now."""

from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Protocol

from services.kernel.contracts.records import MemoryRecord
from services.kernel.language import bounds
from services.kernel.language.reading import Reading, decode, decode_bag, read
from services.kernel.language.text import Bag, Lexicon, whole_text


class Indexed(Protocol):
    """A record from the index with what was read of it at ingestion ("" where nothing was)."""

    @property
    def record(self) -> MemoryRecord:
        """The record."""
        ...

    @property
    def reading(self) -> str:
        """Its kept reading."""
        ...


def bag(found: Indexed, lexicon: Lexicon) -> Bag:
    """The record's own words together with title and headings, as they are indexed."""
    bounds.check()
    kept = _bag(found.reading) if found.reading else None
    return kept if kept is not None else lexicon.bag(whole_text(found.record))


def reading(found: Indexed, lexicon: Lexicon, wanted: AbstractSet[str]) -> Reading:
    """All that ranking asks of a text. wanted: the names that matter of what it says."""
    kept = _bag(found.reading) if found.reading else None
    told = decode(found.reading, bag=kept, wanted=wanted) if kept is not None else None
    return told or read(found.record, lexicon)


# Questions of one conversation find the same passages again.
_bag = lru_cache(maxsize=1024)(decode_bag)
