"""Ranking of what belongs to a person: facts, preferences, tool memories, turns."""

import math
from collections.abc import Mapping, Sequence
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.language.text import Bag, Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.fusion import fuse
from services.retriever.domain.matching import bm25, coverage, rarity, single_rarity
from services.retriever.domain.query import Analysis, Tense, day_of
from services.retriever.domain.text import bag as words_of
from services.retriever.domain.wishes import weigh_wishes

_B = 0.75
_AVERAGE = 100.0
_ASSISTANT = 0.5
_USER = 0.7
_CONVERSATION = 1.15
_DAY = 0.7
_DECISIVE = 1.0
_FRESHNESS = 0.05
# Much of what one person says is alike, so that the last of many hits is no measure of far.
# Measured with MiniLM on BEAM and MemoryBank (en): 16 to 32 differ by a point.
_NEAREST = 24
# Measured on BEAM and MemoryBank: 0.2 to 0.4 and 0.6 to 0.8 differ by half a point.
_SUPPORT = 0.3
_SUPPORTED = 0.6


# Words about the conversation itself: how something was said, not what.
_ABOUT_TALK = """
    list order ordered mention mentioned tell told say said ask asked talk talked discuss discussed
    discussion conversation conversations chat chats remember remind recall share shared brought
    bring up aspects different items throughout across walk through summarize summarise summary
    overview comprehensive clear detailed please ever before previously earlier recommend suggest
    列出 顺序 提到 提及 说过 告诉 聊过 聊了 讨论 对话 聊天 记得 还记得 曾经 分享 总结
    概述 概括 请问 按照 之前 名字
"""
_TALK = 0.1


def rank_personal(
    candidates: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
    *,
    conversation_id: str,
    dense_weight: float | None,
    decisive: Mapping[UUID, float],
) -> float:
    """Set every candidate's `score` (0..1) and return the best one's coverage of the query."""
    bags = [words_of(candidate, lexicon) for candidate in candidates]
    weights = term_weights(analysis, bags, lexicon)
    singles = single_rarity(analysis.singles, bags)
    words = [bm25(weights, bag, b=_B, average=_AVERAGE, singles=singles) for bag in bags]
    voices = [said_by(c.record, of_assistant=analysis.of_assistant) for c in candidates]
    words = [value * voice for value, voice in zip(words, voices, strict=True)]
    near = [math.sqrt(voice) for voice in voices]
    fuse(candidates, words, dense_weight, near, nearest=_NEAREST)
    ages = _ages(candidates)
    for candidate, age in zip(candidates, ages, strict=True):
        record = candidate.record
        score = candidate.score * record.weight
        if conversation_id and record.conversation_id == conversation_id:
            score *= _CONVERSATION
        if analysis.tense is not Tense.OPEN:
            fresh = age if analysis.tense is Tense.CURRENT else 1 - age
            score *= 1 + 8 * _FRESHNESS * fresh
        else:
            score *= 1 + _FRESHNESS * age
        if analysis.days and _said_then(record, analysis):
            score += _DAY
        candidate.score = score + _DECISIVE * min(1.0, decisive.get(record.id, 0.0))
    _support(candidates)
    _to_one(candidates)
    # A wish applies to the question without covering it.
    best = max(
        (
            coverage(weights, bag)
            for bag, candidate in zip(bags, candidates, strict=True)
            if candidate.score >= 1.0
        ),
        default=0.0,
    )
    weigh_wishes(candidates, analysis, lexicon)
    _to_one(candidates)
    return best


def term_weights(analysis: Analysis, bags: Sequence[Bag], lexicon: Lexicon) -> dict[str, float]:
    """The query's terms by their rarity; those about the conversation itself say little."""
    weights = rarity(analysis.terms, bags)
    for term in weights.keys() & set(lexicon.terms(_ABOUT_TALK)):
        weights[term] *= _TALK
    return weights


def _support(candidates: Sequence[Candidate]) -> None:
    """An answer that was found speaks for what it answers, in whatever words that was asked; it
    lifts nothing among the best.
    """
    answers: dict[str, float] = {}
    for candidate in candidates:
        asked = str(candidate.record.detail.get("replies_to", ""))
        if asked:
            answers[asked] = max(answers.get(asked, 0.0), candidate.score)
    if not answers:
        return
    most = _SUPPORTED * max(candidate.score for candidate in candidates)
    for candidate in candidates:
        score = candidate.score
        said = [one.message_id for one in candidate.record.evidence if one.role == "user"]
        answered = max((answers.get(message, 0.0) for message in said), default=0.0)
        candidate.score = max(score, min(score + _SUPPORT * answered, most))


def _to_one(candidates: Sequence[Candidate]) -> None:
    top = max((candidate.score for candidate in candidates), default=0.0)
    for candidate in candidates:
        candidate.score = candidate.score / top if top > 0 else 0.0


def said_at(record: MemoryRecord) -> int:
    """When it was said (epoch ms): the latest evidence, else when it began to hold or was made."""
    times = [item.chat_time for item in record.evidence if item.chat_time is not None]
    return max(times) if times else record.valid_from or record.created_at


def _place(record: MemoryRecord) -> int:
    """By which two are compared: as `said_at`, but no clock decides where the store did."""
    places = [item.place for item in record.evidence if item.chat_time is not None]
    return max(places) if places else record.valid_from or record.created_at


def said_by(record: MemoryRecord, *, of_assistant: bool = False) -> float:
    """Weight of who said it: the user above the assistant and tools, unless the query asks for
    what the assistant said.
    """
    roles = {item.role for item in record.evidence}
    if record.kind is not Kind.MESSAGE or not roles or "user" in roles:
        return _USER if of_assistant else 1.0
    return 1.0 if of_assistant else _ASSISTANT


def _ages(candidates: Sequence[Candidate]) -> list[float]:
    """0 for the oldest, 1 for the newest, by rank of place."""
    times = sorted({_place(candidate.record) for candidate in candidates})
    place = {time: index for index, time in enumerate(times)}
    last = max(len(times) - 1, 1)
    return [place[_place(candidate.record)] / last for candidate in candidates]


def _said_then(record: MemoryRecord, analysis: Analysis) -> bool:
    day = day_of(said_at(record), analysis.zone)
    return any(asked.matches(day) for asked in analysis.days)
