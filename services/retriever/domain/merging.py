"""The same thing is shown once: duplicates, overlaps, summaries of what is shown, neighbours."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate, ordered

_OVERLAP = 0.6
_ALIKE = 0.8
_JOINED = 1600
_SUMMARY = 0.6
# Measured on BEAM and MemoryBank.
_SAME_MESSAGE = 0.5
_SAME_TALK = 0.9
_SAME_DOCUMENT = 0.85
_NEXT = 0.8
_NEAR = 3
# As many as a list of an answer holds.
_SPREAD = 25
# Characters from which on spaces tell nothing.
_SPACED = 80
_RESTATED = (Kind.FACT, Kind.PREFERENCE)


def without_duplicates(
    candidates: Sequence[Candidate], terms: Sequence[str], lexicon: Lexicon
) -> list[Candidate]:
    """Best first; a candidate of the same side that says what a better one says is left out."""
    kept: list[Candidate] = []
    values: dict[tuple[str, bool], Candidate] = {}
    # Only what shares a document or a message, or is a like memory, can repeat.
    by_source: dict[str, list[Candidate]] = {}
    alike: dict[Kind, list[AbstractSet[str]]] = {kind: [] for kind in _RESTATED}
    for candidate in ordered(candidates):
        record = candidate.record
        value = (same_text(record.value), record.kind is Kind.CORRECTION)
        if (shown := values.get(value)) is not None:
            shown.same.append(record)
            continue
        sources = _sources(record)
        near = [other for source in sources for other in by_source.get(source, ())]
        if any(_repeats(record, other.record, terms, lexicon) for other in near):
            continue
        memory = record.kind in alike and record.anchor is None
        said = lexicon.bag(record.value).counts.keys() if memory else None
        if said is not None and _is_among(said, alike[record.kind]):
            continue
        kept.append(candidate)
        values[value] = candidate
        for source in sources:
            by_source.setdefault(source, []).append(candidate)
        if said is not None:
            alike[record.kind].append(said)
    return kept


def same_text(value: str) -> str:
    """The text as it is compared: readers of different formats space and fold it differently.
    In short ones a space may tell two statements apart.
    """
    words = unicodedata.normalize("NFKC", value).casefold().split()
    whole = " ".join(words)
    return whole if len(whole) < _SPACED else "".join(words)


def spread(candidates: Sequence[Candidate], *, several: bool = False) -> list[Candidate]:
    """Several memories of one message make room for those of others: each further one counts
    `_SAME_MESSAGE` of its score. several: memories of many times are wanted, so that those of
    one conversation and those said next to another make room, too. Best first.
    """
    seen: set[str] = set()
    for candidate in candidates:
        sources = _user_messages(candidate)
        if sources and sources <= seen:
            candidate.score *= _SAME_MESSAGE
        seen |= sources
    best = sorted(candidates, key=lambda candidate: (-candidate.score, str(candidate.id)))
    return _over_time(best) if several else best


def over_documents(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Passages of many documents are wanted: each further one of a document counts less. Best
    first; corrections stay with what they correct.
    """
    seen: Counter[str] = Counter()
    for candidate in candidates:
        anchor = candidate.record.anchor
        if anchor is not None and candidate.record.kind is not Kind.CORRECTION:
            candidate.score *= _SAME_DOCUMENT ** seen[anchor.document_id]
            seen[anchor.document_id] += 1
    return ordered(candidates)


def _over_time(candidates: Sequence[Candidate]) -> list[Candidate]:
    times = {time: place for place, time in enumerate(sorted(set(map(_said_at, candidates))))}
    left = [(candidate, times[_said_at(candidate)]) for candidate in candidates]
    kept: list[Candidate] = []
    talks: Counter[str] = Counter()
    near: set[int] = set()

    def worth(one: tuple[Candidate, int]) -> float:
        candidate, place = one
        next_to = _NEXT if place in near else 1.0
        return candidate.score * next_to * _SAME_TALK ** talks[candidate.record.conversation_id]

    while left and len(kept) < _SPREAD:
        chosen = max(left, key=worth)
        candidate, place = chosen
        candidate.score = worth(chosen)
        left.remove(chosen)
        kept.append(candidate)
        talks[candidate.record.conversation_id] += 1
        near.update(range(place - _NEAR, place + _NEAR + 1))
    lowest = kept[-1].score if kept else 0.0
    for candidate, _ in left:
        candidate.score = min(candidate.score, lowest)
    return [*kept, *(candidate for candidate, _ in left)]


def _user_messages(candidate: Candidate) -> frozenset[str]:
    return frozenset(one.message_id for one in candidate.record.evidence if one.role == "user")


def _said_at(candidate: Candidate) -> int:
    return max((one.place for one in candidate.record.evidence), default=0)


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
            better.same += other.same
            joined.remove(other)
            changed = True
            break
    return joined


def _sources(record: MemoryRecord) -> tuple[str, ...]:
    if record.anchor is not None:
        return (record.anchor.document_id,)
    return tuple({item.message_id for item in record.evidence})


def _repeats(
    mine: MemoryRecord, theirs: MemoryRecord, terms: Sequence[str], lexicon: Lexicon
) -> bool:
    if Kind.CORRECTION in (mine.kind, theirs.kind):
        return False
    if mine.anchor is not None or theirs.anchor is not None:
        return _share(mine, theirs) >= _OVERLAP and _share(theirs, mine) >= _OVERLAP
    return _restates(mine, theirs, terms, lexicon)


def _restates(
    mine: MemoryRecord, theirs: MemoryRecord, terms: Sequence[str], lexicon: Lexicon
) -> bool:
    """A turn whose fact is shown adds nothing, unless the query finds more in the turn. Only
    what is returned counts: two facts of one turn are indexed with the same words around them.
    """
    turns = (mine.kind is Kind.MESSAGE) + (theirs.kind is Kind.MESSAGE)
    if turns == 1 and not _one_source(mine, theirs):
        return False
    ours, shown = lexicon.bag(mine.value), lexicon.bag(theirs.value)
    if turns == 1:
        found = [term for term in terms if term in ours.counts]
        # A turn in which the query finds nothing is shown for another reason: its own words.
        asked = found or list(ours.counts)
        return mine.kind is Kind.MESSAGE and all(term in shown.counts for term in asked)
    return mine.kind is theirs.kind and _is_alike(ours.counts.keys(), shown.counts.keys())


def _is_among(mine: AbstractSet[str], others: Sequence[AbstractSet[str]]) -> bool:
    low, high = _ALIKE * len(mine), len(mine) / _ALIKE
    return any(low <= len(other) <= high and _is_alike(mine, other) for other in others)


def _is_alike(mine: AbstractSet[str], theirs: AbstractSet[str]) -> bool:
    """Jaccard's index of the terms."""
    sizes = len(mine), len(theirs)
    if min(sizes) < _ALIKE * max(sizes):
        return False
    shared = len(mine & theirs)
    union = sum(sizes) - shared
    return union > 0 and shared / union >= _ALIKE


def _one_source(mine: MemoryRecord, theirs: MemoryRecord) -> bool:
    ours = {item.message_id for item in mine.evidence}
    return any(item.message_id in ours for item in theirs.evidence)


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
