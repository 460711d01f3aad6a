"""Corrections over what they correct; marks come from active corrections alone.

A correction names a document and a character span, never a passage. What overlaps the span is
marked. When the query asks for the corrected statement (and for no sibling beside it), the
correction stands above every text that still says the old thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from pydantic import ValidationError

from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord


@dataclass(frozen=True, slots=True)
class Correction:
    """An active correction: its record, the spans and the records that it corrects, and the spans
    of later documents that say by themselves what it says: then it has retired, and they take
    its place.
    """

    record: MemoryRecord
    anchors: tuple[DocumentAnchor, ...]
    target_ids: frozenset[str]
    heirs: tuple[DocumentAnchor, ...] = ()
    # It holds from a later day only.
    announced: bool = False

    def touches(self, record: MemoryRecord) -> bool:
        """Whether `record` holds what is corrected."""
        if str(record.id) in self.target_ids:
            return True
        return on_any(self.anchors, record)


def read(record: MemoryRecord) -> Correction:
    """The correction in a record; anchors that cannot be read are none."""
    anchors = _anchors(record.detail.get("anchors"))
    if not anchors and record.anchor is not None:
        anchors = (record.anchor,)
    targets = record.detail.get("target_ids")
    named = frozenset(map(str, targets)) if isinstance(targets, list) else frozenset()
    later = record.detail.get("restated")
    said: dict[str, list[object]] = {"old": [], "new": []}
    for item in later if isinstance(later, list) else []:
        if isinstance(item, Mapping):
            said.setdefault(str(item.get("says")), []).append(item.get("anchor"))
    heirs = _anchors(said["new"])
    return Correction(record, (*anchors, *_anchors(said["old"])), named, heirs)


def holding(records: Sequence[MemoryRecord], now: int) -> list[Correction]:
    """The corrections among these that hold or are announced, at a time (ms). One that held from
    a later day on has replaced those before it once that day has come.
    """
    since: dict[str, tuple[int, int, str]] = {}
    for record in records:
        if not _is_announced(record, now):
            since[slot(record)] = max(since.get(slot(record), record.order), record.order)
    return [
        replace(read(record), announced=_is_announced(record, now))
        for record in records
        if record.order >= since.get(slot(record), record.order)
    ]


def slot(record: MemoryRecord) -> str:
    """Names the statement that a correction corrects, among all knowledge bases; one that names
    none is alone.
    """
    return f"{record.owner.key}/{record.attribute or record.id}"


def _is_announced(record: MemoryRecord, now: int) -> bool:
    return record.valid_from is not None and record.valid_from > now


def marks(
    records: Sequence[MemoryRecord], corrections: Sequence[Correction]
) -> dict[UUID, tuple[str, ...]]:
    """Ids of the corrections of each corrected record, oldest first."""
    found: dict[UUID, list[str]] = {}
    for correction in sorted(corrections, key=lambda c: c.record.order):
        for record in records:
            if record.kind is not Kind.CORRECTION and correction.touches(record):
                found.setdefault(record.id, []).append(str(correction.record.id))
    return {identifier: tuple(ids) for identifier, ids in found.items()}


def on_any(anchors: Sequence[DocumentAnchor], record: MemoryRecord) -> bool:
    """Whether the record lies on one of the spans."""
    return record.anchor is not None and any(_overlap(item, record.anchor) for item in anchors)


def _overlap(first: DocumentAnchor, second: DocumentAnchor) -> bool:
    same = first.document_id != "" and first.document_id == second.document_id
    return (
        same
        and first.revision == second.revision
        and first.start < second.end
        and second.start < first.end
    )


def _anchors(raw: object) -> tuple[DocumentAnchor, ...]:
    found = []
    for item in raw if isinstance(raw, list) else []:
        if isinstance(item, Mapping):
            try:
                found.append(DocumentAnchor.model_validate(item))
            except ValidationError:
                continue
    return tuple(found)
