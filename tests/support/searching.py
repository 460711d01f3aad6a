"""A searchable world in memory, for tests and evaluations of the retriever."""

from collections.abc import Iterable, Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    MessageEvidence,
    Owner,
    OwnerType,
)
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.language.reading import encode, read
from services.kernel.language.text import Lexicon
from services.kernel.ports.index import Point
from services.kernel.ports.models import Embedder, Reranker
from services.memorizer.handlers.indexing import embedded_text
from services.retriever.handlers.search import Search, SearchOptions
from tests.support.memory_index import MemoryIndex

BASE = 1_750_000_000_000
DAY = 86_400_000
PROJECT = "p1"


class FixedClock:
    """`Clock` that stands still."""

    def now_ms(self) -> int:
        return BASE + 400 * DAY

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        del seconds


def identifier(*parts: object) -> UUID:
    """A stable id."""
    return uuid5(NAMESPACE_URL, "/".join(map(str, parts)))


def passage(
    text: str,
    *,
    document: str,
    ordinal: int = 0,
    start: int = 0,
    knowledgebase: str = "kb1",
    title: str = "",
    headings: Sequence[str] = (),
    kind: Kind = Kind.PASSAGE,
    **fields: object,
) -> MemoryRecord:
    """A passage (or summary) of a document of a knowledge base."""
    title = title or document
    base = {
        "id": identifier(knowledgebase, document, kind.value, ordinal, start, text),
        "project_id": PROJECT,
        "owner": Owner(type=OwnerType.KNOWLEDGE_BASE, id=knowledgebase),
        "kind": kind,
        "key": headings[-1] if headings else title,
        "value": text,
        "context": " › ".join((title, *headings)),
        "anchor": DocumentAnchor(
            knowledgebase_id=knowledgebase,
            document_id=f"{knowledgebase}/{document}",
            document_name=document,
            heading_path=tuple(headings),
            start=start,
            end=start + len(text),
        ),
        "created_at": BASE,
        "updated_at": BASE,
        "ordinal": ordinal,
    }
    return MemoryRecord.model_validate({**base, **fields})


def said(
    text: str,
    *,
    user: str = "u1",
    day: float = 0,
    role: str = "user",
    kind: Kind = Kind.MESSAGE,
    source: str | None = None,
    message: str | None = None,
    **fields: object,
) -> MemoryRecord:
    """What a person (or the assistant) said: a turn, or a fact that rests on one."""
    time = BASE + int(day * DAY)
    message = message or str(identifier(user, role, day, source or text))
    base = {
        "id": identifier(user, role, kind.value, day, text),
        "project_id": PROJECT,
        "owner": Owner(type=OwnerType.USER, id=user),
        "kind": kind,
        "value": text,
        "evidence": (
            MessageEvidence(
                message_id=message,
                conversation_id=f"c{int(day)}",
                role=role,
                chat_time=time,
                text=source or text,
            ),
        ),
        "conversation_id": f"c{int(day)}",
        "user_id": user,
        "created_at": time,
        "updated_at": time,
    }
    return MemoryRecord.model_validate({**base, **fields})


class World:
    """An index with records in it, and the search over it. readings: kept in the index, too."""

    def __init__(
        self,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        options: SearchOptions | None = None,
        encoder: LexicalBm25 | None = None,
        readings: bool = True,
    ) -> None:
        self.index = MemoryIndex()
        self.encoder = encoder or LexicalBm25()
        self._lexicon = Lexicon(self.encoder.tokens, self.encoder.singles)
        self._readings = readings
        self.embedder = embedder
        self.handler = Search(
            index=self.index,
            encoder=self.encoder,
            clock=FixedClock(),
            embedder=embedder,
            reranker=reranker,
            options=options,
        )

    async def put(self, records: Iterable[MemoryRecord]) -> None:
        records = list(records)
        texts = [embedded_text(record) for record in records]
        dense = await self.embedder.documents(texts) if self.embedder else [None] * len(records)
        await self.index.upsert(
            [
                Point(
                    r,
                    self.encoder.document(r.value, context=r.context),
                    d,
                    encode(read(r, self._lexicon)) if self._readings else "",
                )
                for r, d in zip(records, dense, strict=True)
            ]
        )

    async def search(
        self,
        query: str,
        *,
        user: str | None = "u1",
        knowledgebases: Sequence[str] = ("kb1",),
        day: float = 400,
        **fields: object,
    ) -> SearchAnswer:
        scope = Scope(
            project_id=PROJECT,
            subject=Owner(type=OwnerType.USER, id=user) if user else None,
            knowledgebase_ids=tuple(knowledgebases),
        )
        request = {"scope": scope, "query": query, "now": BASE + int(day * DAY), **fields}
        return await self.handler.search(SearchRequest.model_validate(request))
