"""Two arms, words and vectors, become one score: normalised and gated, never by ranks.

Equal-weight reciprocal ranks let a weak arm vote down a strong one; so scores are scaled to 0..1
and the dense arm's weight depends on the query's language and on how well each arm separates.
"""

from collections.abc import Sequence

from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import Analysis

DENSE_WEIGHT = 0.5


def dense_weight(analysis: Analysis, spoken: frozenset[str]) -> float:
    """Weight of the dense arm, 0..1: nothing for a query in a language that the embedder does
    not know (`spoken`; empty is unknown).
    """
    if not spoken:
        return DENSE_WEIGHT if analysis.languages <= {"en"} else DENSE_WEIGHT / 2
    return DENSE_WEIGHT if analysis.languages <= spoken else 0.0


def fuse(candidates: Sequence[Candidate], lexical: Sequence[float], weight: float) -> None:
    """Set `score` 0..1 from lexical values (any scale, 0 is no match) and cosines."""
    top = max(lexical, default=0.0)
    words = [value / top if top > 0 else 0.0 for value in lexical]
    cosines = [candidate.dense for candidate in candidates if candidate.dense is not None]
    if not cosines or weight <= 0:
        weight = 0.0
    if top <= 0 and cosines:
        weight = max(weight, 1.0) if weight > 0 else 0.0
    low, high = min(cosines, default=0.0), max(cosines, default=0.0)
    spread = high - low
    for candidate, word in zip(candidates, words, strict=True):
        near = 0.0
        if candidate.dense is not None:
            near = (candidate.dense - low) / spread if spread > 0 else 1.0
            candidate.scores["dense"] = candidate.dense
        candidate.scores["lexical"] = word
        candidate.score = (1 - weight) * word + weight * near
