"""Headings in text that has no marks for them: numbering, shape and neighbours tell.

General knowledge of how Chinese and English documents number and word their headings; nothing
about any field.
"""

import re
from dataclasses import dataclass, field
from typing import Final

_CN = "一二三四五六七八九十百千零〇两"
_TERMINAL: Final = tuple("。！？；，、：.!?;,:…")
_MAX_WIDTH: Final = 64  # half-width columns: about 32 Chinese characters, or ten English words
_MAX_WORDS: Final = 14
_MOST_TITLE_WORDS: Final = 20
_NEVER_LAST: Final = tuple("。；，、,;")
_ABBREVIATED = re.compile(r"(\d|\b[A-Z][a-z]{0,3})\.$")
_MARKED = re.compile(r"^[-–—•●·*+>|]\s")
_CODE_LIKE = re.compile(r"https?://|[=<>{}|\\\t]|[@$%^]")
_HARMLESS = re.compile(r"\{\w+\}|(?<=\d)\s?%")  # /items/{id}; 99 %
_SENTENCES = re.compile(r"[。！？；]|[.!?] [A-Z]")
_OPENING = re.compile(r"^[-–—•●·*+>#|“\"'‘(（\[【]")
_QUOTED = re.compile(r"^(\"[^\"]*[^\W_]\"|“[^”]*[^\W_]”)$")  # no speech: that has its own full stop
# A command with its options, a lower-case setting with its value.
_COMMAND = re.compile(r"\s--?[A-Za-z][\w-]*(?=[=\s]|$)|^[a-z][\w.-]*:\s+\S+$")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_HAS_LETTER = re.compile(r"[^\W\d_]")

# (style, pattern). A style is a kind of numbering: headings of one style are of one level.
_STYLES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("cn-part", re.compile(rf"^第\s*[{_CN}\d]+\s*(编|部分|篇|卷|部)(?![分门])[\s　:：]*")),
    ("cn-chapter", re.compile(rf"^第\s*[{_CN}\d]+\s*[章讲课回](?!程)[\s　:：]*")),
    ("cn-section", re.compile(rf"^第\s*[{_CN}\d]+\s*节[\s　:：]*")),
    ("cn-article", re.compile(rf"^第\s*[{_CN}\d]+\s*条[\s　:：]*")),
    ("cn-appendix", re.compile(rf"^附[录件表图则]\s*[{_CN}\dA-Z]*(?=$|[\s　:：、.])[\s　:：、.]*")),
    (
        "en-part",
        re.compile(r"^part\s+([ivxlc]+|\d+|one|two|three|four|five)\b[\s.:–—-]*", re.IGNORECASE),
    ),
    (
        "en-chapter",
        re.compile(r"^(chapter|unit|lesson)\s+([ivxlc]+|\d+)\b[\s.:–—-]*", re.IGNORECASE),
    ),
    (
        "en-section",
        re.compile(r"^(section|article|item|§)\s*([ivxlc]+|\d+[a-z]?)\b[\s.:–—-]*", re.IGNORECASE),
    ),
    (
        "en-appendix",
        re.compile(r"^(appendix|annex|schedule|exhibit)\s+([a-z]|\d+)\b[\s.:–—-]*", re.IGNORECASE),
    ),
    ("cn-number", re.compile(rf"^[{_CN}]{{1,4}}[、．.][\s　]*")),
    ("cn-bracket", re.compile(rf"^[（(][{_CN}]{{1,4}}[）)][\s　、]*")),
    ("bracket", re.compile(r"^[（(]\d{1,2}[）)][\s　]*")),
    ("half-bracket", re.compile(r"^\d{1,2}[）)][\s　]*")),
    ("circled", re.compile(r"^[①-⑳][\s　]*")),
    ("roman", re.compile(r"^[IVX]{1,5}[.、]\s+")),
    ("letter", re.compile(r"^[A-Z][.、]\s+")),
)
_DECIMAL = re.compile(r"^(\d{1,3}(?:[.．]\d{1,3}){0,5})([.．、]?)([\s　]+|(?=[\u3400-\u9fff]))")


# Usual order of the kinds of numbering in one document, outermost first.
_DECIMAL_RANK: Final = 20
_RANKS: Final = {
    "cn-part": 1,
    "en-part": 1,
    "cn-chapter": 2,
    "en-chapter": 2,
    "cn-appendix": 2,
    "en-appendix": 2,
    "cn-section": 3,
    "en-section": 4,
    "cn-article": 4,
    "roman": 5,
    "cn-number": 5,
    "cn-bracket": 6,
    "letter": 7,
    "bracket": 40,
    "half-bracket": 41,
    "circled": 42,
}


@dataclass(frozen=True, slots=True)
class Numbering:
    """What a line begins with. style: kind of numbering; numbers: of a decimal one; rest: what
    follows it.
    """

    style: str
    numbers: tuple[int, ...]
    rest: str
    dotted: bool = False


