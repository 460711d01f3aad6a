"""A question of several parts is answered by memories that between them hold all its words."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence

from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.text import bag as words_of

# Measured on BEAM and MemoryBank: 0.15 to 0.5 and 0.7 to 0.8 differ by half a point.
_NEW = 0.3
_AGAIN = 0.8
# As many as a list of an answer holds.
_COVERED = 25


def cover(
    candidates: Sequence[Candidate], weights: Mapping[str, float], lexicon: Lexicon
) -> list[Candidate]:
    """Lower the scores of memories whose share of the question stands in better ones: each word
    counts `_AGAIN` as much as before with every memory that holds it, in `_NEW` of the score.
    candidates: best first; weights: of the question's terms. Best first.
    """
    counts = [words_of(candidate, lexicon).counts for candidate in candidates]
    terms = [[term for term in weights if term in found] for found in counts]
    held: Counter[str] = Counter()

    def worth(place: int) -> float:
        score, mine = candidates[place].score, terms[place]
        total = sum(weights[term] for term in mine)
        if total <= 0:
            return score
        left = sum(weights[term] * _AGAIN ** held[term] for term in mine)
        return score * (1 - _NEW * (1 - left / total))

    # What a memory is worth only falls: one whose worth is still the same is the best.
    waiting = [(-candidate.score, place) for place, candidate in enumerate(candidates)]
    heapq.heapify(waiting)
    kept: list[Candidate] = []
    while waiting and len(kept) < _COVERED:
        before, place = heapq.heappop(waiting)
        now = worth(place)
        if now < -before:
            heapq.heappush(waiting, (-now, place))
            continue
        candidates[place].score = now
        kept.append(candidates[place])
        held.update(terms[place])
    lowest = kept[-1].score if kept else 0.0
    rest = [candidates[place] for _, place in sorted(waiting)]
    for candidate in rest:
        candidate.score = min(candidate.score, lowest)
    return [*kept, *rest]
