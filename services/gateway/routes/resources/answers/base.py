"""What all answers share."""

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base of all answers: nothing is answered that is not described."""

    model_config = ConfigDict(extra="forbid")


class Done(Answer):
    """It is done."""

    success: bool


class Deleted(BaseModel):
    """It is deleted: not found from now on. deletion_id: of the receipt."""

    success: bool
    deletion_id: str = ""


class Listed(Answer):
    """A page. next_cursor: of the page that follows, null on the last."""

    next_cursor: str | None
