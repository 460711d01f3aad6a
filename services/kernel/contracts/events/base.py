"""What all events have in common."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from services.kernel.contracts.topics import Topic


class Event(BaseModel):
    """Base of all events."""

    model_config = ConfigDict(frozen=True)

    TYPE: ClassVar[str]
    TOPIC: ClassVar[Topic]
    VERSION: ClassVar[int] = 1

    def key(self) -> str:
        """Record key: what must stay in order together."""
        raise NotImplementedError


class BlobRef(BaseModel):
    """A blob by reference: bucket-relative path, size in bytes, SHA-256 in hex."""

    model_config = ConfigDict(frozen=True)

    path: str
    size: int = 0
    sha256: str = ""
