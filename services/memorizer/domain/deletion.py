"""What remains of a memory that was deleted by hand: that it was, and nothing of its words."""

from services.kernel.contracts.records import MemoryRecord, Status

_KEPT = ("order", "subject")


def redacted(record: MemoryRecord) -> MemoryRecord:
    """A tombstone: identity, attribute and place in time, by which nothing older comes back."""
    return record.model_copy(
        update={
            "status": Status.DELETED,
            "key": "",
            "value": "",
            "context": "",
            "tags": (),
            "evidence": (),
            "info": {},
            "detail": {name: record.detail[name] for name in _KEPT if name in record.detail},
            "revision": record.revision + 1,
        }
    )
