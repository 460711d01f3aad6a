"""What a query asks: its language, its terms, and the times that it names."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.kernel.language.bounds import LONGEST_QUERY, squeezed
from services.kernel.language.text import Lexicon

# A page of text has a few hundred different words; more of them say nothing more.
_MOST_TERMS = 2_000
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_NOW = re.compile(
    r"现在|目前|如今|当前|眼下|最新|现任|仍然?在|还在"
    r"|\b(?:now|nowadays|currently|current|at present|today|these days|latest|up[- ]to[- ]date"
    r"|still|any ?more|at the moment|right now)\b",
    re.IGNORECASE,
)
_ONCE = re.compile(
    r"以前|之前|从前|过去|曾经|原来|当初|原先|早先|起初|最初|一开始|前任|旧的"
    r"|\b(?:used to|previous(?:ly)?|former(?:ly)?|earlier|before that|in the past|originally"
    r"|at first|initial(?:ly)?|old|once|back then)\b",
    re.IGNORECASE,
)
_ZH_DATE = re.compile(
    r"(?:(?P<year>\d{4})\s*[年./-]\s*)?(?P<month>\d{1,2})\s*[月./-]\s*(?P<day>\d{1,2})\s*[日号]?"
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MONTH = "|".join(rf"{name[:3]}(?:{name[3:]}|{name[3:4]})?" for name in _MONTHS)
_EN_DATE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m1>{MONTH})"
    rf"|(?P<m2>{MONTH})\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?)(?:,?\s+(?P<year>\d{{4}}))?\b",
    re.IGNORECASE,
)
_RELATIVE = (
    (re.compile(r"昨天|\byesterday\b", re.IGNORECASE), 1),
    (re.compile(r"前天|\bday before yesterday\b", re.IGNORECASE), 2),
    (re.compile(r"今天|今日|\btoday\b", re.IGNORECASE), 0),
)


# The query wants what the assistant said: "你给我推荐过", "what did you suggest".
_YOU_SAID = re.compile(
    r"你(?:曾经?|之前|以前|上次|刚才|当时|那时)*(?:给|向|跟|和|对|为|帮|教|告诉|推荐|建议|提到"
    r"|说|介绍|提供|回答|解释)"
    r"[^，。？?]{0,8}?(?:推荐|建议|说|提|教|介绍|告诉|给|写|提供|解释|回答|做|讲|列)?"
    r"|你的(?:建议|推荐|回答|意见|看法)"
    r"|\b(?:did|have|had|do) you (?:\w+ )?(?:recommend|suggest|tell|told|say|said|advise|mention"
    r"|give|given"
    r"|propose|explain|list|provide|show|teach|introduce)"
    r"|\byou (?:\w+ )?(?:recommended|suggested|told|said|advised|mentioned|gave|proposed"
    r"|explained|listed"
    r"|provided|showed|taught|introduced)\b|\byour (?:advice|suggestions?|recommendations?"
    r"|answers?)\b",
    re.IGNORECASE,
)
# ... and not what the user told it: "我和你分享过", "I told you".
_I_SAID = re.compile(
    r"我[^，。？?你]{0,8}(?:给|向|跟|和|对|同|与)你|\bi (?:\w+ )?(?:told|asked|shared"
    r"|mentioned)",
    re.IGNORECASE,
)
# Several memories are wanted, spread over the conversations: lists, orders, developments.
_SEVERAL = re.compile(
    r"总结|概括|概述|回顾|历次|依次|顺序|先后|一共|总共|所有|全部|都[有去做聊说]|哪些|哪几|变化|经过"
    r"|\b(?:list|summar\w+|overview|recap|throughout|across|everything|evolution"
    r"|over (?:time|the (?:past|last))|in order|order in which"
    r"|how (?:have|has|had|did) .{0,160} (?:chang|evolv|develop|progress)\w*)\b",
    re.IGNORECASE,
)


class Tense(StrEnum):
    """Which state of a thing that changes is asked for."""

    OPEN = "open"
    CURRENT = "current"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day; year None where it was not said."""

    month: int
    day: int
    year: int | None = None

    def matches(self, other: date) -> bool:
        """Whether `other` is that day (of any year, where none was said)."""
        same = (other.month, other.day) == (self.month, self.day)
        return same and self.year in (None, other.year)


@dataclass(frozen=True, slots=True)
class Analysis:
    """A query, understood. text: what rules may read of it, "" where it is too long for them.
    languages: `zh`, `en`, or both. terms, singles: distinct, in order; of a long query the first.
    of_assistant: it asks for what the assistant said. several: it wants more than one memory.
    """

    text: str
    languages: frozenset[str]
    terms: tuple[str, ...]
    singles: tuple[str, ...]
    tense: Tense
    days: tuple[Day, ...]
    zone: ZoneInfo
    of_assistant: bool = False
    several: bool = False


def analyse(text: str, lexicon: Lexicon, *, now: int, timezone: str) -> Analysis:
    """Understand a query; `now` in epoch milliseconds, an unknown time zone is UTC."""
    zone = _zone(timezone)
    asked = text
    text = squeezed(text) if len(text) <= LONGEST_QUERY else ""
    return Analysis(
        text=text,
        languages=languages(asked),
        terms=tuple(dict.fromkeys(lexicon.terms(asked)))[:_MOST_TERMS],
        singles=lexicon.singles(asked)[:_MOST_TERMS],
        tense=_tense(text),
        days=_days(text, datetime.fromtimestamp(now / 1000, zone).date()),
        zone=zone,
        of_assistant=bool(_YOU_SAID.search(text)) and not _I_SAID.search(text),
        several=_SEVERAL.search(text) is not None,
    )


def languages(text: str) -> frozenset[str]:
    """`zh` with any Chinese character, `en` with any word of Latin letters."""
    found = {"zh"} if _HAN.search(text) else set()
    if _LATIN.search(text):
        found.add("en")
    return frozenset(found)


def day_of(time_ms: int, zone: ZoneInfo) -> date:
    """The calendar day of a time."""
    return datetime.fromtimestamp(time_ms / 1000, zone).date()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _tense(text: str) -> Tense:
    now, once = _NOW.search(text), _ONCE.search(text)
    if bool(now) == bool(once):
        return Tense.OPEN
    return Tense.CURRENT if now else Tense.PAST


def _days(text: str, today: date) -> tuple[Day, ...]:
    found = [_day(match["month"], match["day"], match["year"]) for match in _ZH_DATE.finditer(text)]
    for match in _EN_DATE.finditer(text):
        month = month_of(match["m1"] or match["m2"])
        found.append(_day(month, match["d1"] or match["d2"], match["year"]))
    for pattern, back in _RELATIVE:
        if pattern.search(text):
            then = today - timedelta(days=back)
            found.append(Day(then.month, then.day, then.year))
    return tuple(dict.fromkeys(day for day in found if day is not None))


def _day(month: str | int, day: str, year: str | None) -> Day | None:
    number, which = int(month), int(day)
    try:
        date(int(year) if year else 2000, number, which)
    except ValueError:
        return None
    return Day(number, which, int(year) if year else None)


def month_of(word: str) -> int:
    """1..12 for a word that `MONTH` matches."""
    return next(n for n, name in enumerate(_MONTHS, start=1) if name.startswith(word[:3].lower()))
