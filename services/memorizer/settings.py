"""Settings of the memorizer: `MEMLOOM_MEMORIZER__...`."""

from pydantic import BaseModel, Field, model_validator


class MemorizerSettings(BaseModel):
    """What an operator may set."""

    target_tokens: int = Field(
        default=256, ge=32, description="Size that a passage is filled to, in tokens."
    )
    max_tokens: int = Field(
        default=480, ge=64, description="Size that no passage exceeds, in tokens."
    )
    batch_passages: int = Field(
        default=64, ge=1, le=512, description="Passages indexed in one batch of a document."
    )
    summaries: bool = Field(
        default=True,
        description="Whether documents get a summary, statements of long sections and keywords.",
    )
    document_workers: int = Field(default=2, ge=1, description="Documents segmented at once.")
    passage_workers: int = Field(default=4, ge=1, description="Batches indexed at once.")
    read_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Time budget of the rules that read messages; later, the words are kept alone.",
    )
    message_workers: int = Field(default=4, ge=1, description="Subjects served at once.")
    model_workers: int = Field(
        default=4, ge=1, description="Sources that the chat model reads at once."
    )
    model_daily_tokens: int = Field(
        default=2_000_000,
        ge=0,
        description="Tokens of the chat model for a project and day (UTC); 0 sets no limit.",
    )
    sweep_seconds: float = Field(
        default=30.0, gt=0, description="How often unfinished index writes are looked for."
    )

    @model_validator(mode="after")
    def _ordered(self) -> "MemorizerSettings":
        if self.max_tokens < self.target_tokens:
            message = "MEMORIZER__MAX_TOKENS must not be below MEMORIZER__TARGET_TOKENS"
            raise ValueError(message)
        return self
