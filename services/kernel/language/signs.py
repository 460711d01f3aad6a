"""Where a text negates: terms with a sign."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.kernel.language import wording
from services.kernel.language.naming import names
from services.kernel.language.text import Lexicon, lowered

_WORDS = 7
_CHARACTERS = 10
_HAN = "\u3400"
_LONGEST_VERB = 8
_BACK = 2
# Seven words are never longer; an end of the scope beyond is not looked for.
_FARTHEST = 240
_LONGEST_ITEM = 24


@dataclass(frozen=True, slots=True)
class Span:
    """A negated stretch of a text: characters [start, end). hard: excluded without appeal. bars:
    said of whom or what something is not for.
    """

    start: int
    end: int
    hard: bool
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """How often terms stand in a text as said (`plus`) and as negated (`minus`); `hard`: terms
    that are excluded without appeal; `barred`: those that the text says it is not for.
    """

    plus: Mapping[str, int]
    minus: Mapping[str, int]
    hard: frozenset[str]
    barred: frozenset[str] = frozenset()


def negated(text: str) -> list[Span]:
    """The negated stretches of a text, in order. A negator reaches about seven words or ten
    Chinese characters, up to the end of the clause; an enumeration goes on.
    """
    masked = wording.NO_NEGATOR.sub(lambda match: "\0" * len(match.group()), lowered(text))
    spans: list[Span] = []
    for match in wording.NEGATOR.finditer(masked):
        end = _reach(masked, match.end())
        around = masked[match.start() : min(len(masked), match.end() + 14)]
        hard = bool(wording.HARD.search(around))
        bars = bool(wording.BARS.search(around))
        if end > match.end():
            spans.append(Span(match.end(), end, hard, bars))
        if masked[match.start()] >= _HAN and _object_before(masked, match.end()):
            # The object stands before: "香菜我一口都不吃", "牛奶、芝士这些都不能碰".
            start = _reach_back(masked, match.start())
            if start < match.start():
                spans.append(Span(start, match.start(), hard, bars))
    for match in wording.AFTER_NEGATOR.finditer(masked):
        start = _reach_back(masked, match.start())
        if start < match.start():
            spans.append(Span(start, match.start(), hard=True, bars=True))
    for sentence in wording.SENTENCE.finditer(masked):
        spans.extend(_kept_away(masked, sentence.start(), sentence.group()))
    return sorted(spans, key=lambda span: span.start)


def _kept_away(text: str, place: int, sentence: str) -> Iterator[Span]:
    """What a sentence that begins at `place` says to do harm, or refuses after naming it."""
    harm = wording.HARM.search(sentence)
    if harm is not None:
        end = place + harm.start()
        start = max(text.rfind(mark, place, end) for mark in ":：;；,，") + 1
        start = _from_enumeration(text, max(start, place), place)
        if start < end:
            yield Span(start, end, hard=True)
    refused = wording.REFUSAL.search(sentence)
    if refused is not None and refused.start() > 0:
        yield Span(place, place + refused.start(), hard=True)


def signed(text: str, lexicon: Lexicon) -> Signed:
    """The terms of a text by sign."""
    spans = negated(text)
    plus: Counter[str] = Counter()
    minus: Counter[str] = Counter()
    hard: set[str] = set()
    barred: set[str] = set()
    for piece, span in pieces(text, 0, len(text), spans):
        terms = names(piece, lexicon)
        (plus if span is None else minus).update(terms)
        if span is not None and span.hard:
            hard.update(terms)
        if span is not None and span.bars:
            barred.update(terms)
    return Signed(plus, minus, frozenset(hard), frozenset(barred))


def pieces(text: str, start: int, end: int, spans: list[Span]) -> Iterator[tuple[str, Span | None]]:
    """The stretch [start, end) cut at the negated spans, each with its span (None: as said)."""
    place = start
    for span in spans:
        first, last = max(span.start, place), min(span.end, end)
        if last <= first:
            continue
        if text[place:first].strip():
            yield text[place:first], None
        yield text[first:last], span
        place = last
    if text[place:end].strip():
        yield text[place:end], None


def _reach(text: str, start: int) -> int:
    """End of a negator's scope that begins at `start`."""
    budget = 0.0
    place = start
    farthest = min(len(text), start + _FARTHEST)
    limit = wording.SCOPE_END.search(text, start, farthest)
    while limit is not None and limit.group() in {",", "，"}:
        if not wording.ENUMERATION.match(text, limit.end(), farthest):
            break
        limit = wording.SCOPE_END.search(text, limit.end(), farthest)
    last = limit.start() if limit is not None else farthest
    while place < last and budget < 1.0:
        if text[place] >= _HAN:
            budget += 1 / _CHARACTERS
            place += 1
        elif text[place].isspace():
            budget += 1 / _WORDS if place > start else 0
            place += 1
        else:
            place += 1
    while place < last and text[place - 1 : place].isalnum() and text[place] < _HAN:
        if not text[place].isalnum():
            break
        place += 1
    return place


def _object_before(text: str, place: int) -> bool:
    """Whether what follows a negator, up to the clause's end, is at most a verb."""
    nearest = min(len(text), place + _LONGEST_VERB + 1)
    limit = wording.SCOPE_END.search(text, place, nearest)
    last = limit.start() if limit is not None else nearest
    return (
        last - place <= _LONGEST_VERB
        and wording.CLAUSE_END.match(text, last) is not None
        and wording.BARE_VERB.fullmatch(text, place, last) is not None
    )


def _reach_back(text: str, end: int) -> int:
    """Start of what a following negator excludes: the clause's words before it."""
    start = end
    while start > 0 and end - start < 2 * _CHARACTERS:
        character = text[start - 1]
        if character in "。！？!?；;：:，,\n对":
            break
        if character.isspace() and text[start:end].count(" ") >= _BACK:
            break
        start -= 1
    return start


def _from_enumeration(text: str, start: int, floor: int) -> int:
    """Move `start` back over ", x" items, so that harm reaches the whole enumeration."""
    while start > floor:
        nearest = max(floor, start - 2 - _LONGEST_ITEM)
        before = max(text.rfind(mark, nearest, start - 1) for mark in ":：;；,，")
        item = text[max(before, floor - 1) + 1 : start - 1]
        if before < nearest or len(item.split()) > 3:  # noqa: PLR2004 - an item is short
            break
        start = before + 1
    return start
