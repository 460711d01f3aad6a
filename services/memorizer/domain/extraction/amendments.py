"""What a user's message does to his own statements: it puts them right, or asks to forget them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from services.kernel.contracts.records import Kind, MemoryRecord, MessageEvidence
from services.memorizer.domain.extraction.attributes import attribute_of, labels, subject_of
from services.memorizer.domain.extraction.directives import Retraction
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.self_correction import (
    WithinSentence,
    corrected_value,
    put_right,
)
from services.memorizer.domain.extraction.third_person import quotation, rewritten
from services.memorizer.domain.extraction.times import moments
from services.memorizer.domain.extraction.turn import Turn, tags_of
from services.memorizer.domain.extraction.turns import (
    NEGATED,
    days_meant,
    times_meant,
    title_of,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the user's that his next message may put right: a draft, or a record."""

    id: UUID
    kind: Kind
    attribute: str
    key: str
    context: str
    subject: str
    negated: bool
    evidence: tuple[MessageEvidence, ...]

    @classmethod
    def of_draft(cls, draft: MemoryDraft) -> "Statement":
        """The statement of a draft."""
        return cls(
            draft.id, draft.kind, draft.attribute, draft.key, draft.context, draft.subject,
            draft.negated, draft.evidence,
        )  # fmt: skip

    @classmethod
    def of_record(cls, record: MemoryRecord) -> "Statement":
        """The statement of a record, without what merging added to it."""
        own = record.detail.get("own_evidence")
        return cls(
            record.id, record.kind, record.attribute, record.key,
            str(record.detail.get("own_context", record.context)),
            str(record.detail.get("subject", "user")), bool(record.detail.get("negated")),
            record.evidence[:own] if isinstance(own, int) else record.evidence,
        )  # fmt: skip


def correction_draft(turn: Turn, before: Sequence[Statement]) -> MemoryDraft | None:
    """The last of the statements before with the value that this message puts right, in its
    place; None where this message corrects nothing, or it is not certain what.
    """
    value = corrected_value(turn.message.text)
    if value is None:
        return None
    for old in reversed(before):
        (evidence, *further) = old.evidence
        words = None if further else put_right(evidence.text.rstrip("。.!！ "), value)
        if words is not None:
            told = rewritten(words, turn.speaker) or quotation(
                words, turn.speaker, "更正后的说法是", "corrected it to"
            )
            return turn.draft(
                old.kind,
                0,
                old.attribute,
                key=old.key,
                value=told,
                evidence=(evidence, turn.evidence(0, len(turn.message.text))),
                context=old.context,
                tags=tags_of(turn.event, old.key, told),
                content=same_words(words),
                subject=old.subject,
                negated=old.negated,
                replaces=(old.id,),
            )
    return None


def within_draft(turn: Turn, found: WithinSentence) -> MemoryDraft:
    """A sentence that corrects itself: what it states in the end, else all of its words."""
    words = found.words
    text = turn.message.text[found.start : found.end]
    value = (words and rewritten(words, turn.speaker)) or quotation(text, turn.speaker)
    subject = subject_of(words or text, "user")
    attribute = attribute_of(words, subject) if words else None
    topic = attribute.topic if attribute is not None else ""
    title, further = labels(topic, chinese=is_chinese(text))
    when = moments(words or text, turn.day)
    return turn.draft(
        Kind.FACT,
        found.start,
        attribute.key if attribute is not None else "",
        key=title_of(title, chinese=is_chinese(text)),
        value=value,
        evidence=(turn.evidence(found.start, found.end),),
        context=f"{further} {turn.said_on(text)}".strip() + days_meant(when),
        tags=tags_of(turn.event, title, value),
        content=same_words(words or text),
        subject=subject,
        negated=bool(NEGATED.search(words or text)),
        detail=times_meant(turn, when),
    )


def retraction_draft(turn: Turn, retraction: Retraction) -> MemoryDraft:
    """A mark that something was to be forgotten, without the words of it: it is never returned,
    and keeps older statements about the same from coming back.
    """
    chinese = is_chinese(turn.message.text)
    detail: dict[str, JsonValue] = {
        "retracts": {"topics": list(retraction.topics), "words": list(retraction.words)}
    }
    return turn.draft(
        Kind.FACT,
        0,
        key="",
        value="用户要求不再保留某些记忆" if chinese else "The user asked to forget something",
        evidence=(),
        content=f"retraction {turn.message.id}",
        detail=detail,
    )
