# ruff: noqa: E501 - a pattern is read as one line, however long
"""User's turns to drafts: statements, preferences, decisions, and the questions that stay raw."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from pydantic import JsonValue

from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind, MessageEvidence
from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.attributes import (
    ended,
    labels,
)
from services.memorizer.domain.extraction.changes import changed_things
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.preferences import style_words
from services.memorizer.domain.extraction.sentences import sentences
from services.memorizer.domain.extraction.splitting import split
from services.memorizer.domain.extraction.third_person import (
    Speaker,
    capital,
    quotation,
    stated,
)
from services.memorizer.domain.extraction.times import Moment, moments
from services.memorizer.domain.extraction.turn import LONGEST_MESSAGE, Turn, raw, tags_of
from services.memorizer.domain.extraction.units import Unit, units

_TELLING = 2
# Content words (English, Chinese) from which questions and asides are kept as they were said.
_LEAST_WORDS = {"question": (5, 7), "aside": (3, 5)}
# A question about what is the speaker's own shows what he has.
_LEAST_OF_OWN = (3, 3)
_LONG_TURN = 240
_LONGEST_STORY = 1600
_NEIGHBOURHOOD = 400

_WORK = frozenset({"job", "employer", "department"})
_DEICTIC = re.compile(
    r"这|那[款个趟家种班]|它|第[一二三]|你说的|推荐的|^(?:do|go ahead)|\b(?:it|that|this|one|them)\b|go ahead|the (?:first|second|last)",
    re.IGNORECASE,
)
NEGATED = re.compile(
    r"不(?!过|错|仅|但|久|同|断)|没(?:有)?|别|无法|讨厌|过敏|除了|忌|避免|\b(?:not|never|no|without|except|avoid|hate|dislike|allergic|instead of|"
    r"cannot)\b|n['’]t\b",
    re.IGNORECASE,
)
# What somebody cannot have, whoever it is.
_BARRED = re.compile(
    r"(?:不能|不可|不得|别|不)(?:再|给)?(?:吃|喝|碰|沾|用|闻|含)|过敏|不耐受|忌口|\b(?:can['’]?t|cannot|mustn['’]?t|never) "
    r"(?:eat|drink|have|touch|use|take|wear)|\ballerg|\bintoleran",
    re.IGNORECASE,
)
_OWN = re.compile(r"我(?:们)?(?:的|家|这)|\b(?:my|our)\b", re.IGNORECASE)
_SELF = re.compile(r"(?:我|本人|俺)|(?:I|I['’]\w+|my)\b", re.IGNORECASE)
_POINTS = re.compile(
    r"他|她|它|那里|那边|那儿|这里|这边|^(?:这|那)|\b(?:he|she|it|they|him|her|them|his|their|its|this|that|these|"
    r"those|there|here|so do|the same)\b",
    re.IGNORECASE,
)
_LONGEST_QUOTATION = 600
_SINCE = re.compile(r"(?:从|自|打)$|(?:since|as of|from)\s*$", re.IGNORECASE)


def user_drafts(turn: Turn, previous: Message | None) -> list[MemoryDraft]:
    """What a user's turn says; previous: the assistant's message that it answers."""
    text = turn.message.text
    found = units(text)
    joined = _chunks(found) if len(text) > _LONG_TURN else []
    inside = {unit for chunk in joined for unit in chunk}
    drafts = [
        draft
        for unit in found
        if unit.sort in {"fact", "preference", "decision"} and unit not in inside
        for draft in _statements(turn, unit, previous, found)
    ]
    drafts.extend(_joined(turn, chunk) for chunk in joined)
    return [*drafts, *_rest(turn, found)]


def _chunks(found: Sequence[Unit]) -> list[list[Unit]]:
    """Statements of a long turn that no newer one can replace, some thousand characters each:
    one story is one memory, not ten.
    """
    chunks: list[list[Unit]] = []
    length = 0
    for unit in found:
        if unit.sort != "fact" or unit.attribute is not None:
            continue
        length += unit.end - unit.start
        if chunks and length <= _LONGEST_STORY:
            chunks[-1].append(unit)
        else:
            chunks.append([unit])
            length = unit.end - unit.start
    return [chunk for chunk in chunks if len(chunk) > 1]


def _joined(turn: Turn, chunk: Sequence[Unit]) -> MemoryDraft:
    """One story: the user's own words from its first statement to its last, without what was
    asked or said in passing between them.
    """
    text = turn.message.text
    parts = [text[unit.start : unit.end] for unit in chunk]
    words = " ".join(parts)
    value = quotation(_run_on(text, chunk), turn.speaker)
    when = moments(words, turn.day)
    return turn.draft(
        Kind.FACT,
        chunk[0].start,
        key=title_of("", chinese=is_chinese(words)),
        value=value,
        evidence=tuple(turn.evidence(unit.start, unit.end) for unit in chunk),
        context=turn.said_on(words)
        + days_meant(when)
        + _around(text, chunk[0].start, chunk[-1].end, _LONGEST_STORY),
        tags=tags_of(turn.event, "", value),
        content=same_words(words),
        negated=False,
        confidence=0.75,
        detail=times_meant(turn, when),
    )


def _run_on(text: str, chunk: Sequence[Unit]) -> str:
    """The words of units in order; what was left out between them is marked."""
    parts = [text[chunk[0].start : chunk[0].end]]
    for before, unit in pairwise(chunk):
        between = text[before.end : unit.start]
        parts.append(between if not re.search(r"\w", between) else " … ")
        parts.append(text[unit.start : unit.end])
    return re.sub(r"\s*\n\s*", " ", "".join(parts))


def days_meant(when: Sequence[Moment]) -> str:
    """Return what relative dates mean, to index: people ask by the date."""
    return "".join(f" {moment.label}" for moment in when)


def _around(text: str, start: int, end: int, longest: int = _NEIGHBOURHOOD) -> str:
    """The rest of the turn, to index: what was asked belongs to what was said."""
    rest = f"{text[:start]} {text[end:]}".strip()
    return f" {rest[:longest]}" if rest else ""


def _statements(
    turn: Turn, unit: Unit, previous: Message | None, found: Sequence[Unit]
) -> list[MemoryDraft]:
    """One draft, or two where one clause states an employer and a role."""
    words = turn.message.text[unit.start : unit.end]
    attribute = unit.attribute
    halves = split(words) if attribute and attribute.topic in _WORK else []
    if attribute is None or not halves:
        draft = _statement(turn, unit, words, previous, found)
        empty = unit.sort == "decision" and talk.content_words(words) < _TELLING
        pointless = empty and len(draft.evidence) == 1 and not talk.has_specifics(words)
        return [] if pointless else [draft]
    drafts = [
        _statement(
            turn,
            replace(unit, attribute=replace(attribute, name=topic, topic=topic)),
            half,
            None,
            (),
        )
        for topic, half in halves
    ]
    return [_told_whole(turn, unit, words, drafts, draft) for draft in drafts]


def _told_whole(
    turn: Turn, unit: Unit, words: str, halves: Sequence[MemoryDraft], draft: MemoryDraft
) -> MemoryDraft:
    """A role keeps the words in which it was told, its place included; what it says alone, and
    within which place, stands beside it for the day when the place changes.
    """
    place = next((half for half in halves if half is not draft), None)
    if place is None or not draft.attribute.endswith("|job"):
        return draft
    whole = _third(turn, words, unit, ())
    detail: dict[str, JsonValue] = {
        **draft.detail,
        "whole": whole,
        "alone": draft.value,
        "within": [place.attribute, place.content],
    }
    return replace(draft, value=whole, detail=detail)


def _statement(
    turn: Turn, unit: Unit, words: str, previous: Message | None, found: Sequence[Unit]
) -> MemoryDraft:
    """words: those of the unit, or of the half of it that this draft states."""
    chinese = is_chinese(words)
    value, evidence = _value(turn, unit, words, previous, found)
    when = moments(words, turn.day)
    topic, attribute, kind = _sort(unit)
    if turn.speaker.shared:
        kind = Kind.FACT  # what one likes is no preference of those who read it
    if topic == "nickname" and chinese and unit.attribute is not None:
        value = f"{turn.speaker.chinese}希望被称呼为：{unit.attribute.thing}"
    title, further = labels(topic, chinese=chinese)
    if topic in {"style", "request"}:
        further = f"{further} {style_words(words, chinese=chinese)}"
    return turn.draft(
        kind,
        unit.start,
        attribute,
        key=title_of(title, chinese=chinese),
        value=value,
        evidence=evidence,
        context=" ".join((further, turn.said_on(words))).strip()
        + days_meant(when)
        + _around(turn.message.text, unit.start, unit.end),
        tags=tags_of(turn.event, title, value),
        content=_content(unit, attribute, words),
        ends=ended(words) if unit.sort == "fact" else (),
        changes=changed_things(words) if unit.sort == "fact" else (),
        subject=unit.subject,
        negated=bool(NEGATED.search(words)),
        valid_from=_valid_from(turn, words, when),
        confidence=0.9 if attribute or kind is Kind.PREFERENCE else 0.75,
        detail=_detail(turn, unit, value, words, when),
    )


def _value(
    turn: Turn, unit: Unit, words: str, previous: Message | None, found: Sequence[Unit]
) -> tuple[str, tuple[MessageEvidence, ...]]:
    """The statement as a sentence about its speaker, and all that it rests on."""
    evidence = [turn.evidence(unit.start, unit.end)]
    if unit.sort != "decision":
        return _third(turn, words, unit, found), tuple(evidence)
    value = quotation(words, turn.speaker, "决定", "decided")
    if previous is not None and _DEICTIC.search(words):
        value, extra = _pointing(value, previous, turn, chinese=is_chinese(words))
        evidence.extend(extra)
    return value, tuple(evidence)


def _third(turn: Turn, words: str, unit: Unit, found: Sequence[Unit]) -> str:
    if unit.preference is not None and unit.preference.instruction:
        return quotation(words, turn.speaker, "要求", "asks")
    return stated(words, turn.speaker, _leaning(turn.message.text, unit, words, found))


def _leaning(text: str, unit: Unit, words: str, found: Sequence[Unit]) -> str:
    """The words to quote where they do not stand alone, else "". What points at something ("his
    father …", "I go there in May") comes with what was said before it; a clause that leaves out
    the subject that it shares with the user's own clause before it begins with an ellipsis.
    """
    points = bool(unit.antecedent or unit.place or _POINTS.search(words))
    if not points and _SELF.match(words):
        return ""
    before = [
        one
        for one in found
        if one.start < unit.start
        and one.sort != "noise"
        and unit.end - one.start <= _LONGEST_QUOTATION
    ]
    same = [one for one in before if one.sentence == unit.sentence]
    if points and before:
        return text[before[-1].start : unit.end]
    if not same or unit.own:
        return ""
    shared = same[-1].subject == "user" and unit.subject == "user" and same[-1].own
    if not shared:
        return text[same[-1].start : unit.end]
    return f"……{words}" if is_chinese(words) else f"… {words}"


def _sort(unit: Unit) -> tuple[str, str, Kind]:
    """(topic, attribute key, kind) of a unit."""
    wish = unit.preference
    if wish is not None and unit.attribute is None:
        name = wish.name
        return wish.topic, f"{unit.subject}|{name}" if name else "", Kind.PREFERENCE
    if unit.attribute is not None:
        return unit.attribute.topic, unit.attribute.key, Kind.FACT
    return ("decision" if unit.sort == "decision" else ""), "", Kind.FACT


def _content(unit: Unit, attribute: str, words: str) -> str:
    """Allergies to one thing say the same in whatever words."""
    if unit.attribute is not None and unit.attribute.topic == "allergy":
        return attribute
    return same_words(words)


def _pointing(
    value: str, previous: Message, turn: Turn, *, chinese: bool
) -> tuple[str, list[MessageEvidence]]:
    """What "it" or "这趟" points at: the assistant's last sentences that say something."""
    telling = [
        one
        for one in sentences(previous.text)
        if one.is_readable
        and not one.text.endswith(("?", "？", ":", "："))
        and not talk.is_small_talk(one.text)
        and talk.content_words(one.text) >= _TELLING
    ][-3:]
    if not telling:
        return value, []
    start, end = telling[0].start, telling[-1].end
    quoted = previous.text[start:end]
    note = f" 助手此前说：“{quoted}”" if chinese else f' The assistant had said: "{quoted}"'
    evidence = Turn(turn.event, previous).evidence(start, end)
    return value + note, [evidence]


def _valid_from(turn: Turn, words: str, when: Sequence[Moment]) -> int:
    for moment in when:
        before = words[: words.find(moment.phrase)] if moment.phrase in words else ""
        phrase = moment.phrase.casefold()
        if _SINCE.search(before) or phrase.startswith("since"):
            return min(turn.message.chat_time, moment.epoch_ms(turn.zone))
    return turn.message.chat_time


def _detail(
    turn: Turn, unit: Unit, value: str, words: str, when: Sequence[Moment]
) -> dict[str, JsonValue]:
    detail = times_meant(turn, when)
    wish = unit.preference
    if wish is not None:
        detail["preference_type"] = (
            "explicit_preference" if wish.explicit else "implicit_preference"
        )
        detail["preference"] = value
        detail["reasoning"] = _reasoning(words, turn.speaker, explicit=wish.explicit)
    return detail


def times_meant(turn: Turn, when: Sequence[Moment]) -> dict[str, JsonValue]:
    """Return the details of a draft for the moments that its words name."""
    if not when:
        return {}
    return {
        "event_time": [moment.label for moment in when],
        "event_ms": [moment.epoch_ms(turn.zone) for moment in when],
    }


def _reasoning(words: str, speaker: Speaker, *, explicit: bool) -> str:
    if is_chinese(words):
        who = speaker.chinese
        how = f"{who}明确说" if explicit else f"从{who}描述的习惯推断，原话"
        return f"{how}：“{words}”"
    who = speaker.english
    how = f"{capital(who)} said so" if explicit else f"Inferred from a habit that {who} described"
    return f'{how}: "{words}"'


def title_of(label: str, *, chinese: bool) -> str:
    """Return the topic's label, else a general one; never a cut sentence."""
    return label or ("用户的话" if chinese else "What the user said")


def _rest(turn: Turn, found: Sequence[Unit]) -> list[MemoryDraft]:
    """The turn's questions of substance and what it says in passing, as raw words of lower
    weight.
    """
    text = turn.message.text
    kept = [
        unit
        for unit in found
        if unit.sort == "unread"
        or (unit.sort in _LEAST_WORDS and _substantial(unit.sort, text[unit.start : unit.end]))
    ]
    code = "```" in text
    if not kept and not code:
        return []
    start, end = (kept[0].start, kept[-1].end) if kept else (0, len(text))
    words = text.strip()[:LONGEST_MESSAGE] if code else " ".join(
        text[unit.start : unit.end] for unit in kept)  # fmt: skip
    evidence = tuple(turn.evidence(unit.start, unit.end) for unit in kept) or (
        turn.evidence(start, end),
    )
    return [raw(turn, words, evidence, weight=0.7)]


def _substantial(sort: str, words: str) -> bool:
    count = (talk.telling_words if sort == "aside" else talk.content_words)(words)
    if sort == "aside" and _BARRED.search(words) and count >= _TELLING:
        return True
    least = _LEAST_OF_OWN if sort == "question" and _OWN.search(words) else _LEAST_WORDS[sort]
    enough = least[is_chinese(words)]
    return count >= enough or (count >= _TELLING and talk.has_specifics(words))
