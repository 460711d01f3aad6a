"""Models from settings: each kind, and wrong values refused with a sentence."""

from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from services.kernel.adapters.embedder_languages import languages_of
from services.kernel.adapters.model_clients import open_models
from services.kernel.contracts.errors import DependencyUnavailable, InvalidInput
from services.kernel.runtime.model_settings import (
    EmbedderSettings,
    ModelSettings,
    RerankerSettings,
)
from tests.support.model_server import DIMENSION, ModelServer
from tests.support.shared import shared_path


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as started:
        yield started


async def test_nothing_is_configured_by_default() -> None:
    models = await open_models(ModelSettings())
    assert (models.chat, models.embedder, models.reranker) == (None, None, None)
    await models.close()


async def test_all_three_from_the_environment(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "CHAT__MODEL": "made-up",
        "CHAT__URL": server.url,
        "EMBEDDER__MODEL": "openai:made-up-zh",
        "EMBEDDER__URL": server.url,
        "RERANKER__URL": server.rerank_url,
        "RERANKER__SHAPE": "tei",
    }.items():
        monkeypatch.setenv(f"MEMLOOM_{name}", value)

    models = await open_models(ModelSettings())

    assert models.chat is not None
    assert models.embedder is not None
    assert models.reranker is not None
    said = await models.chat.complete_text(messages=[{"role": "user", "content": "Hi."}])
    assert said.value == "You said: Hi."
    assert models.embedder.dimension == DIMENSION
    assert models.embedder.languages == {"zh"}
    assert len(await models.embedder.query("你好")) == DIMENSION
    assert len(await models.reranker.rerank("a", ["b", "c"])) == 2
    await models.close()
    await models.close()
    with pytest.raises(DependencyUnavailable):
        await models.embedder.query("after the end")


@pytest.mark.model
async def test_a_local_model_from_settings() -> None:
    folder = shared_path("models/minilm-l6-v2-int8")
    settings = ModelSettings(embedder=EmbedderSettings(model=f"fastembed:{folder}", threads=1))
    models = await open_models(settings)
    assert models.embedder is not None
    assert models.embedder.dimension == 384
    await models.close()


async def test_an_unknown_local_model_is_refused_with_the_way_out() -> None:
    settings = ModelSettings(embedder=EmbedderSettings(model="fastembed:no-such/model"))
    with pytest.raises(InvalidInput, match="fastembed:/path/to/model"):
        await open_models(settings)


@pytest.mark.parametrize("model", ["bge-m3", "openai:", "fastembed", "cohere:x"])
def test_a_wrong_embedder_is_refused_with_a_sentence(model: str) -> None:
    with pytest.raises(ValidationError, match="write none, fastembed"):
        EmbedderSettings(model=model)


def test_a_reranker_without_a_model_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValidationError, match="RERANKER__MODEL is empty"):
        RerankerSettings(url="http://127.0.0.1:1/rerank")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("BAAI/bge-small-en-v1.5", {"en"}),
        ("BAAI/bge-large-zh-v1.5", {"zh"}),
        ("BAAI/bge-m3", {"en", "zh"}),
        ("minilm-l6-v2-int8@0123456789ab", {"en"}),
        ("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", {"en", "zh"}),
        ("intfloat/multilingual-e5-large", {"en", "zh"}),
        ("jinaai/jina-embeddings-v2-base-zh", {"en", "zh"}),
        ("jinaai/jina-embeddings-v2-base-en", {"en"}),
        ("text-embedding-3-small", {"en", "zh"}),
        ("Qwen/Qwen3-Embedding-0.6B", {"en", "zh"}),
        ("shibing624/text2vec-base-chinese", {"zh"}),
        ("my-own-model", set()),
    ],
)
def test_languages_by_name(model: str, expected: set[str]) -> None:
    assert languages_of(model) == expected
