"""From ranked sides to the lists of an answer: relativity, limits, guaranteed room."""

import math
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord, OwnerType
from services.kernel.contracts.retrieval import Place, SearchAnswer, SearchItem, SearchRequest
from services.retriever.domain.candidates import Candidate, ordered
from services.retriever.domain.merging import join_neighbours

# Shares of a list that each side is sure of, where it has something to say.
_ROOM = 0.4
_STEEPNESS = 2.5
# A memory that the query's words do not touch: near zero, as in the API's own example.
_BACKGROUND = 1e-4


def level(coverage: float) -> float:
    """Relativity of a side's best candidate from the share of the query that it covers, 0..1:
    1 - exp(-2.5 c), so that half of a query's weight is 0.71 and nothing is 0.
    """
    return 1.0 - math.exp(-_STEEPNESS * max(0.0, min(1.0, coverage)))


def set_relativity(candidates: Sequence[Candidate], best: float) -> None:
    """Relativity in proportion to score: monotone in rank, the top one has `best`."""
    top = max((candidate.score for candidate in candidates), default=0.0)
    for candidate in candidates:
        share = candidate.score / top if top > 0 else 0.0
        candidate.relativity = min(1.0, max(best * share, 0.0))


def assemble(
    request: SearchRequest,
    candidates: Sequence[Candidate],
    marks: Mapping[UUID, tuple[str, ...]],
    notes: Sequence[str],
) -> SearchAnswer:
    """The answer's lists. `candidates`: both sides, merged, with relativity."""
    wanted = [c for c in candidates if c.record.kind in request.kinds and _concerns(c)]
    if request.threshold is not None:
        wanted = [c for c in wanted if c.relativity >= request.threshold]
    preferences = [c for c in wanted if c.record.kind is Kind.PREFERENCE]
    tools = [c for c in wanted if c.record.kind is Kind.TOOL]
    skills = [c for c in wanted if c.record.kind is Kind.SKILL]
    apart = (Kind.PREFERENCE, Kind.TOOL, Kind.SKILL)
    events = [c for c in wanted if c.record.is_event] if request.event_limit else []
    shown_apart = {c.id for c in events}
    memories = [c for c in wanted if c.record.kind not in apart and c.id not in shown_apart]
    shown = _by_relativity(_with_room(memories, request.memory_limit))
    parts = [candidate.record for candidate in shown]
    chosen = join_neighbours(shown)
    marks = {**marks, **_joined_marks(chosen, parts, marks)}
    return SearchAnswer(
        memories=_items(chosen, marks, request),
        preferences=_items(_by_relativity(preferences)[: request.preference_limit], marks, request),
        tools=_items(_by_relativity(tools)[: request.tool_limit], marks, request),
        events=_items(_by_relativity(events)[: request.event_limit], marks, request),
        skills=_items(_by_relativity(skills)[: request.skill_limit], marks, request),
        notes=tuple(notes),
    )


def _joined_marks(
    chosen: Sequence[Candidate],
    parts: Sequence[MemoryRecord],
    marks: Mapping[UUID, tuple[str, ...]],
) -> dict[UUID, tuple[str, ...]]:
    """What became one item has the marks of all its parts."""
    found = {}
    for candidate in chosen:
        whole = candidate.record.anchor
        inside = [
            part.id
            for part in parts
            if whole is not None
            and part.anchor is not None
            and part.kind is candidate.record.kind
            and part.anchor.document_id == whole.document_id
            and whole.start <= part.anchor.start
            and part.anchor.end <= whole.end
        ]
        if len(inside) > 1:
            together = [mark for identifier in inside for mark in marks.get(identifier, ())]
            found[candidate.id] = tuple(dict.fromkeys(together))
    return found


def _with_room(memories: Sequence[Candidate], limit: int) -> list[Candidate]:
    sure = round(limit * _ROOM)
    ranked = _by_relativity(memories)
    personal = [c for c in ranked if c.side == "personal" and not _is_public(c)][:sure]
    knowledge = [c for c in ranked if c.side == "knowledge"][:sure]
    chosen = {c.id for c in (*personal, *knowledge)}
    for candidate in ranked:
        if len(chosen) >= limit:
            break
        chosen.add(candidate.id)
    return [c for c in ranked if c.id in chosen][:limit]


def _is_public(candidate: Candidate) -> bool:
    return candidate.record.owner.type is OwnerType.PUBLIC


def _concerns(candidate: Candidate) -> bool:
    """Whether it may be shown: what others made public must have to do with the query."""
    return not _is_public(candidate) or candidate.relativity > 0


def _by_relativity(candidates: Sequence[Candidate]) -> list[Candidate]:
    # A stable sort over the sides' own order: ties stay as they were ranked.
    return sorted(ordered(candidates), key=lambda c: -c.relativity)


def _marks_of(candidate: Candidate, marks: Mapping[UUID, tuple[str, ...]]) -> tuple[str, ...]:
    """Its own, and those of the same text elsewhere: what is corrected there is not right here."""
    ids = (candidate.id, *(record.id for record in candidate.same))
    return tuple(dict.fromkeys(mark for one in ids for mark in marks.get(one, ())))


def _place(record: MemoryRecord) -> Place:
    return Place(
        memory_id=record.id,
        owner=record.owner,
        anchor=record.anchor,
        title=str(record.detail.get("title", "")),
        conversation_id=record.conversation_id,
    )


def _items(
    chosen: Sequence[Candidate], marks: Mapping[UUID, tuple[str, ...]], request: SearchRequest
) -> tuple[SearchItem, ...]:
    return tuple(
        SearchItem(
            record=candidate.record,
            relativity=max(candidate.relativity, 0.0),
            corrected_by=_marks_of(candidate, marks),
            also_in=tuple(_place(record) for record in candidate.same),
            scores=dict(candidate.scores) if request.explain else {},
        )
        for candidate in chosen
    )
