"""A user corrects himself: "Typo, it is KX-4417", "其实是三个", "*1989, sorry".

The value that was meant is certain where the statement before holds exactly one of the same form.
Else nothing is replaced.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from services.language.lexicon import words_of
from services.language.text.script import language_of
from services.memorizer.domain.extraction.sentences import sentences

# A correction is short; a longer message is a statement of its own.
_LONGEST: Final = 120
_STARRED: Final = re.compile(r"^\*\s?(?P<value>[^*\n]{1,60}?)(?:[,，]\s*(?:sorry|抱歉))?[.。!！]?$")
_IDENTIFIER: Final = re.compile(
    r"(?<![A-Za-z0-9-])(?=[A-Za-z-]{0,40}\d)(?=[\d-]{0,40}[A-Za-z])[A-Za-z0-9]{1,40}"
    r"(?:-[A-Za-z0-9]{1,40}){0,8}(?![A-Za-z0-9-])"
)
_NUMBER_ZH: Final = r"(?:\d[\d,.]*|[零一二两三四五六七八九十百千万亿半]+)"
_COUNTED_ZH: Final = re.compile(
    rf"(?P<number>{_NUMBER_ZH})(?P<unit>[万千百]?(?:[个只条位名岁月号日点年元块件台辆套间层次天周斤米]|公斤|公里|小时|分钟|平米))"
)
_DIGITS: Final = re.compile(r"(?<![A-Za-z0-9.-])[$€£¥]?\d(?:[\d,.]*\d)?%?(?![A-Za-z0-9-])")
_WEEKDAY: Final = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:周|星期|礼拜)[一二三四五六日天]",
    re.IGNORECASE,
)
_MONTH: Final = re.compile(
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december)"
    r"(?:\s+\d{1,2}(?:st|nd|rd|th)?)?\b",
    re.IGNORECASE,
)
_NUMBER_WORD_EN: Final = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty)\b",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){0,3}")
_NAME_EN: Final = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){0,3}")
# A cue between two parts of one sentence, with the verb that may follow it.
_INSIDE: Final = re.compile(
    r"[，,—…\s]+(?:哦|啊|呃|诶|等等[，,]?)?(?:不对|说错了|我说错了|打错了|口误|更正一下)[，,：:—\s]*(?:应该|其实)?是?"
    r"|[,—–-]\s*(?:oh\s+|ah\s+)?(?:no,?\s+wait|wait,?\s+no|scratch\s+that|sorry,?\s+i\s+me(?:an|ant)|i\s+mean(?:t)?"
    r"|actually,?\s+no|or\s+rather|make\s+that|correction)\b[\s,:—–-]*(?:it(?:['’]s|\s+is)\s+|that(?:['’]s|\s+is)\s+)?",
    re.IGNORECASE,
)
_OWN_STATEMENT: Final = re.compile(r"我|I\s|I['’]|my\s", re.IGNORECASE)
_LONGEST_SENTENCE: Final = 400
_OBJECT_ZH: Final = re.compile(
    r"(?:住在|在|叫|是|姓|来自|养了|养的是|买了|用的是|喜欢|喝|吃|到)(?P<object>[\u3400-\u9fffA-Za-z0-9]{1,12}?)[。！]?$"
)


def corrected_value(text: str) -> str | None:
    """Return the value that a message puts in place of one before, None where it corrects none."""
    bare = text.strip()
    if not bare or len(bare) > _LONGEST:
        return None
    starred = _STARRED.match(bare)
    if starred is not None:
        return starred.group("value").strip()
    match = _cue(language_of(bare) == "zh").match(bare)
    if match is None:
        return None
    value = match.group("value").strip(" ,，.。!！")
    return value or None


@dataclass(frozen=True, slots=True)
class WithinSentence:
    """A sentence that corrects itself, at `start:end` of its message. words: what it states in
    the end, "" where that is not certain.
    """

    start: int
    end: int
    words: str


def corrections_within(text: str) -> list[WithinSentence]:
    """Return the sentences of a message that correct themselves, in order."""
    found: list[WithinSentence] = []
    for span in sentences(text):
        match = _INSIDE.search(span.text[:_LONGEST_SENTENCE])
        if match is None:
            continue
        before, after = span.text[: match.start()], span.text[match.end() :]
        value = after.strip(" ,，.。!！;；")
        found.append(WithinSentence(span.start, span.end, _in_the_end(before, value)))
    return found


def _in_the_end(before: str, value: str) -> str:
    if not value or re.search(r"[,，。；;?？]", value):
        return ""
    if _OWN_STATEMENT.match(value):
        return value
    statement = re.split(r"[,，；;]", before)[-1].strip()
    return put_right(statement, value) or ""


def put_right(statement: str, value: str) -> str | None:
    """Return the statement with the one value of the same form replaced, None where none or
    several could be meant.
    """
    for find in _FORMS:
        meant = find(value, value)
        if len(meant) != 1 or meant[0] != (0, len(value)):
            continue
        found = find(statement, value)
        if len(found) != 1:
            return None
        start, end = found[0]
        if statement[start:end] == value:
            return None
        return statement[:start] + value + statement[end:]
    return _object_replaced(statement, value)


def _object_replaced(statement: str, value: str) -> str | None:
    """A Chinese name or noun in place of what ends the statement behind its verb."""
    if language_of(value) != "zh" or re.search(r"[，。；]", value):
        return None
    match = _OBJECT_ZH.search(statement)
    if match is None:
        return None
    return statement[: match.start("object")] + value + statement[match.end("object") :]


def _spans(pattern: re.Pattern[str]) -> Callable[[str, str], list[tuple[int, int]]]:
    return lambda text, _: [match.span() for match in pattern.finditer(text)]


def _counted(text: str, value: str) -> list[tuple[int, int]]:
    """Counts in the unit of `value`, else numbers without a unit; a value without a unit has the
    form of none of these.
    """
    unit = _COUNTED_ZH.fullmatch(value)
    if unit is None:
        return []
    counted = list(_COUNTED_ZH.finditer(text))
    same = [match.span() for match in counted if match.group("unit") == unit.group("unit")]
    if same or counted:
        return same
    return [match.span() for match in _DIGITS.finditer(text)]


def _names(text: str, value: str) -> list[tuple[int, int]]:
    if text == value:
        return (
            [(0, len(value))]
            if re.fullmatch(r"[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){0,3}", value)
            else []
        )
    return [match.span() for match in _NAME_EN.finditer(text) if match.group() != "I"]


_FORMS: Final[tuple[Callable[[str, str], list[tuple[int, int]]], ...]] = (
    _spans(_IDENTIFIER),
    _counted,
    _spans(_DIGITS),
    _spans(_WEEKDAY),
    _spans(_MONTH),
    _spans(_NUMBER_WORD_EN),
    _names,
)


@cache
def _cue(chinese: bool) -> re.Pattern[str]:
    """A cue opens the message; further ones and "it is" may follow; the value is the rest."""
    if chinese:
        cues = "|".join(sorted(words_of("zh").correction_cues, key=len, reverse=True))
        return re.compile(
            rf"^(?:哦|啊|呃|诶|抱歉|不好意思|[，,\s]){{0,3}}(?:{cues})[，,：:。\s]{{0,2}}(?:是|应该是|其实是|应该|我是说)?"
            r"(?P<value>[^，。！？；]{1,30}?)(?:才对|，抱歉|，不好意思)?[。！!.]?$"
        )
    cues = "|".join(map(re.escape, sorted(words_of("en").correction_cues, key=len, reverse=True)))
    return re.compile(
        rf"^(?:(?:oops|oh|ah|well|{cues})\b[\s,:.!—–-]{{0,3}}){{1,4}}"
        r"(?:it(?:['’]s| is| was| should be)|that(?:['’]s| is)|i meant|should be|make that)?\s{0,3}"
        r"(?P<value>[^,;?!\n]{1,60}?)(?:[,!]?\s{1,3}(?:sorry|not\s[^,;?!\n]{1,40}))?[.!]?$",
        re.IGNORECASE,
    )
