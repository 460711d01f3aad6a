"""Any `/rerank` endpoint: TEI's shape, or the one of Cohere, Jina and vLLM."""

import asyncio
import math
from collections.abc import Sequence
from typing import Any, Literal

import httpx

from services.kernel.contracts.errors import DependencyUnavailable


class HttpReranker:
    """`Reranker` over one endpoint. The client stays the caller's to close.

    url: of the endpoint. seconds: for all batches of a call; one try, since who is late is not
    waited for. Texts are sent in batches, at most `batch` each, and cut to `max_characters`.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        *,
        shape: Literal["tei", "cohere"] = "cohere",
        model: str = "",
        api_key: str = "",
        seconds: float = 0.8,
        batch: int = 32,
        max_characters: int = 4_000,
    ) -> None:
        self._client = client
        self._url = url
        self._shape = shape
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._seconds = seconds
        self._batch = batch
        self._max_characters = max_characters

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        cut = [text[: self._max_characters] for text in texts]
        batches = [cut[start : start + self._batch] for start in range(0, len(cut), self._batch)]
        try:
            async with asyncio.timeout(self._seconds):
                answers = await asyncio.gather(*(self._ask(query, batch) for batch in batches))
        except TimeoutError as error:
            raise DependencyUnavailable(
                f"The reranker was not ready within {self._seconds:g} s."
            ) from error
        return [score for scores in answers for score in scores]

    async def _ask(self, query: str, texts: list[str]) -> list[float]:
        try:
            response = await self._client.post(
                self._url, json=self._request(query, texts), headers=self._headers
            )
            response.raise_for_status()
            return _scores(response.json(), len(texts))
        except httpx.HTTPStatusError as error:
            raise DependencyUnavailable(
                f"The reranker answers {error.response.status_code}."
            ) from error
        except httpx.HTTPError as error:
            raise DependencyUnavailable("The reranker does not answer.") from error
        except RuntimeError as error:  # the client is closed
            raise DependencyUnavailable("The reranker cannot be asked any more.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DependencyUnavailable("The reranker answers what is no ranking.") from error

    def _request(self, query: str, texts: list[str]) -> dict[str, Any]:
        if self._shape == "tei":
            return {"query": query, "texts": texts, "truncate": True}
        return {
            "model": self._model,
            "query": query,
            "documents": texts,
            "top_n": len(texts),
            "return_documents": False,
        }


def _scores(answer: Any, count: int) -> list[float]:
    """One score a text: `[{index, score}]`, or `{"results": [{index, relevance_score}]}`."""
    entries = answer["results"] if isinstance(answer, dict) else answer
    found: dict[int, float] = {}
    for entry in entries:
        value = entry["relevance_score"] if "relevance_score" in entry else entry["score"]
        found[int(entry["index"])] = float(value)
    if sorted(found) != list(range(count)) or not all(map(math.isfinite, found.values())):
        raise ValueError("not one score a text")
    return [found[index] for index in range(count)]
