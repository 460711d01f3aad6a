"""The product's writer and search over one index, and what goes into it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from evals.search_eval.shapes import Row
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.model_clients import open_models
from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.events import BlobRef, Message, MessagesRecorded, PassagesSegmented
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType, Status
from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.ports.index import Query
from services.kernel.ports.models import Embedder
from services.kernel.runtime.model_settings import EmbedderSettings, ModelSettings
from services.memorizer.domain.batches import Batch, passage_record
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile
from services.memorizer.domain.segmentation import segment
from services.memorizer.handlers.indexing import IndexWriter
from services.parser.app import make_pool, parse_file
from services.parser.settings import ParserSettings
from services.retriever.app import searcher
from services.retriever.domain.candidates import KNOWLEDGE_KINDS, USER_KINDS
from services.retriever.settings import RetrieverSettings

BASE = 1_750_000_000_000
PROJECT = "p1"
Arm = Literal["product", "words only", "vectors only"]


class World:
    """One index, written and searched as the product does."""

    def __init__(self, index: QdrantEdgeIndex, embedder: Embedder | None) -> None:
        self.encoder = LexicalBm25()
        self._index = index
        self._embedder = embedder
        self._writer = IndexWriter(index=index, encoder=self.encoder, embedder=embedder)
        self._pool = make_pool(ParserSettings(workers=1))
        # No answer without vectors because the machine is busy.
        settings = RetrieverSettings(embed_seconds=30)
        self._searches = {
            name: searcher(
                settings, index=index, encoder=self.encoder, clock=SystemClock(), embedder=model
            )
            for name, model in (("product", embedder), ("words only", None))
        }

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The search, and where there is an embedder each of its arms."""
        return ("product",) if self._embedder is None else ("product", "words only", "vectors only")

    async def ask(
        self, query: str, *, kb: str = "", user: str = "", arm: Arm = "product"
    ) -> list[MemoryRecord]:
        """Up to 25 records, best first: of the knowledge base, or else of the user."""
        scope = Scope(
            project_id=PROJECT,
            subject=Owner(type=OwnerType.USER, id=user) if user else None,
            knowledgebase_ids=(kb,) if kb else (),
            include_public=False,
        )
        if arm == "vectors only":
            return await self._nearest(query, scope)
        answer = await self._searches[arm].search(
            SearchRequest(scope=scope, query=query, memory_limit=25, preference_limit=25, now=BASE)
        )
        items = sorted((*answer.memories, *answer.preferences), key=lambda item: -item.relativity)
        found = [item.record for item in items]
        if kb:
            found = [record for record in found if record.owner.type is OwnerType.KNOWLEDGE_BASE]
        return found

    async def _nearest(self, query: str, scope: Scope) -> list[MemoryRecord]:
        """What the vectors alone find."""
        side = scope.knowledge(KNOWLEDGE_KINDS)
        side = side if side is not None else scope.personal(USER_KINDS)
        if self._embedder is None or side is None:
            return []
        vector = await self._embedder.query(query)
        (hits,) = await self._index.search([Query("dense", vector, side, limit=25)])
        return [hit.record for hit in hits]

    async def read_file(self, path: Path, kb: str) -> list[MemoryRecord]:
        """The passages of a file, parsed and cut as the product does."""
        parsed = await parse_file(path, pool=self._pool)
        passages = segment(parsed, document_name=path.name)
        event = PassagesSegmented(
            project_id=PROJECT,
            knowledgebase_id=kb,
            document_id=f"{kb}/{path.name}",
            name=path.name,
            passages=BlobRef(path=path.name),
            batch=0,
            batches=1,
        )
        batch = Batch(title=parsed.title, passages=tuple(passages))
        return [passage_record(event, batch, passage, BASE) for passage in passages]

    async def write(self, found: Sequence[MemoryRecord]) -> None:
        """Into the index."""
        await self._writer.sync(found)

    async def remember(self, user: str, turns: Sequence[Row]) -> None:
        """What the product's rules make of conversations."""
        owner = Owner(type=OwnerType.USER, id=user)
        known: dict[Any, MemoryRecord] = {}
        for batch in batches(turns):
            event = MessagesRecorded(
                project_id=PROJECT,
                owner=owner,
                conversation_id=str(batch[0]["conversation"]),
                task_id="t",
                user_id=user,
                messages=tuple(row["message"] for row in batch),
                recorded_at=BASE,
            )
            fresh = records(event, extract(event), now=BASE)
            for change in reconcile(list(known.values()), fresh, now=BASE):
                known[change.record.id] = change.record
        await self.write([record for record in known.values() if record.status is Status.ACTIVATED])

    async def close(self) -> None:
        """Release the index and the parser's process."""
        await self._pool.close()
        await self._index.close()


@asynccontextmanager
async def open_world(folder: Path, embedder: str = "none") -> AsyncIterator[World]:
    """A world in an empty folder. embedder: as in MEMLOOM_EMBEDDER__MODEL."""
    models = await open_models(ModelSettings(embedder=EmbedderSettings(model=embedder)))
    dimension = models.embedder.dimension if models.embedder is not None else None
    world = World(await QdrantEdgeIndex.open(folder, dimension=dimension), models.embedder)
    try:
        yield world
    finally:
        await world.close()
        await models.close()


def batches(turns: Sequence[Row]) -> Iterator[list[Row]]:
    """The messages of each conversation, in order."""
    rows = [row if "message" in row else pair for row in turns for pair in spoken(row)]
    by_talk: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_talk[str(row["conversation"])].append(row)
    yield from by_talk.values()


def spoken(row: Row) -> list[Row]:
    """A companion's turn as two messages of one id."""
    if "message" in row:
        return [row]
    day = round(datetime.fromisoformat(str(row["date"])).replace(tzinfo=UTC).timestamp() * 1000)
    return [
        {
            "conversation": row["date"],
            "message": Message(
                id=str(row["id"]), role=role, text=row[part], chat_time=day, position=place
            ),
        }
        for place, (role, part) in enumerate((("user", "query"), ("assistant", "response")))
        if row[part]
    ]


def chats(folder: Path) -> list[Path]:
    """The conversations of a folder."""
    return sorted(folder.glob("*.messages.jsonl"))
