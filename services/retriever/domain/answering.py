"""From what the index found to an answer."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.language.text import Lexicon
from services.kernel.ports.index import Hit
from services.retriever.domain import corrections as correcting
from services.retriever.domain.assembly import assemble, level, set_relativity
from services.retriever.domain.background.choosing import Choice, choose
from services.retriever.domain.background.facts import sources, telling_words
from services.retriever.domain.candidates import Candidate, gather, ordered
from services.retriever.domain.covering import cover
from services.retriever.domain.fusion import dense_weight
from services.retriever.domain.knowledge import rank_knowledge
from services.retriever.domain.merging import (
    demote_summaries,
    over_documents,
    spread,
    without_duplicates,
)
from services.retriever.domain.personal import rank_personal, term_weights
from services.retriever.domain.placing import place
from services.retriever.domain.query import Analysis
from services.retriever.domain.text import bag as words_of
from services.retriever.domain.whole import asks_for_a_series

# Candidates whose words may decide between variants, and how many such words are looked up.
_VARIANTS = 24
_VARIANT_TERMS = 96
_BACKGROUND_TERMS = 96
_KEPT = 80
_LONG = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Hits of the index calls. exhausted: the knowledge side had no more hits to give."""

    personal_sparse: Sequence[Hit] = ()
    personal_dense: Sequence[Hit] = ()
    knowledge_sparse: Sequence[Hit] = ()
    knowledge_dense: Sequence[Hit] = ()
    siblings: Sequence[Hit] = ()
    naming: Sequence[Hit] = ()
    skills_sparse: Sequence[Hit] = ()
    skills_dense: Sequence[Hit] = ()
    exhausted: bool = True
    corrections: tuple[MemoryRecord, ...] = ()
    background: tuple[MemoryRecord, ...] = ()

    def extended(
        self,
        *,
        corrections: tuple[MemoryRecord, ...],
        background: tuple[MemoryRecord, ...],
        siblings: Sequence[Hit],
        naming: Sequence[Hit],
    ) -> "Found":
        """With what the second call brought."""
        return replace(
            self,
            corrections=_distinct(self.corrections, corrections),
            background=_distinct(self.background, background),
            siblings=siblings,
            naming=naming,
        )

    def background_terms(self, analysis: Analysis, lexicon: Lexicon) -> tuple[str, ...]:
        """What the user said, as terms by which sections beside the hits may be found."""
        records = _distinct(self.background, (hit.record for hit in self.personal_sparse))
        return tuple(telling_words(sources(records), analysis, lexicon)[:_BACKGROUND_TERMS])

    def document_ids(self) -> tuple[str, ...]:
        """Documents of the knowledge side's hits, each once."""
        hits = (*self.knowledge_sparse[:_VARIANTS], *self.knowledge_dense[:_VARIANTS])
        named = (hit.record.anchor.document_id for hit in hits if hit.record.anchor is not None)
        return tuple(dict.fromkeys(identifier for identifier in named if identifier))

    def long_documents(self) -> tuple[str, ...]:
        """All documents of the knowledge side's hits; none where each is found by a passage or
        two, so that what a document does not say there means little.
        """
        hits = (*self.knowledge_sparse, *self.knowledge_dense)
        anchors = {hit.record.id: hit.record.anchor for hit in hits}.values()
        found = Counter(anchor.document_id for anchor in anchors if anchor is not None)
        return tuple(found) if len(found) > 1 and max(found.values()) >= _LONG else ()

    def variant_terms(self, lexicon: Lexicon) -> tuple[str, ...]:
        """Words by which the best knowledge hits differ: in some of them, not in all; those in
        the fewest first.
        """
        hits = list(self.knowledge_sparse[:_VARIANTS]) or list(self.knowledge_dense[:_VARIANTS])
        found: dict[str, int] = {}
        for hit in hits:
            for term in words_of(hit, lexicon).counts:
                found[term] = found.get(term, 0) + 1
        some = [term for term, count in found.items() if count < max(len(hits), 2)]
        return tuple(sorted(some, key=lambda term: found[term])[:_VARIANT_TERMS])


@dataclass(frozen=True, slots=True)
class Ranked:
    """Both sides with scores and relativity, and the marks of corrected records."""

    candidates: tuple[Candidate, ...]
    marks: dict[UUID, tuple[str, ...]]

    def first(self, count: int) -> list[Candidate]:
        """The best of both sides."""
        return sorted(self.candidates, key=lambda c: -c.relativity)[:count]


