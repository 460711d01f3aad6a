"""Any OpenAI-compatible `/embeddings`: batched, bounded, retried by the client."""

import asyncio
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Final, Self

from openai import AsyncOpenAI

from services.kernel.adapters.embedder_languages import languages_of
from services.kernel.adapters.openai_errors import openai_errors
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput

_PROBE: Final = "dimension"
_SHORTEST: Final = 100


class OpenAIEmbedder:
    """`Embedder` over one endpoint and model. Open it with `open`."""

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        *,
        dimension: int,
        languages: frozenset[str],
        batch: int,
        concurrency: int,
        max_characters: int,
    ) -> None:
        self._client = client
        self._model = model
        self._dimension = dimension
        self._languages = languages
        self._batch = batch
        self._slots = asyncio.Semaphore(concurrency)
        self._max_characters = max_characters

    @classmethod
    async def open(
        cls,
        client: AsyncOpenAI,
        model: str,
        *,
        dimension: int | None = None,
        languages: Iterable[str] = (),
        batch: int = 64,
        concurrency: int = 4,
        max_characters: int = 8_000,
    ) -> Self:
        """dimension: what the model must give; None asks it once, and then it must be up.
        InvalidInput when it gives another one; DependencyUnavailable. The client, with its URL,
        key, retries and time-outs, stays the caller's to close.
        """
        embedder = cls(
            client,
            model,
            dimension=dimension or 0,
            languages=frozenset(languages) or languages_of(model),
            batch=batch,
            concurrency=concurrency,
            max_characters=max_characters,
        )
        if dimension is None:
            embedder._dimension = len((await embedder._ask([_PROBE]))[0])
        return embedder

    @property
    def identity(self) -> str:
        return f"openai:{self._model}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    async def documents(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        left = iter(texts)
        batches = list(iter(lambda: list(itertools.islice(left, self._batch)), []))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._batch_of(batch)) for batch in batches]
        answers: list[tuple[float, ...]] = []
        for task in tasks:
            vectors, error = task.result()
            if error is not None:
                raise error
            answers += vectors
        return answers

    async def query(self, text: str) -> tuple[float, ...]:
        return (await self._checked([text]))[0]

    async def _batch_of(
        self, texts: list[str]
    ) -> tuple[list[tuple[float, ...]], DependencyUnavailable | InvalidInput | None]:
        """Errors as values: a task group would wrap them."""
        try:
            async with self._slots:
                return await self._checked(texts), None
        except (DependencyUnavailable, InvalidInput) as error:
            return [], error

    async def _checked(self, texts: list[str]) -> list[tuple[float, ...]]:
        vectors = await self._ask(texts)
        for vector in vectors:
            if len(vector) != self._dimension:
                raise DependencyUnavailable(
                    f"The embedder {self._model!r} gives vectors of {len(vector)} numbers, "
                    f"configured are {self._dimension}: correct MEMLOOM_EMBEDDER__DIMENSION, or "
                    "run `memloom reindex` for the new model."
                )
        return vectors

    async def _ask(self, texts: list[str]) -> list[tuple[float, ...]]:
        """Where the server finds a text too long, all are cut shorter, now and later: a long
        passage found by its beginning is better than a document that fails.
        """
        while True:
            try:
                return await self._ask_once(texts)
            except InvalidInput as error:
                if error.code != Code.INPUT_TOO_LONG or self._max_characters <= _SHORTEST:
                    raise
                longest = min(self._max_characters, max(map(len, texts)))
                self._max_characters = max(longest // 2, _SHORTEST)

    async def _ask_once(self, texts: list[str]) -> list[tuple[float, ...]]:
        cut = [text[: self._max_characters] if text.strip() else "." for text in texts]
        with openai_errors(f"The embedder {self._model!r}"):
            answer = await self._client.embeddings.create(
                model=self._model, input=cut, encoding_format="float"
            )
            ordered = sorted(answer.data, key=lambda entry: entry.index)
        if [entry.index for entry in ordered] != list(range(len(texts))):
            raise DependencyUnavailable(
                f"The embedder {self._model!r} gives {len(ordered)} vectors for {len(texts)} texts."
            )
        return [self._unit(entry.embedding) for entry in ordered]

    def _unit(self, vector: Sequence[float]) -> tuple[float, ...]:
        length = math.sqrt(math.fsum(value * value for value in vector))
        if not math.isfinite(length) or length == 0:
            raise DependencyUnavailable(f"The embedder {self._model!r} gives no usable vector.")
        return tuple(value / length for value in vector)
