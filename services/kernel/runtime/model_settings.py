"""Which models are used: chat model, embedder, reranker, each optional (`none`)."""

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Language = Literal["en", "zh"]


class ChatSettings(BaseModel):
    """MEMLOOM_CHAT__MODEL and its siblings: any OpenAI-compatible `/chat/completions`.

    model: its name there, empty for none. seconds: for one answer, all its tries together.
    retries: on 429, 5xx and broken connections, with back-off, `Retry-After` honoured.
    temperature: left to the server where it is None.
    """

    model: str = ""
    url: str = "https://api.openai.com/v1"
    api_key: SecretStr = SecretStr("")
    seconds: float = Field(default=120.0, gt=0)
    retries: int = Field(default=3, ge=0)
    concurrency: int = Field(default=4, ge=1)
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int | None = Field(default=None, ge=1)


class EmbedderSettings(BaseModel):
    """MEMLOOM_EMBEDDER__MODEL and its siblings.

    model: `none`; `fastembed:<folder or model>`, a local ONNX model; or `openai:<model>`, any
    OpenAI-compatible `/embeddings` at `url`. dimension: asked of the model where it is None.
    languages: what the model is good at (`en`, `zh`), guessed where empty. batch: texts a call.
    max_characters: longer texts are cut, since servers refuse them.
    """

    model: str = "none"
    url: str = "https://api.openai.com/v1"
    api_key: SecretStr = SecretStr("")
    dimension: int | None = Field(default=None, ge=1)
    languages: tuple[Language, ...] = ()
    batch: int = Field(default=64, ge=1, le=2048)
    concurrency: int = Field(default=4, ge=1)
    seconds: float = Field(default=30.0, gt=0)
    retries: int = Field(default=4, ge=0)
    max_characters: int = Field(default=8_000, ge=100)
    threads: int | None = Field(default=None, ge=1)
    cache: int = Field(default=20_000, ge=0)

    @field_validator("model")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        kind, _, name = value.strip().partition(":")
        if value.strip() in {"", "none"} or (kind in {"fastembed", "openai"} and name):
            return value.strip() or "none"
        raise ValueError(
            f"MEMLOOM_EMBEDDER__MODEL is {value!r}; write none, fastembed:<folder or model> or "
            "openai:<model>"
        )


class RerankerSettings(BaseModel):
    """MEMLOOM_RERANKER__URL and its siblings.

    url: of the endpoint itself (`http://host:8080/rerank`), empty for none. shape: `tei`
    (texts in, a list out) or `cohere` (documents in, results out: Cohere, Jina, vLLM and most
    others; needs `model`). seconds: when it is later, the order goes out without it.
    """

    url: str = ""
    shape: Literal["tei", "cohere"] = "cohere"
    model: str = ""
    api_key: SecretStr = SecretStr("")
    seconds: float = Field(default=0.8, gt=0)
    batch: int = Field(default=32, ge=1)
    max_characters: int = Field(default=4_000, ge=100)

    @model_validator(mode="after")
    def _a_model_where_the_shape_has_one(self) -> Self:
        if self.url and self.shape == "cohere" and not self.model:
            raise ValueError(
                "MEMLOOM_RERANKER__MODEL is empty; name the model, or set "
                "MEMLOOM_RERANKER__SHAPE=tei for a server that has only one"
            )
        return self


class ModelSettings(BaseSettings):
    """All models, from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="MEMLOOM_", env_nested_delimiter="__", extra="ignore"
    )

    chat: ChatSettings = ChatSettings()
    embedder: EmbedderSettings = EmbedderSettings()
    reranker: RerankerSettings = RerankerSettings()
