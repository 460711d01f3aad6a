"""The configured models, opened together and closed together.

Their clients are imported where one is configured: most installations have none, and the imports
cost seconds.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from services.kernel.adapters.embedding_cache import CachingEmbedder
from services.kernel.ports.models import ChatModel, Embedder, Reranker
from services.kernel.runtime.model_settings import (
    ChatSettings,
    EmbedderSettings,
    ModelSettings,
    RerankerSettings,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI


@dataclass
class Models:
    """What is configured; None where it is not. `close` releases threads and connections."""

    chat: ChatModel | None = None
    embedder: Embedder | None = None
    reranker: Reranker | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def close(self) -> None:
        """Close all; repeating it is harmless."""
        await self.stack.aclose()


async def open_models(settings: ModelSettings) -> Models:
    """All three. InvalidInput for a model that cannot be used as it is configured;
    DependencyUnavailable when an embedder without a configured dimension does not answer.
    """
    async with AsyncExitStack() as stack:
        chat = open_chat(settings.chat, stack)
        embedder = await open_embedder(settings.embedder, stack)
        reranker = open_reranker(settings.reranker, stack)
        return Models(chat, embedder, reranker, stack.pop_all())


def open_chat(settings: ChatSettings, stack: AsyncExitStack) -> ChatModel | None:
    """The chat model, or None; what closes it is left on the `stack`."""
    if not settings.model:
        return None
    from services.kernel.adapters.openai_chat import OpenAIChat  # noqa: PLC0415 - see above

    client = _openai(settings.url, settings.api_key, settings.seconds, settings.retries)
    stack.push_async_callback(client.close)
    return OpenAIChat(
        client,
        settings.model,
        concurrency=settings.concurrency,
        seconds=settings.seconds,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
    )


async def open_embedder(settings: EmbedderSettings, stack: AsyncExitStack) -> Embedder | None:
    """The embedder behind a cache, or None; what closes it is left on the `stack`."""
    kind, _, name = settings.model.partition(":")
    inner: Embedder
    if kind == "none":
        return None
    if kind == "fastembed":
        from services.kernel.adapters.fastembed_embedder import (  # noqa: PLC0415 - see above
            FastembedEmbedder,
        )

        local = await FastembedEmbedder.open(
            name,
            languages=settings.languages,
            dimension=settings.dimension,
            threads=settings.threads,
        )
        stack.push_async_callback(local.close)
        inner = local
    else:
        from services.kernel.adapters.openai_embedder import (  # noqa: PLC0415 - see above
            OpenAIEmbedder,
        )

        client = _openai(settings.url, settings.api_key, settings.seconds, settings.retries)
        stack.push_async_callback(client.close)
        inner = await OpenAIEmbedder.open(
            client,
            name,
            dimension=settings.dimension,
            languages=settings.languages,
            batch=settings.batch,
            concurrency=settings.concurrency,
            max_characters=settings.max_characters,
        )
    return CachingEmbedder(inner, capacity=settings.cache)


def open_reranker(settings: RerankerSettings, stack: AsyncExitStack) -> Reranker | None:
    """The reranker, or None; what closes it is left on the `stack`."""
    if not settings.url:
        return None
    from services.kernel.adapters.http_reranker import HttpReranker  # noqa: PLC0415 - see above

    client = httpx.AsyncClient(timeout=settings.seconds)
    stack.push_async_callback(client.aclose)
    return HttpReranker(
        client,
        settings.url,
        shape=settings.shape,
        model=settings.model,
        api_key=settings.api_key.get_secret_value(),
        seconds=settings.seconds,
        batch=settings.batch,
        max_characters=settings.max_characters,
    )


def _openai(url: str, key: SecretStr, seconds: float, retries: int) -> "AsyncOpenAI":
    from openai import AsyncOpenAI  # noqa: PLC0415 - see above

    # Local servers want no key, the client insists on one.
    return AsyncOpenAI(
        base_url=url,
        api_key=key.get_secret_value() or "none",
        timeout=seconds,
        max_retries=retries,
    )
