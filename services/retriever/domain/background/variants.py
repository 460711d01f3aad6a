"""Which candidates are variants of one another, and which words tell them apart."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.kernel.language.naming import is_kin
from services.kernel.language.quantities import Range
from services.kernel.language.signs import Signed
from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.matching import SMALLEST_BASE
from services.retriever.domain.text import reading

Matrix = NDArray[np.float64]

_SAME_LEVEL = 0.5
_TITLES = 0.8
_NEAREST = 5
_KIN = 0.3


@dataclass(frozen=True, slots=True)
class Section:
    """A candidate as evidence sees it: its heading's terms, its signed terms, its ranges.

    terms: all of them. weights: 1 + ln tf of its words, for the cosine. name: the heading right
    above it.
    """

    heading: frozenset[str]
    signed: Signed
    ranges: tuple[Range, ...]
    title: frozenset[str]
    document: str
    depth: int
    terms: frozenset[str]
    weights: Mapping[str, float]
    name: str = ""


def section(candidate: Candidate, lexicon: Lexicon, wanted: AbstractSet[str]) -> Section:
    """A candidate as evidence sees it. wanted: the names that matter of what it says."""
    told = reading(candidate, lexicon, wanted)
    anchor = candidate.record.anchor
    return Section(
        heading=told.heading,
        signed=told.signed,
        ranges=told.ranges,
        title=told.title,
        document=anchor.document_id if anchor is not None else "",
        depth=len(anchor.heading_path) if anchor is not None else 0,
        terms=frozenset((*told.heading, *told.signed.plus, *told.signed.minus)),
        weights={term: 1 + math.log(n) for term, n in told.bag.counts.items()},
        name=anchor.heading_path[-1] if anchor is not None and anchor.heading_path else "",
    )


def contrast(sections: Sequence[Section], wanted: AbstractSet[str]) -> dict[str, float]:
    """u(t) = ln(n / df) / ln n · idf(t) / idf(once): how well each wanted term tells the
    candidates apart; one that stands in all of them says nothing. idf is that of a base of
    `SMALLEST_BASE`.
    """
    count = len(sections)
    if count < 2:  # noqa: PLR2004 - one candidate has no variants
        return {}
    said: Counter[str] = Counter()
    negated: Counter[str] = Counter()
    for one in sections:
        said.update((wanted & one.signed.plus.keys()) | (wanted & one.heading))
        negated.update(wanted & one.signed.minus.keys())
    idf = _rarities(count)
    # What all candidates speak of still tells them apart where some of them negate it.
    return {
        term: max(
            math.log(count / df) / math.log(count) * idf[df] / idf[1]
            for df in (said[term], negated[term])
            if df
        )
        * (_KIN if is_kin(term) else 1.0)
        for term in said | negated
        if not (said[term] == count and not negated[term])
    }


def likeness(sections: Sequence[Section]) -> Matrix:
    """Similarity of candidates, 0..1: the largest of TF-IDF cosine, 1/2 for the same document
    and heading level, and 0.8 times the overlap of titles, headings and file names.
    """
    count = len(sections)
    frequency = Counter(term for one in sections for term in one.weights)
    idf = _rarities(count)
    place = {term: index for index, term in enumerate(t for t, n in frequency.items() if n > 1)}
    vectors: Matrix = np.zeros((count, len(place) or 1))
    for row, one in enumerate(sections):
        norm = 0.0
        for term, weight in one.weights.items():
            value = weight * idf[frequency[term]]
            norm += value * value
            column = place.get(term)
            if column is not None:
                vectors[row, column] = value
        vectors[row] /= math.sqrt(norm) or 1.0
    cosine: Matrix = vectors @ vectors.T
    found: Matrix = np.maximum(cosine, _SAME_LEVEL * _same_level(sections))
    found = np.maximum(found, _TITLES * _overlap([one.title for one in sections]))
    np.fill_diagonal(found, 0.0)
    return found


def _rarities(count: int) -> list[float]:
    """Idf by document frequency, 0..count."""
    size = max(SMALLEST_BASE, count)
    return [math.log(1 + (size - df + 0.5) / (df + 0.5)) for df in range(count + 1)]


def smooth(scores: Matrix, alike: Matrix, share: float) -> Matrix:
    """(1 - share) b + share W b, W the row-normalised similarity to the five nearest (a
    candidate is its own nearest).
    """
    count = len(scores)
    weights = alike + np.eye(count)
    if count > _NEAREST:
        cut = np.sort(weights, axis=1)[:, -_NEAREST][:, None]
        weights = np.where(weights >= cut, weights, 0.0)
    weights = weights / weights.sum(axis=1, keepdims=True)
    found: Matrix = (1 - share) * scores + share * (weights @ scores)
    return found


def _same_level(sections: Sequence[Section]) -> Matrix:
    """1 where two are of one document and heading level."""
    places: dict[tuple[str, int], int] = {}
    level = np.array(
        [
            places.setdefault((one.document, one.depth), number) if one.document else -1 - number
            for number, one in enumerate(sections)
        ]
    )
    found: Matrix = (level[:, None] == level[None, :]).astype(np.float64)
    return found


def _overlap(titles: Sequence[frozenset[str]]) -> Matrix:
    """|A ∩ B| / √(|A| |B|): a short title in a long one is no proof."""
    terms = dict.fromkeys(term for title in titles for term in title)
    place = {term: number for number, term in enumerate(terms)}
    holds: Matrix = np.zeros((len(titles), len(place) or 1))
    for row, title in enumerate(titles):
        holds[row, [place[term] for term in title]] = 1.0
    sizes = np.sqrt(np.maximum(holds.sum(axis=1), 1.0))
    found: Matrix = (holds @ holds.T) / np.outer(sizes, sizes)
    return found
