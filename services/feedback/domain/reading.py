# ruff: noqa: E501 - tables of phrases and forms are read across
"""From feedback to intents: is it a correction at all, and how many?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.feedback.domain import patterns, phrases
from services.feedback.domain.dates import valid_from
from services.feedback.domain.folding import is_chinese, trim
from services.feedback.domain.intents import (
    Intent,
    is_answer,
    is_complete,
    names_subject,
    read_intent,
)
from services.feedback.domain.splitting import clauses, sentences
from services.feedback.domain.values import values
from services.kernel.language import bounds

# Characters of a feedback; a longer one is a document of its own.
LONGEST = 4000
_SHORT = 30
# Clauses of a sentence; one of more is a listing.
_MOST_CLAUSES = 24
_CONTEXT = re.compile(
    r"[（(]\s*(?:问题|问|关于|针对|题目|主题|question|q|re|regarding|about|on)\s*(?:是)?[:：\s]\s*(?P<context>(?:[^（）()]|[（(][^（）()]*[)）])+)[)）]",
    re.IGNORECASE,
)
_ABOUT_ANSWER = re.compile(
    r"^(?:(?:你|您|系统|助手|机器人|ai|刚才|刚刚|上次|之前|上面|这里|那里|这个|那个|这条|那条|此处|文档|资料|手册|知识库|页面|内容|信息|回|回答|答案|答复|说法|里|中|的|上|有|是|都|一处|错误|一个|地方|有点|好像|似乎|说|讲|写|给)*)$"
    r"|^(?:(?:the|this|that|your|my|last|previous|answer|reply|response|docs?|document|documentation|page|list|entry|info|information|handbook|manual|text|wiki|knowledge|base|table|it|there|here|is|are|was|in|a|an|to|of|you|what|said|just|gave|me|one|thing|mistake|error|typo|some)\b\s*)*$",
    re.IGNORECASE,
)
# "谁都可以", "whoever": words that ask nothing.
_WHOEVER = re.compile(
    r"(?:谁|什么|哪[里儿个]?|怎么|多少|几点|何时)(?:时候|人|地方)?(?:都|也)|无论\S{0,6}?(?=，|都)|不管\S{0,6}?(?=，|都)"
)
_AND = re.compile(
    r"\s+and\s+(?=(?:the |our |a )?[\w'’ -]{2,50}?\s(?:is|are|was|were|has|have|now|costs?|opens?|closes?|starts?|ends?|moved|moves|should|went|will|can|must|no longer)\b)|(?<=[\u3400-\u9fff\d])(?:，|,)?(?:并且|同时|另外|以及)(?=[\u3400-\u9fff])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feedback says. reason: why it says nothing, where it does not."""

    intents: tuple[Intent, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class _Unit:
    """Clauses that make one correction together."""

    pieces: list[str] = field(default_factory=list)
    announced: bool = False

    def words(self, whole: str) -> str:
        """The user's own, with the punctuation between the clauses, where they stand together."""
        at, begin = 0, -1
        for piece in self.pieces:
            found = whole.find(piece, at)
            if found < 0 or (begin >= 0 and trim(whole[at:found])):
                return self.text
            begin, at = (found if begin < 0 else begin), found + len(piece)
        return trim_end(whole[max(begin, 0) : at])

    @property
    def is_readable(self) -> bool:
        """Whether rules may read it as one correction."""
        short = len(self.pieces) <= _MOST_CLAUSES
        return short and bounds.is_readable(self.text, bounds.LONGEST_CLAUSE)

    @property
    def text(self) -> str:
        joint = "，" if is_chinese("".join(self.pieces)) else ", "
        return trim_end(joint.join(piece.rstrip("，,；;。.!！ ") for piece in self.pieces))


def read(text: str, *, now: int, timezone: str) -> Reading:
    """The intents in a feedback, in order; `now` in epoch milliseconds. What is too long for the
    rules says nothing to them, and the reason tells so.
    """
    whole = text.strip()
    chinese = is_chinese(whole[:LONGEST])
    if len(whole) > LONGEST:
        return Reading(reason=REASONS["long"][0 if chinese else 1])
    whole = bounds.blanked(whole)
    named = _CONTEXT.search(whole)
    context = named["context"].strip() if named else ""
    units, blocked = _units(whole)
    intents = []
    for unit in units:
        bounds.check()
        if not unit.is_readable:
            blocked.add("long")
            continue
        said = trim_end(_CONTEXT.sub("", unit.text))
        moment, place = valid_from(said, now=now, timezone=timezone)
        if place is not None:
            said = said[: place[0]] + " " * (place[1] - place[0]) + said[place[1] :]
        intent = read_intent(said, context=context, announced=unit.announced or bool(place))
        if intent is None:
            continue
        intents.append(replace(intent, words=unit.words(whole), valid_from=moment))
    if intents:
        return Reading(tuple(intents))
    return Reading(reason=_reason(whole, blocked, chinese=chinese))


def _units(whole: str) -> tuple[list[_Unit], set[str]]:
    """Clauses grouped into units; and what kinds of talk were left out."""
    units: list[_Unit] = []
    blocked: set[str] = set()
    announced = False
    for sentence in _sentences(whole):
        bounds.check()
        if not bounds.is_readable(sentence, bounds.LONGEST_CLAUSE):
            blocked.add("long")
            continue
        said, lead = _without_lead(sentence)
        announced = announced or lead
        why = _blocked(said)
        pieces = [] if why else _pieces(said)
        if len(pieces) > _MOST_CLAUSES:
            why = "long"
        if why:
            blocked.add(why)
            continue
        announced = _group(pieces, units, announced=announced)
    for unit in units:
        unit.announced = unit.announced or announced
    return units, blocked


def _group(pieces: Sequence[str], units: list[_Unit], *, announced: bool) -> bool:
    """Add the clauses of one sentence to the unit that they go on with, or as new ones; whether
    it is announced, by now, that something is wrong.
    """
    fresh = True
    pending: list[str] = []
    for piece in pieces:
        bounds.check()
        if _says_nothing(piece):
            announced = announced or bool(phrases.ERROR.search(piece))
            continue
        if phrases.UNCHANGED.search(trim(piece)) and not _contrast(piece):
            continue
        if _is_time(piece):
            pending.append(piece)
            continue
        if units and not pending and _goes_on(units[-1], piece, fresh=fresh):
            units[-1].pieces.append(piece)
        else:
            units.append(_Unit([*pending, piece], announced))
            pending = []
        fresh = False
    if pending:
        units.append(_Unit(pending, announced))
    return announced


def _sentences(whole: str) -> list[str]:
    """The sentences; a misprint with its question behind it is one, whatever stops it holds."""
    named = _CONTEXT.search(whole)
    if named and not trim(whole[named.end() :]):
        lead, misprint = whole[: named.start()], patterns.WHOLE_ERRATUM
        fits = bounds.is_readable(whole, bounds.LONGEST_CLAUSE)
        if fits and misprint.search(lead) and len(patterns.SHOULD_READ.findall(lead)) == 1:
            return [whole]
    return [sentence.text for sentence in sentences(whole, keep_quotes=True)]


def _pieces(sentence: str) -> list[str]:
    if _CONTEXT.search(sentence) and patterns.WHOLE_ERRATUM.search(_CONTEXT.sub("", sentence)):
        return [sentence]
    found: list[str] = []
    parts = clauses(sentence)
    while parts and phrases.META.search(trim(parts[-1].text)):
        parts.pop()
    whole = sentence[: parts[-1].end] if parts else ""
    contrasts = len(patterns.CONTRAST.findall(whole)) == 1
    if len(parts) > 1 and (is_answer(whole) or (contrasts and patterns.WHOLE.search(whole))):
        if _says_nothing(parts[0].text):
            return [parts[0].text, whole[parts[1].start :]]
        return [whole]
    for clause in parts:
        joined = [part for part in _AND.split(clause.text) if part]
        asked = len(joined) > 1 and phrases.ASKS.search(joined[0])
        if len(joined) > 1 and not asked and all(is_complete(part) for part in joined):
            found += joined
        else:
            found.append(clause.text)
    return found


def _goes_on(  # noqa: PLR0911 - one line a way of going on
    unit: _Unit, piece: str, *, fresh: bool
) -> bool:
    """Whether the piece belongs to the unit before it. A unit that is too long for the rules
    takes in what follows, so that nothing of it is taken for a correction of its own.
    """
    if len(unit.pieces) > _MOST_CLAUSES or len(unit.text) > bounds.LONGEST_CLAUSE - len(piece):
        return True
    if patterns.CONTINUES.search(piece):
        return True
    if is_answer(unit.text) and not (is_complete(piece) or phrases.CHAT.search(piece)):
        return True
    if not is_complete(unit.text):
        return True
    if not fresh and _contrast_across(unit.pieces[-1], piece):
        return True
    if not is_complete(piece):
        return not fresh
    if not names_subject(piece):
        return True
    # "15 元的标准作废" behind "改成 20 元": the old value goes, and nothing else.
    return bool(_drops_value(piece)) and not fresh


def _drops_value(piece: str) -> bool:
    short = len(piece) <= _SHORT
    return short and bool(phrases.DROP.search(piece) and values(piece))


def _is_time(piece: str) -> bool:
    """Whether the piece only says when: "In 2010, ..." begins what follows."""
    bare = trim(piece)
    found = values(bare)
    return len(found) == 1 and found[0].text == bare and found[0].kind in ("year", "date")


def _contrast_across(before: str, piece: str) -> bool:
    """Whether only both together say the old and the new value."""
    joined = f"{before.rstrip('，,；; ')}，{piece}"
    if not is_chinese(joined):
        joined = joined.replace("，", ", ", 1)
    return any(
        pattern.search(joined) and not pattern.search(before) and not pattern.search(piece)
        for pattern in patterns.BOTH
    )


def _contrast(piece: str) -> bool:
    return any(pattern.search(piece) for pattern in (*patterns.BOTH, *patterns.OLD))


def _says_nothing(piece: str) -> bool:
    bare = trim(piece)
    if not bare or phrases.META.search(bare):
        return True
    if not phrases.ERROR.search(bare):
        return False
    rest = phrases.ERROR.sub(" ", bare)
    return bool(_ABOUT_ANSWER.match(re.sub(r"\s+", " ", rest).strip())) and not re.search(
        r"\d", bare
    )


def _without_lead(sentence: str) -> tuple[str, bool]:
    """The sentence without its openings; whether one said that something is wrong."""
    said = sentence.strip()
    wrong = False
    for _ in range(4):
        announced = re.match(r"([^：:，,]{1,30})[:：]\s*(?=\S)", said)
        if announced and _says_nothing(announced[1]):
            wrong = True
            said = said[announced.end() :]
        match = phrases.LEAD.match(said)
        if match is None:
            break
        wrong = wrong or bool(phrases.ERROR.search(match.group())) or "正" in match.group()
        wrong = wrong or "correct" in match.group().casefold()
        said = said[match.end() :].strip()
    return said, wrong


def _blocked(sentence: str) -> str:  # noqa: PLR0911 - one line a reason
    """Why a sentence can be no correction: question, wish, vague, thanks; "" where it may be."""
    bare = re.sub(r"[“\"「『《][^”\"」』》]*[”\"」』》]", "□", sentence)
    if phrases.META.search(trim(sentence)):
        return "thanks"
    asked_to_edit = phrases.EDIT_REQUEST.search(bare)
    if phrases.UNSURE.search(bare):
        return "vague"
    if phrases.QUESTION_MARK.search(bare):
        return "" if asked_to_edit and is_complete(sentence) else "question"
    if asked_to_edit or _corrects(bare):
        return ""
    if phrases.QUESTION.search(_WHOEVER.sub("□", bare)):
        return "question"
    if phrases.WISH.search(bare):
        return "wish"
    return ""


def _corrects(sentence: str) -> bool:
    return bool(
        any(pattern.search(sentence) for pattern in (*patterns.BOTH, *patterns.NEW))
        or phrases.ERROR.search(sentence)
        or phrases.EXCEPTION.search(sentence)
    )


def _reason(whole: str, blocked: set[str], *, chinese: bool) -> str:
    if "long" in blocked:
        which = "long"
    elif phrases.ERROR.search(whole) or "vague" in blocked or phrases.SOMEWHERE.search(whole):
        which = "vague"
    elif "question" in blocked:
        which = "question"
    elif "wish" in blocked:
        which = "wish"
    else:
        which = "chat"
    return REASONS[which][0 if chinese else 1]


REASONS = {
    "long": (
        "内容太长，无法逐句理解，未作任何更改。请用简短的句子分别写明每一条更正，例如：“X 是 A，而不是 B”。",
        "This is too long to be read sentence by sentence, so nothing was changed. Send each correction in a short sentence of its own, for example: “X is A, not B”.",
    ),
    "vague": (
        "没有说明哪一条有误、正确的内容是什么，未作任何更改。请写明对象和正确的值，例如：“X 是 A，而不是 B”。",
        "It does not say which statement is wrong and what holds instead, so nothing was changed. Name the thing and its right value, for example: “X is A, not B”.",
    ),
    "question": (
        "这是一个问题，不是更正，未作任何更改。",
        "This is a question, not a correction, so nothing was changed.",
    ),
    "wish": (
        "这是愿望或建议，不是已生效的内容，未作任何更改。",
        "This is a wish, not something that holds already, so nothing was changed.",
    ),
    "chat": (
        "这句话没有更正任何内容，未作任何更改。若要更正，请写明对象和正确的值。",
        "This corrects nothing, so nothing was changed. To correct something, name it and its right value.",
    ),
    "unrelated": (
        "这句话与知识库的内容无关，未作任何更改。",
        "This has nothing to do with what the knowledge base says, so nothing was changed.",
    ),
    "known": (
        "知识库已经是这样写的，无需更改。",
        "The knowledge base says so already, so nothing was changed.",
    ),
}


def trim_end(text: str) -> str:
    """Without punctuation and spaces at the end."""
    return text.strip().rstrip("，,；;。.!！ ").lstrip("，,；;。、 ")