def rank(
    found: Found,
    request: SearchRequest,
    analysis: Analysis,
    lexicon: Lexicon,
    *,
    spoken: frozenset[str],
    use_background: bool,
) -> Ranked:
    """Score both sides, let corrections take their places, leave out repeats."""
    weight = dense_weight(analysis, spoken)
    knowledge, marks, choice = _knowledge(
        found, analysis, lexicon, weight, now=request.now, use_background=use_background
    )
    personal = _personal(found, request, analysis, lexicon, weight=weight, choice=choice)
    skills = _skills(found, analysis, lexicon, weight)
    return Ranked((*personal, *knowledge, *skills), marks)


def answer(request: SearchRequest, ranked: Ranked, notes: Sequence[str]) -> SearchAnswer:
    """The lists of the answer."""
    return assemble(request, ranked.candidates, ranked.marks, notes)


def rerank_order(ranked: Ranked, items: Sequence[Candidate], scores: Sequence[float]) -> Ranked:
    """The reranker's order among `items`: they share out their relativities anew, the best
    score taking the highest, so that relativity stays monotone and comparable.
    """
    values = sorted((item.relativity for item in items), reverse=True)
    best = sorted(zip(scores, items, strict=True), key=lambda pair: -pair[0])
    for (score, item), value in zip(best, values, strict=True):
        item.scores["rerank"] = score
        item.relativity = value
    return ranked


def _personal(
    found: Found,
    request: SearchRequest,
    analysis: Analysis,
    lexicon: Lexicon,
    *,
    weight: float | None,
    choice: Choice,
) -> list[Candidate]:
    candidates = gather(found.personal_sparse, found.personal_dense)
    known = {candidate.id for candidate in candidates}
    others = {r.id: r for r in found.background if r.id not in known}
    candidates += [
        Candidate(record)
        for record in others.values()
        if record.kind is not Kind.MESSAGE or record.id in choice.decisive
    ]
    best = rank_personal(
        candidates,
        analysis,
        lexicon,
        conversation_id=request.conversation_id,
        dense_weight=weight,
        decisive=choice.decisive,
    )
    kept = without_duplicates(ordered(candidates)[:_KEPT], analysis.terms, lexicon)
    kept = spread(kept, several=analysis.several)
    if not analysis.several:
        bags = [words_of(candidate, lexicon) for candidate in kept]
        kept = cover(kept, term_weights(analysis, bags, lexicon), lexicon)
    set_relativity(kept, level(best))
    return kept


def _knowledge(
    found: Found,
    analysis: Analysis,
    lexicon: Lexicon,
    weight: float | None,
    *,
    now: int,
    use_background: bool,
) -> tuple[list[Candidate], dict[UUID, tuple[str, ...]], Choice]:
    candidates = gather(found.knowledge_sparse, found.knowledge_dense)
    known = {candidate.id for candidate in candidates}
    beside = {record.id: Candidate(record) for record in found.corrections}
    beside |= {hit.record.id: Candidate(hit.record, hit.reading) for hit in found.siblings}
    candidates += [one for one in beside.values() if one.id not in known]
    best = rank_knowledge(
        candidates,
        analysis,
        lexicon,
        exhausted=found.exhausted,
        dense_weight=weight,
        naming=found.naming,
    )
    demote_summaries(candidates)
    choice = Choice({})
    if use_background:
        background = _distinct(found.background, (hit.record for hit in found.personal_sparse))
        passages = [c for c in candidates if c.record.kind is not Kind.CORRECTION]
        choice = choose(passages, background, analysis, lexicon)
    active = correcting.holding(found.corrections, now)
    place(candidates, active, analysis, lexicon)
    marks = correcting.marks([candidate.record for candidate in candidates], active)
    # What neither the query nor the background calls for has no place here.
    candidates = [c for c in candidates if c.score > 0]
    kept = without_duplicates(ordered(candidates), analysis.terms, lexicon)
    if asks_for_a_series(analysis.text):
        kept = over_documents(kept)
    set_relativity(kept, level(best))
    return kept, marks, choice


def _skills(
    found: Found, analysis: Analysis, lexicon: Lexicon, weight: float | None
) -> list[Candidate]:
    """Skills by their own words: they compete with no passage."""
    candidates = gather(found.skills_sparse, found.skills_dense)
    best = rank_knowledge(candidates, analysis, lexicon, exhausted=True, dense_weight=weight)
    kept = [c for c in ordered(candidates) if c.score > 0]
    set_relativity(kept, level(best))
    return kept


def _distinct(*groups: Iterable[MemoryRecord]) -> tuple[MemoryRecord, ...]:
    return tuple({record.id: record for group in groups for record in group}.values())
