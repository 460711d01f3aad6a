"""What of a model's answer is believed: only what a span of the source supports.

A memory is kept when its quote stands in the source (white space, width and case aside) and every
number that it names stands in the source or in the source's date. All else is dropped and counted.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from services.kernel.contracts.blocks import Passage
from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind
from services.memorizer.domain.documents import Processed
from services.memorizer.domain.extraction.attributes import attribute_of, labels
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.times import moments
from services.memorizer.domain.extraction.turn import Turn, tags_of

_T = TypeVar("_T")
_SHORTEST_QUOTE = 2
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class Believed(Generic[_T]):
    """What is kept, and how many were not."""

    kept: tuple[_T, ...]
    dropped: int
    keywords: tuple[str, ...] = ()


class _Memory(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kind: Literal["fact", "preference"]
    title: str = ""
    value: str = Field(min_length=1, max_length=2000)
    message: int
    quote: str
    preference_type: Literal["", "explicit", "implicit"] = ""
    reasoning: str = ""


class _Statement(BaseModel):
    model_config = ConfigDict(extra="ignore")

    title: str = ""
    value: str = Field(min_length=1, max_length=2000)
    quote: str


def span_of(text: str, quote: str) -> tuple[int, int] | None:
    """Where the quote stands in the text, or None; white space, width and case do not matter."""
    at = text.find(quote)
    if len(quote.strip()) < _SHORTEST_QUOTE:
        return None
    if at >= 0:
        return at, at + len(quote)
    folded, places = _fold(text)
    wanted, _ = _fold(quote)
    at = folded.find(wanted) if wanted else -1
    if at < 0:
        return None
    return places[at], places[at + len(wanted) - 1] + 1


def _fold(text: str) -> tuple[str, list[int]]:
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for one in unicodedata.normalize("NFKC", character).casefold():
            if not one.isspace() and one != "\u200b":
                letters.append(one)
                places.append(place)
    return "".join(letters), places


def _numbers(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text)
    return {found.group().replace(",", "") for found in _NUMBER.finditer(plain)}


def facts(event: MessagesRecorded, answer: JsonValue) -> Believed[MemoryDraft]:
    """The answer to `prompts.facts(event)` as drafts that rest on their quotes."""
    kept: dict[tuple[str, int, Kind, str], MemoryDraft] = {}
    said = _items(answer, "memories")
    for item in said:
        draft = _draft(event, item)
        if draft is not None:
            kept[draft.order.message_id, draft.order.start, draft.kind, draft.content] = draft
    return Believed(tuple(kept.values()), len(said) - len(kept))


def _items(answer: JsonValue, name: str) -> list[JsonValue]:
    items = answer.get(name) if isinstance(answer, dict) else None
    return items if isinstance(items, list) else []


def _draft(event: MessagesRecorded, item: JsonValue) -> MemoryDraft | None:
    try:
        memory = _Memory.model_validate(item)
    except ValidationError:
        return None
    if not 1 <= memory.message <= len(event.messages):
        return None
    message = event.messages[memory.message - 1]
    span = span_of(message.text, memory.quote)
    turn = Turn(event, message)
    if span is None or message.role == "system" or not _numbers_hold(turn, message, memory.value):
        return None
    kind = Kind.FACT if memory.kind == "fact" else Kind.PREFERENCE
    words = message.text[span[0] : span[1]]
    attribute = attribute_of(words) if message.role == "user" else None
    key = attribute.key if attribute and kind is Kind.FACT else ""
    topic = attribute.topic if attribute else ""
    detail: dict[str, JsonValue] = {"generated": True}
    if kind is Kind.PREFERENCE:
        detail["preference_type"] = f"{memory.preference_type or 'explicit'}_preference"
        detail["preference"] = memory.value
        detail["reasoning"] = memory.reasoning or words
    return turn.draft(
        kind,
        span[0],
        key,
        key=memory.title or labels(topic, chinese=is_chinese(words))[0] or memory.value[:40],
        value=memory.value.strip(),
        context=f"{labels(topic, chinese=is_chinese(words))[1]} {turn.said_on(words)}".strip(),
        evidence=(turn.evidence(*span),),
        tags=tags_of(event, memory.title, memory.value),
        content=key if topic == "allergy" else same_words(memory.value),
        confidence=0.9,
        detail=detail,
    )


def _numbers_hold(turn: Turn, message: Message, value: str) -> bool:
    """Every number of the memory was said, or is part of what a relative date means."""
    spoken = " ".join(one.text for one in turn.event.messages)
    dates = " ".join(moment.label for moment in moments(message.text, turn.day))
    known = _numbers(f"{spoken} {turn.day.isoformat()} {dates}")
    parts = {part.lstrip("0") for number in known for part in re.split(r"[.:-]", number)}
    return all(
        number in known or number.lstrip("0") in parts
        for number in _numbers(value.replace("-", " "))
    )


def section(passage: Passage, answer: JsonValue) -> Believed[Processed]:
    """The answer to `prompts.section(…)` for a passage, as processed memories with their spans."""
    kept: list[Processed] = []
    said = _items(answer, "statements")
    source = f"{passage.title} {' '.join(passage.heading_path)} {passage.text}"
    for item in said:
        try:
            statement = _Statement.model_validate(item)
        except ValidationError:
            continue
        span = span_of(passage.text, statement.quote)
        if span is None or not _numbers(statement.value) <= _numbers(source):
            continue
        kept.append(
            Processed(
                key=statement.title or (passage.heading_path or (passage.title,))[-1],
                value=statement.value.strip(),
                heading_path=passage.heading_path,
                start=passage.start,
                end=passage.end,
                page_first=passage.page_first,
                page_last=passage.page_last,
            )
        )
    words = [word for word in _items(answer, "keywords") if isinstance(word, str)]
    standing = tuple(word for word in words if span_of(source, word) is not None)
    return Believed(tuple(kept), len(said) - len(kept), standing)


def combined(by_rules: Sequence[MemoryDraft], by_model: Sequence[MemoryDraft]) -> list[MemoryDraft]:
    """The model's wording where both read the same words, the rules' memories everywhere else.

    The draft that stays takes over the rule's id and attribute, so that nothing is doubled when
    the model comes later.
    """
    result = list(by_rules)
    for draft in by_model:
        at = next((at for at, one in enumerate(result) if _same_words_read(one, draft)), None)
        if at is None:
            result.append(draft)
        elif not result[at].detail.get("generated"):
            rule = result[at]
            result[at] = replace(
                draft,
                id=rule.id,
                order=rule.order,
                attribute=rule.attribute,
                content=rule.content if rule.attribute else draft.content,
                ends=rule.ends,
                subject=rule.subject,
                negated=rule.negated,
                valid_from=rule.valid_from,
                context=rule.context,
                evidence=rule.evidence,
            )
    return result


def _same_words_read(rule: MemoryDraft, draft: MemoryDraft) -> bool:
    if rule.kind is not draft.kind or rule.order.message_id != draft.order.message_id:
        return False
    mine, theirs = draft.evidence[0], rule.evidence[0]
    common = min(mine.end, theirs.end) - max(mine.start, theirs.start)
    shorter = min(mine.end - mine.start, theirs.end - theirs.start)
    return shorter > 0 and common / shorter >= _SAME_PLACE and len(rule.evidence) == 1
