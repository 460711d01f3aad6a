"""What a search needs to know of a passage, read once at ingestion and kept beside it.

Reading a passage of 400 tokens (terms, negations, ranges) takes about 2 ms, decoding what was
read a fiftieth of that. The kept form is JSON: terms of one frequency joined in one string, and
of the signed terms only what does not follow from the plain ones.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import orjson

from services.kernel.contracts.records import MemoryRecord
from services.kernel.language import wording
from services.kernel.language.naming import beginning, empty, names
from services.kernel.language.quantities import Range, ranges
from services.kernel.language.signs import Signed, signed
from services.kernel.language.text import Bag, Lexicon, heading_text, whole_text

_VERSION = 2
# Stands in no term: terms are words, and names are made of them with "~", "#" and spaces.
_BETWEEN = "|"


@dataclass(frozen=True, slots=True)
class Reading:
    """A record as ranking sees it.

    bag: words of title, headings and text. signed: names in the text by sign (`hard` stays
    empty: what a text excludes without appeal is `barred`). heading: names in title and headings.
    title: words of title, headings and file name. ranges: quantities that the text admits.
    """

    bag: Bag
    signed: Signed
    heading: frozenset[str]
    title: frozenset[str]
    ranges: tuple[Range, ...]


def read(record: MemoryRecord, lexicon: Lexicon) -> Reading:
    """Read a record."""
    anchor = record.anchor
    path = anchor.heading_path[-1:] if anchor is not None else ()
    headings = " ".join((heading_text(record), *path))
    name = PurePath(anchor.document_name).stem if anchor is not None else ""
    text = whole_text(record)
    said = signed(record.value, lexicon)
    return Reading(
        bag=lexicon.bag(text),
        signed=Signed(said.plus, said.minus, frozenset(), said.barred),
        heading=frozenset(names(headings, lexicon)),
        title=frozenset((*lexicon.terms(headings), *lexicon.terms(name))),
        ranges=(
            *(replace(one, main=True) for one in ranges(headings)),
            *ranges(record.value),
        ),
    )


def encode(reading: Reading) -> str:
    """The kept form."""
    bag, said = reading.bag, reading.signed
    expected = _expected(bag)
    other = {term: count for term, count in said.plus.items() if count != expected.get(term, 0)}
    other |= {term: 0 for term in expected if term not in said.plus}
    kept = (
        _VERSION,
        bag.length,
        _packed(bag.counts),
        _packed_singles(bag.singles),
        _packed(other),
        _packed(said.minus),
        _joined(said.barred),
        _joined(reading.heading),
        _joined(reading.title),
        # JSON has no infinity: an open end is null.
        [
            (
                one.dimension,
                one.low,
                None if one.high == float("inf") else one.high,
                one.forbidden,
                one.main,
            )
            for one in reading.ranges
        ],
    )
    return orjson.dumps(kept).decode()


def decode_bag(kept: str) -> Bag | None:
    """The bag alone, of the kept form; None where it is of another version, or none was kept."""
    parts = _parts(kept)
    return _bag(parts) if parts is not None else None


def decode(
    kept: str, *, bag: Bag | None = None, wanted: AbstractSet[str] | None = None
) -> Reading | None:
    """The reading of the kept form; None where it is of another version, or none was kept. bag:
    where it is decoded already. wanted: the names that matter of what the text says; all by
    default.
    """
    parts = _parts(kept)
    if parts is None:
        return None
    _, _, _, _, other, minus, barred, heading, title, spans = parts
    bag = bag or _bag(parts)
    plus = {**_expected(bag, wanted), **_unpacked(other)}
    return Reading(
        bag=bag,
        signed=Signed(
            {term: count for term, count in plus.items() if count},
            _unpacked(minus),
            frozenset(),
            _split(barred),
        ),
        heading=_split(heading),
        title=_split(title),
        ranges=tuple(
            Range(dimension, low, float("inf") if high is None else high, forbidden, main)
            for dimension, low, high, forbidden, main in spans
        ),
    )


def _parts(kept: str) -> list[Any] | None:
    parts: list[Any] = orjson.loads(kept) if kept else [0]
    return parts if parts[0] == _VERSION else None


def _bag(parts: list[Any]) -> Bag:
    return Bag(counts=_unpacked(parts[2]), length=parts[1], singles=_unpacked_singles(parts[3]))


def _expected(bag: Bag, wanted: AbstractSet[str] | None = None) -> dict[str, int]:
    """The names, by count, of a text without negations, headings and numbers beside words."""
    counts = bag.counts
    words = counts if wanted is None else counts.keys() & wanted
    found = {term: counts[term] for term in words if not empty(term)}
    for term, count in counts.items():
        start = beginning(term)
        if start and (wanted is None or start in wanted):
            found[start] = found.get(start, 0) + count
    for single, count in bag.singles.items():
        character = single[-1]
        if (wanted is None or character in wanted) and _names_alone(character):
            found[character] = count
    return found


def _names_alone(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" and character not in wording.COMMON


def _packed(counts: Mapping[str, int]) -> dict[str, str]:
    by_count: dict[str, list[str]] = {}
    for term, count in counts.items():
        by_count.setdefault(str(count), []).append(term)
    return {count: _BETWEEN.join(terms) for count, terms in by_count.items()}


def _unpacked(packed: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count, terms in packed.items():
        found.update(dict.fromkeys(terms.split(_BETWEEN), int(count)))
    return found


def _packed_singles(counts: Mapping[str, int]) -> dict[str, dict[str, str]]:
    """By the mark before the character, which all share, then by count."""
    found: dict[str, Counter[str]] = {}
    for single, count in counts.items():
        found.setdefault(single[:-1], Counter())[single[-1]] = count
    packed: dict[str, dict[str, str]] = {}
    for mark, characters in found.items():
        by_count = packed.setdefault(mark, {})
        for character, count in characters.items():
            by_count[str(count)] = by_count.get(str(count), "") + character
    return packed


def _unpacked_singles(packed: Mapping[str, Mapping[str, str]]) -> dict[str, int]:
    return {
        mark + character: int(count)
        for mark, by_count in packed.items()
        for count, characters in by_count.items()
        for character in characters
    }


def _joined(terms: Iterable[str]) -> str:
    return _BETWEEN.join(sorted(terms))


def _split(terms: str) -> frozenset[str]:
    return frozenset(terms.split(_BETWEEN)) if terms else frozenset()
