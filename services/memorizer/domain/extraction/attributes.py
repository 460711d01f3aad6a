# ruff: noqa: E501 - a pattern is read as one line, however long
"""What a statement is about: by its attribute a newer statement replaces an older one."""

import re
from dataclasses import dataclass
from functools import cache

from services.memorizer.domain.extraction import attributes_en, attributes_zh
from services.memorizer.domain.extraction.language import is_chinese, same_words


@dataclass(frozen=True, slots=True)
class Attribute:
    """name: "residence", "pet|rex". topic: the part before the bar; it has a title and words.
    subject: `user` or a relation. thing: what a pronoun may stand for ("golden retriever").
    ends: names that hold no longer. additive: beside what is known, never instead of it.
    """

    name: str
    topic: str
    subject: str = "user"
    thing: str = ""
    ends: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """`subject|attribute`, as records carry it."""
        return f"{self.subject}|{self.name}"


@cache
def _rules(chinese: bool) -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = attributes_zh.RULES if chinese else attributes_en.RULES
    flags = re.NOFLAG if chinese else re.IGNORECASE
    return tuple((topic, re.compile(pattern, flags)) for topic, pattern in table)


@cache
def _ends(chinese: bool) -> tuple[re.Pattern[str], ...]:
    table = attributes_zh.ENDS if chinese else attributes_en.ENDS
    flags = re.NOFLAG if chinese else re.IGNORECASE
    return tuple(re.compile(pattern, flags) for pattern in table)


@cache
def _relations(chinese: bool) -> re.Pattern[str]:
    if chinese:
        words = "|".join(sorted(attributes_zh.RELATIONS, key=len, reverse=True))
        return re.compile(
            rf"(?:我们?|咱们?)(?:家)?(?:的)?(?:(?:一|两|几)?(?:个|位))?({words})(?!病|们家)"
        )
    words = "|".join(sorted(attributes_en.RELATIONS, key=len, reverse=True))
    return re.compile(
        rf"\b(?:my|our|an?(?=\s+(?:\w+\s+)?\w+\s+of mine))\s+(?:(?:older|younger|elder|big|little|eldest|youngest|oldest|late|best|close|"
        rf"old|new|\w+-year-old|\w+-month-old)\s+)*({words})(?![\w-]|['’]s\b)",
        re.IGNORECASE,
    )


def relation(text: str) -> tuple[str, str, int] | None:
    """The first person of the user's circle named in `text`: (canonical relation, the word,
    where it begins).
    """
    chinese = is_chinese(text)
    match = _relations(chinese).search(text)
    if match is None:
        return None
    word = match.group(1)
    table = attributes_zh.RELATIONS if chinese else attributes_en.RELATIONS
    return table[word if chinese else word.casefold()], word, match.start()


def subject_of(text: str, carried: str) -> str:
    """Whom a clause speaks of: a relation that opens it, else the speaker, else `carried`."""
    found = relation(text)
    chinese = is_chinese(text)
    if found is not None and found[2] <= (4 if chinese else 12):
        own = re.match(r"(?:我|我们)(?:和|跟|与)", text) if chinese else None
        rest = text[found[2] + 2 :] if chinese else text[found[2] :]
        joined = not chinese and re.search(r"\band (?:I|me)\b", rest)
        return "user" if own or joined else found[0]
    if (_SPEAKS_ZH if chinese else _SPEAKS_EN).search(text):
        return "user"
    return carried


_ENDED_LIFE = re.compile(
    r"去世|过世|离世|走丢|病死|死了|\b(?:died|passed away|put down|ran away)\b", re.IGNORECASE
)


def tells_a_loss(clause: str) -> bool:
    """Return whether a clause says that somebody or an animal died or was lost."""
    return bool(_ENDED_LIFE.search(clause))


def attribute_of(clause: str, subject: str = "user") -> Attribute | None:
    """The attribute that a clause states, None where it states none that is known."""
    chinese = is_chinese(clause)
    ends = ended(clause)
    for topic, pattern in _rules(chinese):
        match = pattern.search(clause)
        # That a pet died takes nothing away from what it was.
        if match is None or (topic == "pet" and tells_a_loss(clause)):
            continue
        groups = match.groupdict()
        thing = (groups.get("o") or "").strip()
        if topic == "generic":
            name = _name(thing, chinese=chinese)
            if not name:
                continue
            return Attribute(f"its {name}", "generic", subject, "", ends)
        if "o" in groups:
            name = _name(thing, chinese=chinese)
            if not name and topic not in _BARE:
                continue
            full = f"{topic}|{name}" if name else topic
        else:
            full = topic
        return Attribute(full, topic, subject, (groups.get("t") or thing).strip(), ends)
    return None


_SPEAKS_ZH = re.compile(r"我|咱|俺")
_SPEAKS_EN = re.compile(r"\b(?:I|we|my|our)\b", re.IGNORECASE)
_SHORTEST_NAME = 2
_BARE = frozenset({"pet", "device", "vehicle", "trip", "schedule", "child"})


def ended(clause: str) -> tuple[str, ...]:
    """Names that the clause says to hold no longer."""
    names: list[str] = []
    for pattern in _ends(is_chinese(clause)):
        for match in pattern.finditer(clause):
            name = match.group("x").strip(" 的了")
            if len(name) >= _SHORTEST_NAME and same_words(name):
                names.append(name.casefold())
    return tuple(dict.fromkeys(names))


def _name(thing: str, *, chinese: bool) -> str:
    plain = same_words(thing)
    if chinese:
        return attributes_zh.SAME.get(plain, plain)
    words = [attributes_en.singular(word) for word in plain.split()]
    words = [word for word in words if word not in attributes_en.LOOSE]
    joined = " ".join(sorted(set(words)))
    return attributes_en.SAME.get(joined, joined)


def labels(topic: str, *, chinese: bool) -> tuple[str, str]:
    """(title, further words to index) of a topic; empty where it has none."""
    table = attributes_zh.LABELS if chinese else attributes_en.LABELS
    return table.get(topic, ("", ""))
