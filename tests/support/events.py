"""Events and records for tests."""

from uuid import UUID, uuid4

from services.kernel.contracts.events import (
    BlobRef,
    DocumentRemoved,
    DocumentStored,
    DocumentSubmitted,
    Envelope,
    Event,
)
from services.kernel.ports.bus import IncomingRecord


def submitted(document_id: str = "d1", *, name: str = "a.pdf") -> DocumentSubmitted:
    """A document was submitted."""
    return DocumentSubmitted(
        project_id="p", knowledgebase_id="kb", document_id=document_id, name=name
    )


def stored(document_id: str = "d1") -> DocumentStored:
    """A document was stored."""
    return DocumentStored(
        project_id="p",
        knowledgebase_id="kb",
        document_id=document_id,
        name="a.pdf",
        original=BlobRef(path="x"),
        media_type="application/pdf",
    )


def removed(document_id: str = "d1") -> DocumentRemoved:
    """A document was removed."""
    return DocumentRemoved(
        project_id="p", knowledgebase_id="kb", document_id=document_id, removed_at=1
    )


def enveloped(
    event: Event, *, event_id: UUID | None = None, traceparent: str = "", correlation_id: str = ""
) -> Envelope:
    """The event, wrapped."""
    return Envelope.wrap(
        event,
        event_id=event_id or uuid4(),
        time=1,
        producer="gateway",
        traceparent=traceparent,
        correlation_id=correlation_id,
    )


def incoming(
    event: Event | bytes,
    *,
    group: str = "ingest.documents",
    event_id: UUID | None = None,
    position: str = "t@1",
    delivery: int = 1,
    traceparent: str = "",
    key: str = "d1",
) -> IncomingRecord:
    """The event as the bus delivers it; bytes are delivered as they are."""
    if isinstance(event, bytes):
        topic, value = "kb.document.v1", event
    else:
        topic, key = event.TOPIC.name, event.key()
        envelope = enveloped(event, event_id=event_id, traceparent=traceparent)
        value = envelope.model_dump_json().encode()
    return IncomingRecord(topic, group, key, value, {}, position, delivery)
