"""The one search: two batched index calls, then pure ranking."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.contracts.scope import IndexFilter
from services.kernel.language import bounds
from services.kernel.language.text import Lexicon
from services.kernel.ports.clock import Clock
from services.kernel.ports.index import Hit, Index, Query, SparseVector
from services.kernel.ports.models import Embedder, LexicalEncoder, Reranker
from services.retriever.domain.answering import Found, Ranked, answer, rank, rerank_order
from services.retriever.domain.candidates import KNOWLEDGE_KINDS, USER_KINDS
from services.retriever.domain.query import Analysis, analyse
from services.retriever.domain.whole import named

_CORRECTIONS = 100
_TURNS = 40
_PREFERENCES = 40
_SIBLINGS = 16
_EMPTY = SparseVector((), ())
_BACKGROUND_KINDS = (Kind.FACT, Kind.PREFERENCE, Kind.MESSAGE)

Dense = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Sizes and time budgets (seconds) of a search."""

    candidates: int = 64
    background: bool = True
    background_facts: int = 80
    rerank_seconds: float = 0.3
    rerank_items: int = 32
    embed_seconds: float = 0.5
    read_seconds: float = 5.0


@dataclass(slots=True)
class _Batch:
    """Queries of one index call; `add` leaves out what has no filter."""

    names: list[str]
    queries: list[Query]

    def add(
        self,
        name: str,
        using: Literal["sparse", "dense", "recent"],
        vector: SparseVector | Dense,
        where: IndexFilter | None,
        *,
        corpus: IndexFilter | None = None,
        limit: int,
    ) -> None:
        if where is None or limit <= 0 or (using != "recent" and not _has_terms(vector)):
            return
        self.names.append(name)
        self.queries.append(Query(using, vector, where, corpus, limit))

    async def run(self, index: Index) -> dict[str, list[Hit]]:
        """The hits by name; nothing is asked of the index where nothing is to be asked."""
        if not self.queries:
            return {}
        return dict(zip(self.names, await index.search(self.queries), strict=True))


