"""Candidates cut into the statements that a correction may touch, and how well each fits."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.feedback.domain.folding import occurrences, squeeze
from services.feedback.domain.splitting import Span, clauses, sentences
from services.feedback.domain.values import Value, values
from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord
from services.kernel.language import bounds

Tokenise = Callable[[str], list[str]]

# Function characters of Chinese: they glue neighbours into bigrams that mean nothing.
_GLUE = re.compile(
    r"为什么|什么|哪[里个些儿天种位一两]?|谁|怎[么样]|如何|多少|几[个点次号楼时位枚]?|请问|是否|答案|[的了是在和与就也还吗呢吧么]"
)
# "check-in" and "check-out" differ in a word that says nothing alone.
_JOINED = re.compile(r"[A-Za-z]+-[A-Za-z]+")
# What no candidate says tells nothing apart: it counts less.
_UNSEEN = 0.35
_HEADING = re.compile(r"^(?:#{1,6}\s*)?[^。！？!?；;：:，,\n]{1,40}$")
# Share of a word's weight that it has where it stands beside the statement, not in it.
_NEAR = {"heading": 0.7, "sentence": 0.5, "passage": 0.3}
_SMALLEST = 60
# Characters around an amount that still leave the words that amount ("up to 15 kg").
_MARGIN = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that search returned, with its place in the answer (0 is the first)."""

    record: MemoryRecord
    rank: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence, a row or a clause of a candidate; start, end are places in the record's value.

    own, sentence, heading, passage: terms of the statement and of what stands around it.
    """

    record: MemoryRecord
    rank: int
    start: int
    end: int
    text: str
    is_clause: bool
    own: frozenset[str]
    sentence: frozenset[str]
    heading: frozenset[str]
    passage: frozenset[str]

    def values(self) -> list[Value]:
        """Values in the statement."""
        return values(self.text)

    def holds(self, value: str) -> list[tuple[int, int]]:
        """Where a value stands in the statement: as written, else as the same amount."""
        found = occurrences(self.text, value)
        if found:
            return found
        wanted = values(value)
        if len(wanted) != 1 or len(squeeze(value)) > len(squeeze(wanted[0].text)) + _MARGIN:
            return []
        return [
            (own.start, own.end)
            for own in self.values()
            if own.kind == wanted[0].kind and own.number == wanted[0].number
        ]

    @property
    def title(self) -> str:
        """Title and headings of its document."""
        return self.record.context or self.record.key


class Statements:
    """All statements of the candidates, with the weights of their words."""

    def __init__(self, candidates: Sequence[Candidate], tokenise: Tokenise) -> None:
        self._tokenise = tokenise
        self._title = lru_cache(maxsize=256)(self.terms)
        self.all = [item for candidate in candidates for item in self._cut(candidate)]
        whole = [item for item in self.all if not item.is_clause]
        self._frequency = Counter(term for item in whole for term in item.own)
        self._around = frozenset(term for item in whole for term in item.heading)
        self._size = max(_SMALLEST, len(whole))

    def terms(self, text: str) -> frozenset[str]:
        """Content terms of a text."""
        joined = (word.casefold() for word in _JOINED.findall(text))
        read = bounds.squeezed(text[: bounds.LONGEST_SOURCE])
        amounts = (f"={v.number} {v.kind}" for v in values(read) if v.kind.startswith("unit"))
        return frozenset((*self._tokenise(_GLUE.sub(" ", text)), *joined, *amounts))

    def weight(self, term: str) -> float:
        """BM25's inverse document frequency over the statements."""
        frequency = self._frequency[term]
        if frequency == 0 and term not in self._around:
            return _UNSEEN * math.log(1 + 2 * self._size)
        return math.log(1 + (self._size - frequency + 0.5) / (frequency + 0.5))

    def coverage(self, terms: Iterable[str], item: Statement) -> float:
        """Share of the terms' weight that the statement and its surroundings hold, 0..1."""
        total = found = 0.0
        for term in terms:
            weight = self.weight(term)
            total += weight
            if term in item.own:
                found += weight
            elif term in item.heading:
                found += weight * _NEAR["heading"]
            elif term in item.sentence:
                found += weight * _NEAR["sentence"]
            elif term in item.passage:
                found += weight * _NEAR["passage"]
        return found / total if total else 0.0

    def own_coverage(self, terms: Iterable[str], item: Statement) -> float:
        """The same for the statement's own words alone."""
        return self.share(terms, item.own)

    def share(self, terms: Iterable[str], present: frozenset[str]) -> float:
        """Share of the terms' weight that `present` has, 0..1."""
        weights = {term: self.weight(term) for term in terms}
        total = sum(weights.values())
        if not total:
            return 0.0
        return sum(weight for term, weight in weights.items() if term in present) / total

    def named(self, terms: frozenset[str], item: Statement) -> float:
        """How much of the title of the statement's section the terms name, 0..1."""
        title = self._title(item.record.key)
        total = sum(map(self.weight, title))
        return sum(map(self.weight, title & terms)) / total if total else 0.0

    def _cut(self, candidate: Candidate) -> list[Statement]:
        record = candidate.record
        title = self.terms(f"{record.context}\n{record.key}")
        passage = self.terms(record.value)
        found: list[Statement] = []
        heading = title
        # What is too long for rules is no statement that they could correct.
        lines = [
            line
            for line in sentences(record.value[: bounds.LONGEST_SOURCE])
            if len(line.text) <= bounds.LONGEST_SENTENCE
        ]
        for index, span in enumerate(lines):
            bounds.check()
            if index + 1 < len(lines) and _HEADING.match(span.text) and not values(span.text):
                heading = title | self.terms(span.text)
            own = self.terms(span.text)
            around = _Around(span, own, heading, passage)
            found.append(self._made(candidate, span, around))
            parts = clauses(span.text, lists=True)
            if len(parts) > 1:
                for part in parts:
                    placed = Span(span.start + part.start, span.start + part.end, part.text)
                    found.append(self._made(candidate, placed, around))
        return found

    def _made(self, candidate: Candidate, span: Span, around: "_Around") -> Statement:
        sentence = around.sentence
        is_clause = span.start != sentence.start or span.end != sentence.end
        return Statement(
            record=candidate.record,
            rank=candidate.rank,
            start=span.start,
            end=span.end,
            text=span.text,
            is_clause=is_clause,
            own=self.terms(span.text) if is_clause else around.terms,
            sentence=around.terms,
            heading=around.heading,
            passage=around.passage,
        )


@dataclass(frozen=True, slots=True)
class _Around:
    """The sentence that a statement is (a part of), its terms, and those around it."""

    sentence: Span
    terms: frozenset[str]
    heading: frozenset[str]
    passage: frozenset[str]


def anchor_of(item: Statement) -> DocumentAnchor | None:
    """The statement's span in its document's parsed text; None for what rests on no document.

    A passage of a cut table begins with a repeated header row, so that its text may be longer
    than its span: the span's own text then stands at the end.
    """
    anchor = item.record.anchor
    if anchor is None or not anchor.document_id:
        return None
    if item.record.kind is not Kind.PASSAGE:
        return anchor
    base = anchor.end - len(item.record.value)
    start, end = base + item.start, base + item.end
    if end <= anchor.start or start >= end:
        return anchor
    return anchor.model_copy(
        update={"start": max(start, anchor.start), "end": min(end, anchor.end)}
    )
