"""The floor: plain BM25 over whole texts."""

import math
from collections import defaultdict
from collections.abc import Sequence

from services.kernel.ports.models import LexicalEncoder


class Floor:
    """BM25 (k1 1.2, b 0.75) over whole texts with the product's terms. ids: of the texts, by
    which a ranking is told; several texts may share one.
    """

    def __init__(self, encoder: LexicalEncoder, texts: Sequence[str], ids: Sequence[str]) -> None:
        self._encoder = encoder
        self._ids = ids
        self._postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._lengths = []
        for number, text in enumerate(texts):
            terms = encoder.tokens(text)
            self._lengths.append(len(terms))
            counts: dict[str, int] = defaultdict(int)
            for term in terms:
                counts[term] += 1
            for term, count in counts.items():
                self._postings[term].append((number, count))

    def top(self, query: str, count: int) -> list[str]:
        """The ids of the best texts, best first."""
        mean = sum(self._lengths) / max(1, len(self._lengths))
        scores: dict[int, float] = defaultdict(float)
        for term in set(self._encoder.tokens(query)):
            found = self._postings.get(term, [])
            idf = math.log(1 + (len(self._lengths) - len(found) + 0.5) / (len(found) + 0.5))
            for number, tf in found:
                norm = 1.2 * (0.25 + 0.75 * self._lengths[number] / mean)
                scores[number] += idf * tf * 2.2 / (tf + norm)
        best = sorted(scores, key=lambda number: (-scores[number], number))[:count]
        return [self._ids[number] for number in best]