def numbering(text: str) -> Numbering | None:
    """The numbering with which a line begins, if any."""
    for style, pattern in _STYLES:
        found = pattern.match(text)
        if found:
            return Numbering(style, (), text[found.end() :].strip())
    found = _DECIMAL.match(text)
    if found is None:
        return None
    numbers = tuple(int(part) for part in re.split("[.．]", found.group(1)))
    rest = text[found.end() :].strip()
    return Numbering(f"decimal-{len(numbers)}", numbers, rest, found.group(2) != "")


def width(text: str) -> int:
    """Columns: a Chinese character takes two."""
    return len(text) + sum(len(run) for run in _CHINESE.findall(text))


def rank(text: str) -> int:
    """Where headings of one look stand by their numbering: lower is above; 0 for none."""
    found = numbering(text)
    if found is None:
        return 0
    if found.numbers:
        return _DECIMAL_RANK + len(found.numbers)
    return _RANKS.get(found.style, _DECIMAL_RANK)


def may_be_heading(text: str, *, max_width: int) -> bool:
    """Whether a line that its look sets apart can be a heading: anything short that is no running
    text.
    """
    text = text.strip()
    mark = numbering(text)
    rest = (mark and mark.rest) or text
    if not rest or width(text) > max_width or not _HAS_LETTER.search(text):
        return False
    if rest.endswith(_NEVER_LAST) or (rest.endswith(".") and not _ABBREVIATED.search(rest)):
        return False
    if len(text.split()) > _MOST_TITLE_WORDS or re.search(r"。|https?://", text):
        return False
    return not _MARKED.match(text)


def looks_like_heading(text: str, *, max_width: int = _MAX_WIDTH, asks: bool = False) -> bool:
    """Whether a lone line has a heading's shape: short, a phrase, no sentence. asks: it may be a
    question ("It is lost. What now?").
    """
    text = text.strip()
    question = asks and text.endswith(("?", "？"))
    if question:
        text = text[:-1].rstrip()
    if not text or width(text) > max_width or text.endswith(_TERMINAL):
        return False
    if not _HAS_LETTER.search(text) or len(text.split()) > _MAX_WORDS:
        return False
    if _CODE_LIKE.search(_HARMLESS.sub("", text)) or _COMMAND.search(text):
        return False
    if not question and _SENTENCES.search(text):
        return False
    return not _OPENING.match(text) or bool(_QUOTED.match(text))


def is_shouting(text: str) -> bool:
    """An ENGLISH LINE IN CAPITALS of at least two letters a word and four in all."""
    letters = [character for character in text if character.isalpha()]
    return len(letters) >= 4 and all(c.isupper() for c in letters) and text.isascii()  # noqa: PLR2004 - said above


_PLAIN: Final = "plain"
INNERMOST: Final = "plain-3"
"""The style of an unnumbered heading with text under it; "plain-2" stands right above one."""


@dataclass(slots=True)
class Sequence:
    """Whether decimal numbers go on as headings do: 1, 1.1, 1.2, 2 …; not 3.5 (kilograms)."""

    last: dict[tuple[int, ...], int] = field(default_factory=dict)

    def accepts(self, numbers: tuple[int, ...]) -> bool:
        """Whether these may come next; remembers them if so."""
        parent, number = numbers[:-1], numbers[-1]
        before = self.last.get(parent)
        known_parent = not parent or self.last.get(parent[:-1], -1) == parent[-1]
        begins = number in {0, 1} and (before is None or not parent)
        goes_on = before is not None and before < number <= before + 3
        if not (goes_on or (begins and (known_parent or not self.last))):
            return False
        self.last = {
            key: value for key, value in self.last.items() if key[: len(numbers)] != numbers
        }
        self.last[parent] = number
        return True


class Levels:
    """Levels by order of appearance: a new style is deeper than what it stands under, a known
    one closes all below it. Decimal and plain styles know their own depth among themselves, and
    a numbered heading never stands under a plain one that had text of its own.
    """

    def __init__(self, base: int = 1) -> None:
        self._base = base
        self._open: list[str] = []

    def level(self, style: str) -> int:
        """Level 1..6 of a heading of this style at this place."""
        if style in self._open:
            del self._open[self._open.index(style) + 1 :]
        else:
            family, depth = _depth(style)
            self._open = [
                known
                for known in self._open
                if not (_depth(known)[0] == family and depth and depth <= _depth(known)[1])
                and (family == _PLAIN or known != INNERMOST)
            ]
            self._open.append(style)
        return min(self._base + self._open.index(style), 6)


def _depth(style: str) -> tuple[str, int]:
    family, _, depth = style.rpartition("-")
    return (family, int(depth)) if depth.isdigit() else (style, 0)
