"""Corrections over what they correct; marks come from active corrections alone.

A correction names a document and a character span, never a passage. What overlaps the span is
marked. When the query asks for the corrected statement (and for no sibling beside it), the
correction stands above every text that still says the old thing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import ValidationError

from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.matching import coverage, rarity
from services.retriever.domain.query import Analysis
from services.retriever.domain.text import Lexicon

_STATEMENT = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n]*")
_MARGIN = 0.08
_STEP = 1e-3


@dataclass(frozen=True, slots=True)
class Correction:
    """An active correction: its record, the spans and the records that it corrects."""

    record: MemoryRecord
    anchors: tuple[DocumentAnchor, ...]
    target_ids: frozenset[str]

    def touches(self, record: MemoryRecord) -> bool:
        """Whether `record` holds what is corrected."""
        if str(record.id) in self.target_ids:
            return True
        return record.anchor is not None and any(
            _overlap(anchor, record.anchor) for anchor in self.anchors
        )


def read(record: MemoryRecord) -> Correction:
    """The correction in a record; anchors that cannot be read are none."""
    anchors = _anchors(record.detail.get("anchors"))
    if not anchors and record.anchor is not None:
        anchors = (record.anchor,)
    targets = record.detail.get("target_ids")
    named = frozenset(map(str, targets)) if isinstance(targets, list) else frozenset()
    return Correction(record, anchors, named)


def marks(
    records: Sequence[MemoryRecord], corrections: Sequence[Correction]
) -> dict[UUID, tuple[str, ...]]:
    """Ids of the corrections of each corrected record, oldest first."""
    found: dict[UUID, list[str]] = {}
    for correction in sorted(corrections, key=lambda c: (c.record.created_at, c.record.id)):
        for record in records:
            if record.kind is not Kind.CORRECTION and correction.touches(record):
                found.setdefault(record.id, []).append(str(correction.record.id))
    return {identifier: tuple(ids) for identifier, ids in found.items()}


def place(
    candidates: Sequence[Candidate],
    corrections: Sequence[Correction],
    analysis: Analysis,
    lexicon: Lexicon,
) -> None:
    """Move the corrections' scores: just above what they correct where the query asks for that
    statement, just below it where the query asks for a sibling.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    for correction in corrections:
        own = by_id.get(correction.record.id)
        touched = [
            candidate
            for candidate in candidates
            if candidate.record.kind is not Kind.CORRECTION and correction.touches(candidate.record)
        ]
        if own is None or not touched:
            continue
        best = max(touched, key=lambda candidate: candidate.score)
        if asks_for(correction, best.record, analysis, lexicon):
            own.score = max(own.score, best.score + _STEP)
        else:
            own.score = min(own.score, best.score - _STEP)


def asks_for(
    correction: Correction, corrected: MemoryRecord, analysis: Analysis, lexicon: Lexicon
) -> bool:
    """Whether the query asks for the corrected statement rather than for a sibling of it."""
    statements = _statements(corrected)
    said = [lexicon.bag(text) for _, _, text in statements]
    target = lexicon.of(correction.record)
    weights = rarity(analysis.terms, [*said, target])
    siblings = [
        coverage(weights, bag)
        for bag, (start, end, _) in zip(said, statements, strict=True)
        if not _hit(correction, corrected, start, end)
    ]
    mine = [
        coverage(weights, bag)
        for bag, (start, end, _) in zip(said, statements, strict=True)
        if _hit(correction, corrected, start, end)
    ]
    aimed = max([coverage(weights, target), *mine])
    return aimed + _MARGIN >= max(siblings, default=0.0)


def _hit(correction: Correction, corrected: MemoryRecord, start: int, end: int) -> bool:
    anchor = corrected.anchor
    if anchor is None:
        return True
    return any(
        a.document_id == anchor.document_id and a.start < end and start < a.end
        for a in correction.anchors
    )


def _statements(record: MemoryRecord) -> list[tuple[int, int, str]]:
    """Sentences of a passage with their places in the document's text."""
    base = 0
    if record.anchor is not None:
        # A cut table repeats its header row: the span's own text stands at the end.
        base = record.anchor.end - len(record.value)
    return [
        (base + match.start(), base + match.end(), match.group())
        for match in _STATEMENT.finditer(record.value)
        if match.group().strip()
    ]


def _overlap(first: DocumentAnchor, second: DocumentAnchor) -> bool:
    same = first.document_id != "" and first.document_id == second.document_id
    return same and first.start < second.end and second.start < first.end


def _anchors(raw: object) -> tuple[DocumentAnchor, ...]:
    found = []
    for item in raw if isinstance(raw, list) else []:
        if isinstance(item, Mapping):
            try:
                found.append(DocumentAnchor.model_validate(item))
            except ValidationError:
                continue
    return tuple(found)
