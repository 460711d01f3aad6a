"""Two arms, words and vectors, become one score: normalised and gated, never by ranks.

Equal-weight reciprocal ranks let a weak arm vote down a strong one; so scores are scaled to 0..1
and the dense arm's weight depends on the query's language, and, where the embedder does not say
which languages it knows, on how far both arms agree.
"""

from collections.abc import Sequence

from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import Analysis

# Measured with MiniLM on PubMedQA, BEAM and MemoryBank (en): 0.3 to 0.7 differ by a point.
DENSE_WEIGHT = 0.5
_LOOKED_AT = 10
_AGREEING = 3


def dense_weight(analysis: Analysis, spoken: frozenset[str]) -> float | None:
    """Weight of the dense arm, 0..1: nothing for a query in a language that the embedder does
    not know; None where it does not say which it knows (`spoken` is empty).
    """
    if not spoken:
        return None
    return DENSE_WEIGHT if analysis.languages <= spoken else 0.0


def fuse(
    candidates: Sequence[Candidate],
    lexical: Sequence[float],
    weight: float | None,
    voices: Sequence[float] = (),
    *,
    nearest: int | None = None,
) -> None:
    """Set `score` 0..1 from lexical values (any scale, 0 is no match) and cosines. weight: of
    the dense arm; None lets the arms' agreement decide. voices: factors of the dense arm.
    nearest: how many of the nearest are near at all (all, where None): the last one's cosine is 0
    of the scale.
    """
    top = max(lexical, default=0.0)
    cosines = sorted((c.dense for c in candidates if c.dense is not None), reverse=True)[:nearest]
    low, high = (cosines[-1], cosines[0]) if cosines else (0.0, 0.0)
    if weight is None:
        weight = DENSE_WEIGHT * _agreement(candidates, lexical)
    if not cosines:
        weight = 0.0
    elif top <= 0 and weight > 0:
        weight = 1.0
    for place, (candidate, value) in enumerate(zip(candidates, lexical, strict=True)):
        word = value / top if top > 0 else 0.0
        near = 0.0
        if candidate.dense is not None:
            near = (candidate.dense - low) / (high - low) if high > low else 1.0
            near = max(near, 0.0)
            near *= voices[place] if voices else 1.0
            candidate.scores["dense"] = candidate.dense
        candidate.scores["lexical"] = word
        candidate.score = (1 - weight) * word + weight * near


def _agreement(candidates: Sequence[Candidate], lexical: Sequence[float]) -> float:
    """How far the best of both arms are the same, 0..1: an embedder that does not know the
    language agrees with the words by chance only.
    """
    places = range(len(candidates))
    by_words = sorted((p for p in places if lexical[p] > 0), key=lambda p: -lexical[p])
    by_vectors = sorted(
        (p for p in places if candidates[p].dense is not None),
        key=lambda p: -(candidates[p].dense or 0.0),
    )
    if not by_words:
        return 1.0
    common = set(by_words[:_LOOKED_AT]) & set(by_vectors[:_LOOKED_AT])
    return min(1.0, len(common) / min(_AGREEING, len(by_words)))
