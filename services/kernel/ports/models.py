"""Language models, embedders, rerankers and the lexical encoder: all optional but the last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from services.kernel.ports.index import SparseVector


class LexicalEncoder(Protocol):
    """Text to sparse vectors, the same at ingestion and at search."""

    @property
    def identity(self) -> str:
        """Name and version; stored with the index generation."""
        ...

    def tokens(self, text: str) -> list[str]:
        """The terms of a text, in order, as they are indexed."""
        ...

    def singles(self, text: str) -> list[str]:
        """Terms beside `tokens` that say less: single characters of scripts without spaces."""
        ...

    def document(self, text: str, *, context: str = "") -> SparseVector:
        """Saturated, length-normalised term frequencies; `context` (titles, headings) counts."""
        ...

    def query(self, text: str) -> SparseVector:
        """Weight 1 for each distinct term, less for those that say less."""
        ...

    def query_of(self, terms: Iterable[str]) -> SparseVector:
        """The same of terms that `tokens` gave."""
        ...


class Embedder(Protocol):
    """Text to dense unit vectors."""

    @property
    def identity(self) -> str:
        """`fastembed:<model>` or `openai:<model>`; stored with the index generation."""
        ...

    @property
    def dimension(self) -> int:
        """Length of the vectors."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Languages it is good at (`en`, `zh`), empty when unknown: fusion asks."""
        ...

    async def documents(self, texts: Sequence[str]) -> list[tuple[float, ...]]:
        """In order; DependencyUnavailable when it is down or over its limits."""
        ...

    async def query(self, text: str) -> tuple[float, ...]:
        """One vector, cached."""
        ...


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's answer: JSON checked against the schema, and what it cost in tokens."""

    value: JsonValue
    prompt_tokens: int
    completion_tokens: int
    calls: int = 1
    cached: bool = False


class ChatModel(Protocol):
    """A chat model that answers in JSON."""

    @property
    def identity(self) -> str:
        """Model name; part of the cache key."""
        ...

    async def complete_json(
        self, *, system: str, user: str, schema: Mapping[str, JsonValue], name: str
    ) -> Completion:
        """One answer that satisfies `schema`, with one repair try. DependencyUnavailable when
        the model is down, too slow or over its rate; InvalidInput when it answers nonsense
        twice or the input is too long.
        """
        ...

    async def complete_text(self, *, messages: Sequence[Mapping[str, str]]) -> Completion:
        """A plain answer; `value` is a string."""
        ...


class Reranker(Protocol):
    """Scores texts against a query."""

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        """One score a text, higher is better; DependencyUnavailable when late or down."""
        ...
