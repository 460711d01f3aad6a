"""Settings of feedback: `MEMLOOM_FEEDBACK__...`."""

from pydantic import BaseModel, Field


class FeedbackSettings(BaseModel):
    """What an operator may set."""

    workers: int = Field(default=4, ge=1, description="Knowledge bases corrected at once.")
    candidates: int = Field(
        default=25, ge=5, le=25, description="Memories looked at for each search of a feedback."
    )
    read_seconds: float = Field(
        default=5.0,
        gt=0,
        description="Time budget of the rules that read a feedback; later, it ends with a reason.",
    )
    use_model: bool = Field(
        default=True, description="Let the chat model decide, where there is one."
    )
