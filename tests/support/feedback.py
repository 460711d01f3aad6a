"""Feedback over the real search, and a memorizer that applies what it decides."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from services.feedback.app import build
from services.feedback.handlers import Feedback
from services.feedback.settings import FeedbackSettings
from services.feedback.store import METADATA, MIGRATIONS, SqlDecidedStore
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.adapters.sql import SqlDatabase
from services.kernel.contracts.events import CorrectionDecided, Envelope, FeedbackGiven
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchItem, SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.ports.index import Point
from services.kernel.ports.models import ChatModel
from services.kernel.ports.retrieval import Retrieval
from services.kernel.runtime.lifecycle import ServiceParts
from services.retriever.handlers.search import Search
from tests.support.corrections import NOW
from tests.support.memorizing import FixedClock, Memorizer, memorizer

PROJECT = "p1"


def given(words: str, *, number: int = 1, **fields: object) -> FeedbackGiven:
    """A feedback by `boss` on knowledge base kb1."""
    base: dict[str, object] = {
        "project_id": PROJECT,
        "feedback_id": f"f{number}",
        "task_id": f"t{number}",
        "user_id": "boss",
        "conversation_id": "c1",
        "content": words,
        "feedback_time": NOW + number,
        "knowledgebase_ids": ("kb1",),
    }
    return FeedbackGiven.model_validate({**base, **fields})


class Loop:
    """From words to what another user finds, without a bus between."""

    def __init__(
        self,
        service: Memorizer,
        database: SqlDatabase,
        *,
        chat_model: ChatModel | None = None,
        retrieval: Retrieval | None = None,
    ) -> None:
        self.clock = FixedClock(NOW + 1000)
        service.clock.now = NOW + 1000
        self.memorizer = service
        self.encoder = LexicalBm25()
        self.search = Search(index=service.index, encoder=self.encoder, clock=self.clock)
        self.database = database
        self.feedback = Feedback(
            store=SqlDecidedStore(),
            retrieval=retrieval or self.search,
            clock=self.clock,
            tokenise=self.encoder.tokens,
            chat_model=chat_model,
        )

    def parts(self) -> ServiceParts:
        """The service as its composition root builds it."""
        return build(
            FeedbackSettings(), database=self.database, retrieval=self.search, clock=self.clock
        )

    async def put(self, records: Iterable[MemoryRecord]) -> None:
        """Index passages."""
        await self.memorizer.index.upsert(
            [
                Point(record, self.encoder.document(record.value, context=record.context))
                for record in records
            ]
        )

    async def decide(self, feedback: FeedbackGiven) -> CorrectionDecided:
        """Handle it as the dispatcher does: event, then one transaction."""
        envelope = Envelope.wrap(
            feedback, event_id=derive(feedback.feedback_id), time=NOW, producer="test"
        )
        outcome = await self.feedback.on_given(feedback, envelope)
        if outcome.apply is not None:
            async with self.database.write() as tx:
                assert not list(await outcome.apply(tx))
        (event,) = outcome.events
        assert isinstance(event, CorrectionDecided)
        return event

    async def say(self, words: str, *, number: int = 1, **fields: object) -> CorrectionDecided:
        """Decide and apply."""
        event = await self.decide(given(words, number=number, **fields))
        await self.memorizer.handle(event)
        return event

    async def ask(self, query: str, *, bases: tuple[str, ...] = ("kb1",)) -> tuple[SearchItem, ...]:
        """What another user finds."""
        scope = Scope(
            project_id=PROJECT,
            subject=Owner(type=OwnerType.USER, id="other"),
            knowledgebase_ids=bases,
        )
        answer = await self.search.search(SearchRequest(scope=scope, query=query, now=NOW + 2000))
        return answer.memories


@asynccontextmanager
async def loop(
    folder: Path, *, chat_model: ChatModel | None = None, retrieval: Retrieval | None = None
) -> AsyncIterator[Loop]:
    """A fresh one in `folder`."""
    database = SqlDatabase(
        f"sqlite+aiosqlite:///{folder / 'feedback.db'}", metadata=METADATA, migrations=MIGRATIONS
    )
    await database.migrate()
    async with memorizer(folder) as service:
        try:
            yield Loop(service, database, chat_model=chat_model, retrieval=retrieval)
        finally:
            await database.close()
