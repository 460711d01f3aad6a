"""One question to the chat model: the cache first, then the budget, then the call."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
from pydantic import JsonValue

from services.kernel.contracts.errors import InvalidInput, QuotaExceeded
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel
from services.kernel.ports.store import Database, Transaction
from services.memorizer.domain.prompts import Prompt
from services.memorizer.handlers.ports import EnrichmentStore, ModelCount, RecordStore, Source

# What a useless answer cost is not told: about four characters a token, and one repair try.
_CHARACTERS_A_TOKEN: Final = 4
_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said; key: of the cache."""

    value: JsonValue
    key: str
    cached: bool = False


class Asker:
    """Asks within the token budget of a project and day (UTC); 0 is no limit."""

    def __init__(
        self,
        *,
        database: Database,
        records: RecordStore,
        store: EnrichmentStore,
        model: ChatModel,
        clock: Clock,
        daily_tokens: int,
    ) -> None:
        self._database = database
        self._records = records
        self._store = store
        self._model = model
        self._clock = clock
        self._daily_tokens = daily_tokens

    async def ask(self, prompt: Prompt, source: Source) -> Answer:
        """QuotaExceeded when the day's tokens are spent; DependencyUnavailable and InvalidInput
        as the port says.
        """
        key = self._key(prompt)
        day = self._now().strftime("%Y-%m-%d")
        async with self._database.read() as tx:
            known = await self._store.answer(tx, source.project_id, key)
            spent = await self._store.spent(tx, source.project_id, day)
        if known is not None:
            async with self._database.write() as tx:
                await self._keep(tx, source, key, known)
            return Answer(orjson.loads(known), key, cached=True)
        if self._daily_tokens and spent >= self._daily_tokens:
            raise QuotaExceeded(f"The {self._daily_tokens} tokens of the day {day} are spent.")
        try:
            completion = await self._model.complete_json(
                system=prompt.system, user=prompt.user, schema=prompt.schema, name=prompt.name
            )
        except InvalidInput:
            about = _TRIES * (len(prompt.system) + len(prompt.user)) // _CHARACTERS_A_TOKEN
            async with self._database.write() as tx:
                await self._spend(tx, source, day, _TRIES, about)
            raise
        tokens = completion.prompt_tokens + completion.completion_tokens
        async with self._database.write() as tx:
            await self._spend(tx, source, day, completion.calls, tokens)
            await self._keep(tx, source, key, orjson.dumps(completion.value).decode())
        return Answer(completion.value, key)

    def tomorrow(self) -> int:
        """When the next day's tokens may be spent, in epoch milliseconds."""
        midnight = self._now().replace(hour=0, minute=0, second=0, microsecond=0)
        return int((midnight + timedelta(days=1)).timestamp() * 1000)

    async def _keep(self, tx: Transaction, source: Source, key: str, answer: str) -> None:
        """Unless its source was removed while the model thought."""
        if await source.lock(tx, self._records):
            await self._store.keep_answer(tx, source, key, answer)

    async def _spend(
        self, tx: Transaction, source: Source, day: str, calls: int, tokens: int
    ) -> None:
        await self._store.spend(tx, source.project_id, day, calls, tokens)
        document = source.document
        if document is not None and await source.lock(tx, self._records):
            done = ModelCount(calls=calls, tokens=tokens)
            await self._store.count(tx, document.document_id, document.revision, done)

    def _key(self, prompt: Prompt) -> str:
        parts = (
            self._model.identity,
            prompt.system,
            prompt.user,
            orjson.dumps(dict(prompt.schema)).decode(),
        )
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
