"""Ranking of what knowledge bases hold, by the query alone."""

from collections.abc import Sequence

from services.kernel.contracts.records import Kind
from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.defining import weigh_definitions
from services.retriever.domain.fusion import fuse
from services.retriever.domain.matching import bm25, coverage, rarity, single_rarity
from services.retriever.domain.query import Analysis
from services.retriever.domain.text import Indexed
from services.retriever.domain.text import bag as words_of
from services.retriever.domain.whole import weigh_documents

_B = 0.3
_AVERAGE = 200.0
_K1 = 1.6


def rank_knowledge(
    candidates: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
    *,
    exhausted: bool,
    dense_weight: float | None,
    naming: Sequence[Indexed] = (),
) -> float:
    """Set every candidate's `score` (0..1) and return the best one's coverage of the query.
    naming: passages of the candidates' documents that have what the query names.

    exhausted: the index had no more to give, so the candidates are all that match, and their
    words' rarity is counted over them; else the index's own BM25 is used.
    """
    bags = [words_of(candidate, lexicon) for candidate in candidates]
    weights = rarity(analysis.terms, bags)
    if exhausted:
        singles = single_rarity(analysis.singles, bags)
        words = [
            bm25(weights, bag, k1=_K1, b=_B, average=_AVERAGE, singles=singles) for bag in bags
        ]
    else:
        words = [candidate.lexical or 0.0 for candidate in candidates]
    words = [value * _weight(c) for value, c in zip(words, candidates, strict=True)]
    fuse(candidates, words, dense_weight)
    weigh_documents(candidates, analysis, weights, lexicon, naming=naming)
    weigh_definitions(candidates, analysis.text)
    top = max((candidate.score for candidate in candidates), default=0.0)
    for candidate in candidates:
        candidate.score = candidate.score / top if top > 0 else 0.0
    return max(
        (
            coverage(weights, bag)
            for bag, candidate in zip(bags, candidates, strict=True)
            if candidate.score >= 1.0
        ),
        default=0.0,
    )


def _weight(candidate: Candidate) -> float:
    """The record's own weight; a correction's is spent when it takes its place."""
    record = candidate.record
    return 1.0 if record.kind is Kind.CORRECTION else record.weight