class Search:
    """Answers search requests over the ports."""

    def __init__(
        self,
        *,
        index: Index,
        encoder: LexicalEncoder,
        clock: Clock,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        options: SearchOptions | None = None,
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._clock = clock
        self._embedder = embedder
        self._reranker = reranker
        self._options = options or SearchOptions()
        self._lexicon = Lexicon(encoder.tokens, encoder.singles)

    async def search(self, request: SearchRequest) -> SearchAnswer:
        """The answer to one search. DependencyUnavailable when the index is down; an embedder
        or a reranker that is down or late is left out and named in the notes.
        """
        notes: list[str] = []
        analysis = await self._analysed(request)
        dense = await self._embed(request.query, notes)
        first = await self._first(request, analysis, dense).run(self._index)
        found = self._found(first)
        second = await (await self._called_for(request, analysis, found, notes)).run(self._index)
        found = found.extended(
            corrections=_records(second, "corrections"),
            background=_records(second, "background-words"),
            siblings=second.get("siblings", []),
            naming=second.get("naming", []),
        )
        ranked = await self._ranked(request, analysis, found, notes)
        ranked = await self._rerank(request.query, ranked, notes)
        return answer(request, ranked, notes)

    async def _analysed(self, request: SearchRequest) -> Analysis:
        """The query understood. Reading one of usual length takes less than to hand it over."""
        how = partial(
            analyse, request.query, self._lexicon, now=request.now, timezone=request.timezone
        )
        with bounds.limited(self._options.read_seconds):
            if len(request.query) <= bounds.LONGEST_QUERY:
                return how()
            return await asyncio.to_thread(how)

    async def _called_for(
        self, request: SearchRequest, analysis: Analysis, found: Found, notes: list[str]
    ) -> _Batch:
        """The second call; without what rules find when these are late."""
        try:
            with bounds.limited(self._options.read_seconds):
                return await asyncio.to_thread(self._second, request, analysis, found)
        except bounds.TookTooLong:
            notes.append("rules: late")
            return _Batch([], [])

    async def _ranked(
        self, request: SearchRequest, analysis: Analysis, found: Found, notes: list[str]
    ) -> Ranked:
        """The candidates in order; by their words alone when the rules are late. TookTooLong
        when that is late, too.
        """
        try:
            return await self._rank(request, analysis, found, self._options.background)
        except bounds.TookTooLong:
            notes.append("rules: late")
            return await self._rank(request, replace(analysis, text=""), found, False)

    async def _rank(
        self, request: SearchRequest, analysis: Analysis, found: Found, use_background: bool
    ) -> Ranked:
        # Pure Python over at most a few hundred records: off the loop, for the others' sake.
        with bounds.limited(self._options.read_seconds):
            return await asyncio.to_thread(
                rank,
                found,
                request,
                analysis,
                self._lexicon,
                spoken=self._embedder.languages if self._embedder is not None else frozenset(),
                use_background=use_background,
            )

    def _first(self, request: SearchRequest, analysis: Analysis, dense: Dense) -> _Batch:
        """Both sides by the query itself."""
        scope, limit = request.scope, self._options.candidates
        sparse = self._encoder.query_of(analysis.terms)
        batch = _Batch([], [])
        knowledge = scope.knowledge(KNOWLEDGE_KINDS)
        corrections = scope.knowledge((Kind.CORRECTION,))
        corpus = scope.corpus("knowledge")
        personal = scope.personal(USER_KINDS)
        own = scope.corpus("personal")
        batch.add("personal-sparse", "sparse", sparse, personal, corpus=own, limit=limit)
        batch.add("personal-dense", "dense", dense, personal, limit=limit)
        batch.add("knowledge-sparse", "sparse", sparse, knowledge, corpus=corpus, limit=limit)
        batch.add("knowledge-dense", "dense", dense, knowledge, limit=limit)
        batch.add("correction-sparse", "sparse", sparse, corrections, corpus=corpus, limit=20)
        if Kind.SKILL in request.kinds:
            skills = scope.knowledge((Kind.SKILL,))
            batch.add("skills-sparse", "sparse", sparse, skills, corpus=corpus, limit=limit)
            batch.add("skills-dense", "dense", dense, skills, limit=limit)
        # What is known of the user, whatever the query says: newest first.
        for name, kind, most in (
            ("facts-recent", Kind.FACT, self._options.background_facts),
            ("preferences-recent", Kind.PREFERENCE, _PREFERENCES),
        ):
            batch.add(name, "recent", _EMPTY, scope.personal((kind,)), limit=most)
        if self._options.background and knowledge is not None:
            turns = scope.personal((Kind.MESSAGE,))
            batch.add("turns-recent", "recent", _EMPTY, turns, limit=_TURNS)
        return batch

    def _found(self, hits: dict[str, list[Hit]]) -> Found:
        limit = self._options.candidates
        corrections = hits.get("correction-sparse", [])
        return Found(
            personal_sparse=hits.get("personal-sparse", []),
            personal_dense=hits.get("personal-dense", []),
            knowledge_sparse=[*hits.get("knowledge-sparse", []), *corrections],
            knowledge_dense=hits.get("knowledge-dense", []),
            skills_sparse=hits.get("skills-sparse", []),
            skills_dense=hits.get("skills-dense", []),
            exhausted=len(hits.get("knowledge-sparse", [])) < limit,
            corrections=tuple(hit.record for hit in corrections),
            background=_records(hits, "facts-recent", "preferences-recent", "turns-recent"),
        )

    def _second(self, request: SearchRequest, analysis: Analysis, found: Found) -> _Batch:
        """What the first call's hits call for: corrections of their documents, where these speak
        of what the query names, what the user said in the words by which the hits differ, and
        sections beside the hits in the words of what the user said.
        """
        batch = _Batch([], [])
        scope = request.scope
        documents = found.document_ids()
        if not documents:
            return batch
        batch.add(
            "corrections",
            "recent",
            _EMPTY,
            scope.knowledge((Kind.CORRECTION,), correcting=documents),
            limit=_CORRECTIONS,
        )
        names = named(analysis.text, self._lexicon)
        if names and (long := found.long_documents()):
            batch.add(
                "naming",
                "sparse",
                self._encoder.query_of(names),
                scope.knowledge((Kind.PASSAGE,), documents=long),
                corpus=scope.corpus("knowledge"),
                limit=self._options.candidates,
            )
        if not self._options.background or scope.subject is None:
            return batch
        words = self._encoder.query_of(found.variant_terms(self._lexicon))
        batch.add(
            "background-words",
            "sparse",
            words,
            scope.personal(_BACKGROUND_KINDS),
            corpus=scope.corpus("personal"),
            limit=_TURNS,
        )
        words = self._encoder.query_of(found.background_terms(analysis, self._lexicon))
        batch.add(
            "siblings",
            "sparse",
            words,
            scope.knowledge((Kind.PASSAGE,), documents=documents),
            corpus=scope.corpus("knowledge"),
            limit=_SIBLINGS,
        )
        return batch

    async def _embed(self, query: str, notes: list[str]) -> Dense:
        if self._embedder is None or not query.strip():
            return ()
        try:
            async with asyncio.timeout(self._options.embed_seconds):
                return await self._embedder.query(query)
        except TimeoutError:
            notes.append("dense: late")
        except DependencyUnavailable:
            notes.append("dense: down")
        return ()

    async def _rerank(self, query: str, ranked: Ranked, notes: list[str]) -> Ranked:
        if self._reranker is None:
            return ranked
        items = ranked.first(self._options.rerank_items)
        if not items:
            return ranked
        texts = [
            f"{candidate.record.context}\n{candidate.record.value}".strip() for candidate in items
        ]
        try:
            async with asyncio.timeout(self._options.rerank_seconds):
                scores = await self._reranker.rerank(query, texts)
        except TimeoutError:
            notes.append("rerank: late")
            return ranked
        except DependencyUnavailable:
            notes.append("rerank: down")
            return ranked
        return rerank_order(ranked, items, scores)


def _has_terms(vector: SparseVector | Dense) -> bool:
    return bool(vector.indices if isinstance(vector, SparseVector) else vector)


def _records(hits: dict[str, list[Hit]], *names: str) -> tuple[MemoryRecord, ...]:
    found: Sequence[Hit] = [hit for name in names for hit in hits.get(name, [])]
    return tuple({hit.record.id: hit.record for hit in found}.values())
