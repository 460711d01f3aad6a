"""What the index found, one entry a record, before it is ranked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord, OwnerType
from services.kernel.ports.index import Hit

Side = Literal["personal", "knowledge"]

USER_KINDS = (Kind.FACT, Kind.PREFERENCE, Kind.TOOL, Kind.MESSAGE, Kind.CORRECTION)
# Summaries repeat words of many sections, so that the wrong variant of an answer stands in each of
# them: they are listed with their document and returned by no search. Facts of a knowledge base
# come from conversations that were allowed to complete it.
KNOWLEDGE_KINDS = (Kind.PASSAGE, Kind.FACT, Kind.PREFERENCE)


@dataclass(slots=True)
class Candidate:
    """One record on its way into the answer.

    reading: what was read of it at ingestion. lexical, dense: the index's own scores, None where
    that arm did not find it. score: rank value 0..1 inside its side, higher is better.
    relativity: 0..1, comparable between sides. scores: the channels, for `explain`.
    same: other records with the same text, which this one stands for.
    """

    record: MemoryRecord
    reading: str = ""
    lexical: float | None = None
    dense: float | None = None
    score: float = 0.0
    relativity: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    same: list[MemoryRecord] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        """The record's id."""
        return self.record.id

    @property
    def side(self) -> Side:
        """Whether a knowledge base owns it, or a person or the public."""
        owned = self.record.owner.type is OwnerType.KNOWLEDGE_BASE
        return "knowledge" if owned else "personal"


def gather(sparse: Sequence[Hit], dense: Sequence[Hit]) -> list[Candidate]:
    """One candidate a record, in order of first appearance."""
    found: dict[UUID, Candidate] = {}
    for hit in sparse:
        found.setdefault(hit.record.id, Candidate(hit.record, hit.reading)).lexical = hit.score
    for hit in dense:
        found.setdefault(hit.record.id, Candidate(hit.record, hit.reading)).dense = hit.score
    return list(found.values())


def ordered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first; ties by newer, then by id, so that equal requests get equal answers."""
    return sorted(candidates, key=lambda c: (-c.score, -c.record.updated_at, c.record.id))
