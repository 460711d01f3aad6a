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
from services.retriever.domain.asking import can_answer, is_question
from services.retriever.domain.background.naming import empty, mixed
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import Analysis
from services.retriever.domain.text import Bag, Lexicon, heading_text

_CLAUSE = re.compile(r"(?:[^。！？!?；;，,\n.]|[.,](?!\s|$))+[。！？!?；;，,\n.]*")
_STEP = 1e-3
# What a correction of a text that the query does not find is worth.
_ELSEWHERE = 0.5
# Share of a query's own words that make it the very question that was corrected.
_VERBATIM = 0.9


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
        if own is None:
            continue
        if not touched:
            if correction.anchors:
                own.score *= _ELSEWHERE
            continue
        best = max(touched, key=lambda candidate: candidate.score)
        if asks_for(correction, best.record, analysis, lexicon):
            above = best.score + _STEP
            own.score = max(own.score, above) if _brings(own, best, analysis, lexicon) else above
        else:
            own.score = min(own.score, best.score - _STEP)


def _brings(own: Candidate, best: Candidate, analysis: Analysis, lexicon: Lexicon) -> bool:
    """Whether the correction has words of the query that the corrected text lacks."""
    mine, theirs = lexicon.of(own.record).counts, lexicon.of(best.record).counts
    return any(term in mine and term not in theirs for term in analysis.terms if not empty(term))


def asks_for(
    correction: Correction, corrected: MemoryRecord, analysis: Analysis, lexicon: Lexicon
) -> bool:
    """Whether the query asks for the corrected statement rather than for a sibling of it.

    What counts are the query's words that do not name the whole document or section: how much
    of them the correction has, against the best other clause of the corrected text.
    """
    title = lexicon.bag(heading_text(corrected)).counts
    rest = [term for term in analysis.terms if term not in title]
    target = lexicon.bag(_words(correction.record))
    verbatim = sum(term in target.counts for term in rest) >= _VERBATIM * len(rest)
    if corrected.anchor is None or (rest and verbatim):
        return True
    said = _said(correction.record)
    if not can_answer(analysis.text, _detail(correction.record, "new"), said):
        return False
    # Where nobody said which question the correction answers, or none is asked, it answers all.
    plain = not (is_question(said) and is_question(analysis.text))
    telling = [term for term in rest if not empty(term) and not mixed(term)]
    if not telling:
        return plain or _same_point(correction, title, rest, lexicon)
    mine: list[Bag] = [target]
    others: list[Bag] = []
    old = _detail(correction.record, "old")
    for start, end, text in _clauses(corrected):
        bag = lexicon.bag(text)
        # Long sentences hold much beside the old value; only a known question tells it apart.
        if not _inside(correction, corrected, start, end):
            others.append(bag)
        elif plain:
            mine.append(bag)
        elif old not in text:
            others.append(bag)
    mine_best, others_best = (
        max((_covered(telling, rest, bag) for bag in bags), default=(0, 0))
        for bags in (mine, others)
    )
    if not plain:
        # The question that was corrected is known: another one has to come close to it.
        return mine_best > others_best and 2 * mine_best[0] > len(telling)
    return mine_best >= others_best if mine_best[0] else others_best[0] == 0


def _same_point(
    correction: Correction, title: Mapping[str, int], rest: Sequence[str], lexicon: Lexicon
) -> bool:
    """Whether a question without words of its own is the one that the correction answers."""
    subject = lexicon.terms(_detail(correction.record, "subject") or correction.record.key)
    own = [term for term in subject if term not in title and not empty(term)]
    return not own or any(term in rest for term in own)


def _covered(telling: Sequence[str], rest: Sequence[str], bag: Bag) -> tuple[int, int]:
    """How many of the telling terms a text has, and, for ties, of all the query's own."""
    return (
        sum(term in bag.counts for term in telling),
        sum(term in bag.counts for term in rest),
    )


def _words(record: MemoryRecord) -> str:
    return f"{record.key}\n{record.value}\n{_detail(record, 'subject')}"


def _said(record: MemoryRecord) -> str:
    """The words of whoever corrected; where they are not known, the correction's own."""
    return "\n".join(item.text for item in record.evidence) or record.value


def _detail(record: MemoryRecord, name: str) -> str:
    value = record.detail.get(name)
    return value if isinstance(value, str) else ""


def _inside(correction: Correction, corrected: MemoryRecord, start: int, end: int) -> bool:
    """Whether a clause lies in what was corrected."""
    anchor = corrected.anchor
    return anchor is not None and any(
        a.document_id == anchor.document_id and a.start < end and start < a.end
        for a in correction.anchors
    )


def _clauses(record: MemoryRecord) -> list[tuple[int, int, str]]:
    """Clauses of a passage with their places in the document's text."""
    base = 0
    if record.anchor is not None:
        # A cut table repeats its header row: the span's own text stands at the end.
        base = record.anchor.end - len(record.value)
    return [
        (base + match.start(), base + match.end(), match.group())
        for match in _CLAUSE.finditer(record.value)
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
