"""The same thing is shown once: duplicates, overlaps, summaries of what is shown, neighbours."""

from collections.abc import Sequence

from services.kernel.contracts.records import Kind, MemoryRecord
from services.retriever.domain.candidates import Candidate, ordered
from services.retriever.domain.text import Lexicon

_OVERLAP = 0.6
_ALIKE = 0.8
_JOINED = 1600
_SUMMARY = 0.6


def without_duplicates(
    candidates: Sequence[Candidate], terms: Sequence[str], lexicon: Lexicon
) -> list[Candidate]:
    """Best first; a candidate that says what a better one says is left out."""
    kept: list[Candidate] = []
    for candidate in ordered(candidates):
        if not any(_repeats(candidate, other, terms, lexicon) for other in kept):
            kept.append(candidate)
    return kept


def demote_summaries(candidates: Sequence[Candidate]) -> None:
    """A summary of more than one passage never stands above the passages it sums up."""
    passages = [c for c in candidates if c.record.kind is Kind.PASSAGE]
    for candidate in candidates:
        if candidate.record.kind is not Kind.SUMMARY:
            continue
        inside = [p for p in passages if _share(candidate.record, p.record) >= _OVERLAP]
        candidate.score *= _SUMMARY
        if inside:
            candidate.score = min(candidate.score, max(p.score for p in inside) * _SUMMARY)


def join_neighbours(items: Sequence[Candidate]) -> list[Candidate]:
    """Passages of one section that read on become one item, at the better one's place."""
    joined = list(items)
    changed = True
    while changed:
        changed = False
        for first in joined:
            after = next((c for c in joined if _reads_on(first.record, c.record)), None)
            if after is None:
                continue
            better, other = sorted((first, after), key=joined.index)
            better.record = _joined(better.record, first.record, after.record)
            joined.remove(other)
            changed = True
            break
    return joined


def _repeats(
    candidate: Candidate, other: Candidate, terms: Sequence[str], lexicon: Lexicon
) -> bool:
    mine, theirs = candidate.record, other.record
    if Kind.CORRECTION in (mine.kind, theirs.kind):
        return mine.kind is theirs.kind and mine.value == theirs.value
    if mine.value == theirs.value and candidate.side == other.side:
        return True
    if candidate.side != other.side:
        return False
    if candidate.side == "knowledge":
        return _share(mine, theirs) >= _OVERLAP and _share(theirs, mine) >= _OVERLAP
    return _restates(mine, theirs, terms, lexicon)


def _restates(
    mine: MemoryRecord, theirs: MemoryRecord, terms: Sequence[str], lexicon: Lexicon
) -> bool:
    """A turn whose fact is shown adds nothing, unless the query finds more in the turn."""
    ours, shown = lexicon.of(mine), lexicon.of(theirs)
    shared = sum(1 for term in ours.counts if term in shown.counts)
    union = len(ours.counts) + len(shown.counts) - shared
    if mine.kind is theirs.kind and union and shared / union >= _ALIKE:
        return True
    if (mine.kind is Kind.MESSAGE) == (theirs.kind is Kind.MESSAGE):
        return False
    same = {item.message_id for item in mine.evidence} & {
        item.message_id for item in theirs.evidence
    }
    if not same:
        return False
    return all(term in shown.counts for term in terms if term in ours.counts)


def _share(whole: MemoryRecord, part: MemoryRecord) -> float:
    """How much of `part`'s span lies in `whole`'s."""
    outer, inner = whole.anchor, part.anchor
    if outer is None or inner is None or outer.document_id != inner.document_id:
        return 0.0
    length = inner.end - inner.start
    common = min(outer.end, inner.end) - max(outer.start, inner.start)
    return max(common, 0) / length if length > 0 else 0.0


def _reads_on(first: MemoryRecord, second: MemoryRecord) -> bool:
    if first.kind is not Kind.PASSAGE or second.kind is not Kind.PASSAGE:
        return False
    before, after = first.anchor, second.anchor
    if before is None or after is None or before.document_id != after.document_id:
        return False
    whole = all(len(r.value) == a.end - a.start for r, a in ((first, before), (second, after)))
    return (
        whole
        and second.ordinal == first.ordinal + 1
        and before.heading_path == after.heading_path
        and len(first.value) + len(second.value) <= _JOINED
    )


def _joined(better: MemoryRecord, first: MemoryRecord, second: MemoryRecord) -> MemoryRecord:
    before, after = first.anchor, second.anchor
    if before is None or after is None:
        return better
    gap = "\n" * max(min(after.start - before.end, 2), 0)
    anchor = before.model_copy(update={"end": after.end, "page_last": after.page_last})
    return better.model_copy(
        update={
            "value": f"{first.value}{gap}{second.value}",
            "anchor": anchor,
            "ordinal": second.ordinal,
        }
    )
