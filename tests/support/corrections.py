"""Small documents as passages, and the rules of feedback over them."""

from collections.abc import Sequence

from services.feedback.domain.deciding import Case, decide, new_knowledge
from services.feedback.domain.reading import read
from services.feedback.domain.statements import Candidate
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.contracts.events import Decision
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    Owner,
    OwnerType,
)

NOW = 1_750_000_000_000  # 2025-06-15T15:06:40Z
BASE = Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb1")
TOKENISE = LexicalBm25().tokens


def passages(name: str, text: str, *, owner: Owner = BASE) -> list[MemoryRecord]:
    """A markdown document, one passage a section; anchors count characters of `text`."""
    found: list[MemoryRecord] = []
    title = heading = ""
    begin = end = at = 0
    for line in [*text.split("\n"), "#"]:
        if line.startswith("#"):
            if text[begin:end].strip():
                found.append(_passage(name, (title, heading), text, span=(begin, end), owner=owner))
            label = line.lstrip("# ")
            title, heading = (label, "") if line.startswith("# ") else (title, label)
            begin = end = at + len(line) + 1
        else:
            end = at + len(line)
        at += len(line) + 1
    return found


def _passage(
    name: str, titles: tuple[str, str], text: str, *, span: tuple[int, int], owner: Owner
) -> MemoryRecord:
    start, end = span
    title, heading = titles
    value = text[start:end].rstrip()
    return MemoryRecord(
        id=derive(name, start, value),
        project_id="p1",
        owner=owner,
        kind=Kind.PASSAGE,
        key=heading or title,
        value=value,
        context=" › ".join(part for part in (title or name, heading) if part),
        anchor=DocumentAnchor(
            knowledgebase_id=owner.id,
            document_id=f"{owner.id}/{name}",
            document_name=name,
            heading_path=(heading,) if heading else (),
            start=start,
            end=start + len(value),
        ),
        created_at=NOW,
        updated_at=NOW,
    )


def decided(
    words: str,
    records: Sequence[MemoryRecord],
    *,
    hints: tuple[str, ...] = (),
    owner: Owner = BASE,
    feedback_id: str = "f1",
) -> tuple[list[Decision], str]:
    """The decisions on a feedback and, where there are none, why."""
    reading = read(words, now=NOW, timezone="Asia/Shanghai")
    if not reading.intents:
        return [], reading.reason
    candidates = [Candidate(record, rank) for rank, record in enumerate(records)]
    case = Case(feedback_id, owner, hints, "Asia/Shanghai")
    verdict = decide(reading, candidates, case, TOKENISE)
    made = [*verdict.decisions]
    made += new_knowledge(verdict.unmatched, candidates, case, TOKENISE)
    return made, verdict.reason
