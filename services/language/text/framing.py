"""What stands in a message without being stated by its writer: text to translate, a story, a role
play, code, a pasted mail, quoted lines.

Every check looks at a bounded opening of a sentence, so the cost grows with the text's length.
"""

import re
from functools import cache
from typing import Final, Literal

from services.language.lexicon import words_of
from services.language.text.protected import Region

# The opening of a sentence in which a request may stand, in characters.
_OPENING: Final = 160
_SENTENCE_START: Final = re.compile(r"(?:\A|[.!?。！？\n])[\s*#>·•-]{0,20}(?=\S)")
_DELIMITER: Final = re.compile(r"[:：\n]|[\"“「『]")
_CODE: Final = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_QUOTED_LINE: Final = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_CLOSING_OF: Final = {'"': '"', "“": "”", "「": "」", "『": "』"}
_POLITE_EN: Final = re.compile(
    r"(?:(?:please|pls|kindly|now|ok(?:ay)?|so|and|then|hi|hello|hey|just|can you|could you|"
    r"will you|would you|help me(?: to)?|i(?:['’]d| would) like you to|i (?:need|want) you to|"
    r"let['’]s|task|question)"
    r"[,:!]?\s+){0,5}",
    re.IGNORECASE,
)
_POLITE_ZH: Final = re.compile(
    r"(?:请|麻烦|劳驾|帮我|帮忙|给我|替我|你|您|能|可以|能不能|可不可以|现在|先|再|把|将|我想让你|我需要你|我要你|我们来|咱们来|，|,|\s){0,8}"
)
_OWN_ZH: Final = re.compile(r"我(?!想让你|需要你|要你|们来)")
_GREETING_LINE: Final = 60
_TAIL_LINES: Final = 5
_LONGEST_NAME_LINE: Final = 40


def framed_regions(text: str) -> list[Region]:
    """Return the spans of a message that its writer hands over or makes up, in order."""
    if _is_letter(text):
        return [Region(0, len(text))]
    found = [
        Region(match.start(), match.end())
        for pattern in (_CODE, _QUOTED_LINE)
        for match in pattern.finditer(text)
    ]
    until = 0
    for match in _SENTENCE_START.finditer(text):
        if match.end() < until or not text[match.end()].isalnum():
            continue
        region = _requested(text, match.end())
        if region is not None:
            found.append(region)
            until = region.end
    return sorted(found, key=lambda one: (one.start, one.end))


def _requested(text: str, start: int) -> Region | None:
    """The text that a request at `start` hands over or asks to make up."""
    opening = text[start : start + _OPENING]
    sort = _sort_of_request(opening)
    if sort is None:
        return None
    if sort == "role_play":
        return Region(start, len(text))
    delimiter = _DELIMITER.search(opening)
    if delimiter is None:
        return None
    return Region(start + delimiter.start(), _frame_end(text, start + delimiter.start()))


def _frame_end(text: str, at: int) -> int:
    """Where the frame that begins at a colon, line end or quotation mark ends."""
    head = at
    while head < len(text) and (text[head] in ":：" or text[head].isspace()):
        head += 1
    closing = _CLOSING_OF.get(text[head : head + 1])
    if closing is None:
        return len(text)
    end = text.find(closing, head + 1)
    return len(text) if end < 0 else end + 1


def _sort_of_request(opening: str) -> Literal["hand_over", "role_play"] | None:
    english = opening[_POLITE_EN.match(opening).end() :]  # type: ignore[union-attr] # matches nothing too
    if _requests()["role_play"].match(english):
        return "role_play"
    if _requests()["hand_over_verbs"].match(english):
        return "hand_over"
    made = _requests()["creative_verbs"].match(english)
    delimiter = _DELIMITER.search(opening)
    before = opening if delimiter is None else opening[: delimiter.start()]
    if made and _requests()["creative_works"].search(before.casefold()):
        return "hand_over"
    return _sort_in_chinese(opening, before)


def _sort_in_chinese(opening: str, before: str) -> Literal["hand_over", "role_play"] | None:
    chinese = opening[_POLITE_ZH.match(opening).end() :]  # type: ignore[union-attr] # matches nothing too
    if _OWN_ZH.match(opening):
        return None
    words = words_of("zh")
    if chinese.startswith(words.role_play):
        return "role_play"
    if any(verb in before for verb in words.hand_over_verbs):
        return "hand_over"
    makes = chinese.startswith(words.creative_verbs)
    return "hand_over" if makes and any(work in before for work in words.creative_works) else None


@cache
def _requests() -> dict[str, re.Pattern[str]]:
    """The English words that open a request, by concept."""
    found: dict[str, re.Pattern[str]] = {}
    for concept in ("role_play", "hand_over_verbs", "creative_verbs", "creative_works"):
        listed: tuple[str, ...] = getattr(words_of("en"), concept)
        longest_first = sorted(listed, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        found[concept] = re.compile(rf"(?:{words})\b", re.IGNORECASE)
    return found


def _is_letter(text: str) -> bool:
    """Whether the whole message is a letter with a greeting line, a closing line and a name."""
    lines = [line.strip() for line in text[:200_000].split("\n")]
    filled = [line for line in lines if line]
    if len(filled) < 4:  # noqa: PLR2004 - greeting, text, closing, name
        return False
    greeting = filled[0].casefold()
    greets = len(greeting) <= _GREETING_LINE and any(
        greeting.startswith(word) for word in _all("greetings")
    )
    tail = [line.casefold().rstrip(",.!，。！") for line in filled[-_TAIL_LINES:]]
    closes = any(line in _all("closings") for line in tail[:-1])
    return greets and closes and len(filled[-1]) <= _LONGEST_NAME_LINE


@cache
def _all(concept: str) -> tuple[str, ...]:
    return (*getattr(words_of("en"), concept), *getattr(words_of("zh"), concept))
