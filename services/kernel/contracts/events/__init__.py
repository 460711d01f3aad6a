"""Events: typed payloads, and the envelope in which each travels.

An event is past tense and immutable. `TYPE` is its stable name; `key()` its record key.
A field is only ever added, with a default; old examples parse for ever.
"""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.kernel.contracts.events.base import (
    BlobRef,
    Event,
)
from services.kernel.contracts.events.conversations import (
    CorrectionDecided,
    CorrectionKind,
    Decision,
    FeedbackGiven,
    MemoryChange,
    Message,
    MessagesRecorded,
    TaskProgressed,
    ToolCall,
)
from services.kernel.contracts.events.documents import (
    STAGES,
    DocumentIdentity,
    DocumentParsed,
    DocumentProgressed,
    DocumentRemoved,
    DocumentStored,
    DocumentSubmitted,
    PassagesSegmented,
    Stage,
)
from services.kernel.contracts.events.removals import (
    DeletionProgressed,
    OwnerRemoved,
    document_subject,
    owner_subject,
)

__all__ = [
    "EVENTS",
    "STAGES",
    "AnyEvent",
    "BlobRef",
    "CorrectionDecided",
    "CorrectionKind",
    "Decision",
    "DeletionProgressed",
    "DocumentIdentity",
    "DocumentParsed",
    "DocumentProgressed",
    "DocumentRemoved",
    "DocumentStored",
    "DocumentSubmitted",
    "Envelope",
    "Event",
    "FeedbackGiven",
    "MemoryChange",
    "Message",
    "MessagesRecorded",
    "OwnerRemoved",
    "PassagesSegmented",
    "Stage",
    "TaskProgressed",
    "ToolCall",
    "document_subject",
    "owner_subject",
]

AnyEvent = (
    DocumentSubmitted
    | DocumentRemoved
    | DocumentStored
    | DocumentParsed
    | PassagesSegmented
    | DocumentProgressed
    | MessagesRecorded
    | FeedbackGiven
    | CorrectionDecided
    | TaskProgressed
    | OwnerRemoved
    | DeletionProgressed
)

EVENTS: dict[str, type[Event]] = {
    kind.TYPE: kind
    for kind in (
        DocumentSubmitted,
        DocumentRemoved,
        DocumentStored,
        DocumentParsed,
        PassagesSegmented,
        DocumentProgressed,
        MessagesRecorded,
        FeedbackGiven,
        CorrectionDecided,
        TaskProgressed,
        OwnerRemoved,
        DeletionProgressed,
    )
}


class Envelope(BaseModel):
    """What travels on the bus, as JSON: who said what, when, because of what.

    event_id is derived where the event must be the same on a repeat. time: epoch milliseconds.
    correlation_id: the request that began it all; causation_id: the event that led to this one.
    """

    model_config = ConfigDict(frozen=True)

    event_id: UUID
    type: str
    version: int = 1
    time: int
    producer: str
    key: str
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""
    payload: Annotated[dict[str, JsonValue], Field()]

    @classmethod
    def wrap(
        cls,
        event: Event,
        *,
        event_id: UUID,
        time: int,
        producer: str,
        correlation_id: str = "",
        causation_id: str = "",
        traceparent: str = "",
    ) -> Self:
        """An envelope around `event`."""
        return cls(
            event_id=event_id,
            type=event.TYPE,
            version=event.VERSION,
            time=time,
            producer=producer,
            key=event.key(),
            correlation_id=correlation_id,
            causation_id=causation_id,
            traceparent=traceparent,
            payload=event.model_dump(mode="json"),
        )

    def open(self) -> Event:
        """The event inside; KeyError for an unknown type, ValidationError for a bad payload."""
        return EVENTS[self.type].model_validate(self.payload)
