"""A batch of a document's passages, and the records that are made of its parts."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, JsonValue

from services.kernel.contracts.blocks import Passage
from services.kernel.contracts.events import PassagesSegmented
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    Owner,
    OwnerType,
)
from services.kernel.contracts.skills import Skill
from services.memorizer.domain.documents import Processed


class Summary(BaseModel):
    """A processed memory of a document or a section, with the span it rests on."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: str
    tags: tuple[str, ...] = ()
    heading_path: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    page_first: int | None = None
    page_last: int | None = None


class Batch(BaseModel):
    """What one batch blob holds: passages, or a skill and its text."""

    model_config = ConfigDict(frozen=True)

    title: str
    passages: tuple[Passage, ...] = ()
    summaries: tuple[Summary, ...] = ()
    keywords: tuple[str, ...] = ()
    skill: Skill | None = None
    text: str = ""


def _anchor(event: PassagesSegmented, part: Passage | Summary) -> DocumentAnchor:
    return DocumentAnchor(
        knowledgebase_id=event.knowledgebase_id,
        document_id=event.document_id,
        document_name=event.name,
        revision=event.revision,
        page_first=part.page_first,
        page_last=part.page_last,
        heading_path=part.heading_path,
        start=part.start,
        end=part.end,
    )


def _base(event: PassagesSegmented, now: int) -> dict[str, object]:
    return {
        "project_id": event.project_id,
        "owner": Owner(type=OwnerType.KNOWLEDGE_BASE, id=event.knowledgebase_id),
        "conversation_id": "default_session",
        "created_at": now,
        "updated_at": now,
        "revision": event.revision,
    }


def passage_record(
    event: PassagesSegmented, batch: Batch, passage: Passage, now: int
) -> MemoryRecord:
    """A passage as it is: the original text, with its place."""
    return MemoryRecord.model_validate(
        _base(event, now)
        | {
            "id": derive(event.document_id, event.revision, "passage", passage.ordinal),
            "kind": Kind.PASSAGE,
            "key": passage.heading_path[-1] if passage.heading_path else batch.title,
            "value": passage.text,
            "context": passage.context,
            "tags": (*event.tags, *batch.keywords, "mode:fine", "multimodal:file"),
            "anchor": _anchor(event, passage),
            "ordinal": passage.ordinal,
            "detail": {"title": passage.title},
        }
    )


def summary_record(
    event: PassagesSegmented, batch: Batch, summary: Summary, number: int, now: int
) -> MemoryRecord:
    """The `number`th processed memory of a document by rules."""
    return MemoryRecord.model_validate(
        _base(event, now)
        | {
            "id": derive(event.document_id, event.revision, "summary", number),
            "kind": Kind.SUMMARY,
            "key": summary.key,
            "value": summary.value,
            "context": " › ".join((batch.title, *summary.heading_path)),
            "tags": (*event.tags, *summary.tags, "mode:fine", "multimodal:file"),
            "anchor": _anchor(event, summary),
            "ordinal": number,
            "detail": {"title": batch.title},
        }
    )


def skill_record(event: PassagesSegmented, batch: Batch, skill: Skill, now: int) -> MemoryRecord:
    """A skill with its parts; found by its name, description and text."""
    return MemoryRecord.model_validate(
        _base(event, now)
        | {
            "id": derive(event.document_id, event.revision, "skill", 0),
            "kind": Kind.SKILL,
            "key": skill.name,
            "value": batch.text,
            "context": skill.name,
            "tags": event.tags,
            "anchor": DocumentAnchor(
                knowledgebase_id=event.knowledgebase_id,
                document_id=event.document_id,
                document_name=event.name,
                revision=event.revision,
                end=len(batch.text),
            ),
            "detail": {"title": skill.name, "skill": skill.model_dump(mode="json")},
        }
    )


def statement_records(
    event: PassagesSegmented,
    passage: Passage,
    statements: Sequence[Processed],
    detail: dict[str, JsonValue],
    now: int,
) -> list[MemoryRecord]:
    """What a model stated of one passage, on the passage's own place; its keywords are tags."""
    named = detail.get("keywords")
    words = tuple(str(word) for word in named) if isinstance(named, list) else ()
    return [
        MemoryRecord.model_validate(
            _base(event, now)
            | {
                "id": derive(
                    event.document_id, event.revision, "statement", passage.ordinal, number
                ),
                "kind": Kind.SUMMARY,
                "key": statement.key,
                "value": statement.value,
                "context": passage.context,
                "tags": (*event.tags, *statement.tags, *words, "mode:fine", "multimodal:file"),
                "anchor": _anchor(event, passage),
                "ordinal": passage.ordinal,
                "detail": {**detail, "title": passage.title},
            }
        )
        for number, statement in enumerate(statements)
    ]
