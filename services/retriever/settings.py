"""Settings of the retriever: `MEMLOOM_RETRIEVER__...`."""

from pydantic import BaseModel, Field


class RetrieverSettings(BaseModel):
    """What an operator may set."""

    candidates: int = Field(
        default=64, ge=10, le=500, description="Hits asked of the index for each vector and side."
    )
    background: bool = Field(
        default=True, description="Let the user's facts choose between variants of an answer."
    )
    background_facts: int = Field(
        default=80, ge=0, le=500, description="User memories looked at for the background."
    )
    rerank_seconds: float = Field(
        default=0.3,
        gt=0,
        description="Time budget of the reranker; when late, the order without it.",
    )
    rerank_items: int = Field(default=32, ge=1, le=200, description="Items shown to the reranker.")
    read_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Time budget of reading a query and ranking what it found; later, an error.",
    )
    embed_seconds: float = Field(
        default=0.5, gt=0, description="Time budget of the query's embedding; later, words only."
    )
