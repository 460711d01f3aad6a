"""How well candidates match a query's words, scored over the candidates themselves."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from services.kernel.language.text import Bag

# What a single Chinese character counts beside a bigram, as in the index's own queries.
SINGLE = 0.5

# A base smaller than this gives its words the rarity that they would have in one of this size:
# in a tiny base, words that all variants of an answer share would count nothing.
SMALLEST_BASE = 300


def rarity(terms: Sequence[str], bags: Sequence[Bag]) -> dict[str, float]:
    """BM25's inverse document frequency of each term over the candidates, as if they were all
    of a base of at least `SMALLEST_BASE`: ln(1 + (N - df + 1/2) / (df + 1/2)).
    """
    return _rarity(terms, [bag.counts for bag in bags])


def single_rarity(singles: Sequence[str], bags: Sequence[Bag]) -> dict[str, float]:
    """The same of single characters, at their smaller weight."""
    found = _rarity(singles, [bag.singles for bag in bags])
    return {single: SINGLE * weight for single, weight in found.items()}


def _rarity(terms: Sequence[str], counts: Sequence[Mapping[str, int]]) -> dict[str, float]:
    frequency = Counter(term for found in counts for term in terms if term in found)
    size = max(SMALLEST_BASE, len(counts))
    return {
        term: math.log(1 + (size - frequency[term] + 0.5) / (frequency[term] + 0.5))
        for term in terms
    }


def bm25(
    weights: Mapping[str, float],
    bag: Bag,
    *,
    k1: float = 1.2,
    b: float,
    average: float,
    singles: Mapping[str, float] | None = None,
) -> float:
    """BM25 of a text for weighted query terms and single characters (Robertson and Zaragoza
    2009, with a fixed average length in terms).
    """
    norm = k1 * (1 - b + b * bag.length / average)
    score = 0.0
    for wanted, counts in ((weights, bag.counts), (singles or {}, bag.singles)):
        for term, weight in wanted.items():
            tf = counts.get(term)
            if tf:
                score += weight * tf * (k1 + 1) / (tf + norm)
    return score


def coverage(weights: Mapping[str, float], bag: Bag) -> float:
    """Share of the query's weight that stands in the text, 0..1."""
    total = sum(weights.values())
    if total <= 0:
        return 0.0
    return sum(weight for term, weight in weights.items() if term in bag.counts) / total
