# ruff: noqa: E501 - tables of phrases and forms are read across
"""What one unit of words says, before any document is looked at."""

import re
from dataclasses import dataclass, replace

from services.feedback.domain import patterns, phrases
from services.feedback.domain.folding import trim
from services.feedback.domain.values import values
from services.kernel.contracts.events import CorrectionKind

_LONGEST_VALUE = 120
_FILLER = re.compile(
    r"^(?:(?:已经?|现在|目前|只|仅|都|统一|大约|约|在|到|成了?)\s*(?=[\d¥$€£]|[一二两三四五六七八九十百千万]+[^\u3400-\u9fff]?)"
    r"|(?:为|是|成了)(?=[\w“\"《])"
    r"|(?:the|an?|about|only|just|merely|now|at|in|to|up to|actually)\s+(?=[\w¥$€£“\"]))",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|\"[^\"]*\"|《[^》]*》")
_FAULT = re.compile(
    rf"(?:completely |totally |simply |just |still |also )?(?:{phrases.ERROR.pattern}|confusing|unclear)(?: now| too)?",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"^(?:the|our)\s+|\s+(?:has|have|had|was|were|is|are|will|been|be|now)(?:\s+(?:been|be|now))*$"
    r"|(?:已经?|现在|目前|将|应该?|应当|要|需要?|统一|正式|都)+$",
    re.IGNORECASE,
)
# A question in front of its answer: what stands in it is no cue.
_ASKED = re.compile(
    r"^[^。；;]{0,160}?(?:谁|什么|哪|多少|几(?!乎)|何(?!况)|怎[么样]|如何|是否|为啥)[^。；;]{0,80}?"
    r"(?=(?:的?(?:正确|准确|实际|真正|真实)的?[^，,。；;]{0,6}?(?:应该?|应当)?(?:是|为|叫)"
    r"|的?答案[^，,。；;]{0,4}?(?:是|为)|应该?是|应当?是|应为|应该?为|才是|其实是))"
)
_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
_TAIL = re.compile(
    r"(?:了|吧|哦|啦|呀|才对|才是|的){1,12}$|\s+(?:everywhere|throughout|any ?more|any longer|now|instead|please|thanks|today|(?:since |as of )?(?:last|this|next) (?:week|month|year)|yesterday|recently|from now on)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One correction as the user said it.

    words: the user's own, cleaned of greetings. subject: what is left without values and cue
    words. left: in "X 改为 Y", what stood before: it may be the old value or the subject.
    context: a question or topic that the user named beside it. erratum: the form of a list of
    misprints ("X 应改为 Y"), where X is what is written. strong: the form itself says that
    something is to be corrected; else it is a plain statement.
    """

    kind: CorrectionKind
    words: str
    subject: str = ""
    old: str = ""
    new: str = ""
    left: str = ""
    context: str = ""
    valid_from: int | None = None
    strong: bool = False
    everywhere: bool = False
    personal: bool = False
    chatty: bool = False
    erratum: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """Values, with their places in the unit's text."""

    old: str = ""
    new: str = ""
    left: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    strong: bool = False


def read_intent(words: str, *, context: str = "", announced: bool = False) -> Intent | None:
    """The correction in one unit of text; None where it says nothing that could change a thing.

    announced: an opening said that something is wrong.
    """
    found = (context and _misprint(words)) or _extract(words)
    kind = _kind(words, found)
    if kind is None:
        return None
    if kind == "add_exception" and phrases.EXCEPTION.search(found.new):
        found = _Found()
    if kind == "drop_rule" or (kind in ("add_exception", "add_knowledge") and not found.old):
        found = replace(found, new="", left="", spans=() if kind != "drop_rule" else found.spans)
    errs = bool(phrases.ERROR.search(words))
    strong = found.strong or announced or kind in ("add_exception", "drop_rule", "rename_term")
    strong = strong or (kind == "add_knowledge" and bool(phrases.STRONG_ADD.search(words)))
    return Intent(
        kind=kind,
        words=words,
        subject=_subject(words, found.spans),
        old=found.old,
        new=found.new,
        left=found.left,
        context=context,
        strong=strong or (errs and bool(found.new)),
        everywhere=bool(phrases.EVERYWHERE.search(words)),
        personal=bool(phrases.FIRST_PERSON.search(phrases.ASSURANCE.sub(" ", words))),
        chatty=bool(phrases.CHAT.search(words)),
        erratum=announced or bool(context) or bool(patterns.ERRATUM.search(words)),
    )


def is_complete(words: str) -> bool:
    """Whether the words say a correction of their own already."""
    found = _extract(words)
    return bool(found.new or phrases.DROP.search(words) or phrases.EXCEPTION.search(words))


def is_answer(sentence: str) -> bool:
    """Whether a question stands in front of its answer: "Q 正确的说法是 A"."""
    return _ASKED.match(_quotes_hidden(sentence)) is not None


def names_subject(words: str) -> bool:
    """Whether the words name what they are about, beside values and cues."""
    return bool(
        re.search(r"[\u3400-\u9fff]{2}|[A-Za-z]{3}", _subject(words, _extract(words).spans))
    )


def _kind(  # noqa: PLR0911 - one line a kind, the most telling first
    words: str, found: _Found
) -> CorrectionKind | None:
    both = found.old and found.new and not phrases.EXCEPTION.search(found.new)
    if phrases.EXCEPTION.search(words) and not both:
        return "add_exception"
    if phrases.RENAME.search(words) and found.new:
        return "rename_term"
    if phrases.DROP.search(words) and not (found.new and found.strong):
        return "drop_rule"
    if phrases.STRONG_ADD.search(words) and not found.old and not (found.new and found.strong):
        return "add_knowledge"
    if found.new:
        return "replace_value"
    if found.old:
        return "drop_rule"
    if phrases.ADD.search(words):
        return "add_knowledge"
    if phrases.NOW.search(words) and not phrases.ERROR.search(words):
        return "replace_value"
    return None


def _quotes_hidden(words: str) -> str:
    return _QUOTED.sub(lambda match: "□" * len(match.group()), words)


def _misprint(words: str) -> _Found | None:
    """Old and new value of a misprint whose question is named: both may hold commas."""
    match = patterns.WHOLE_ERRATUM.search(words)
    return _found(match, words, strong=True) if match else None


def _extract(words: str) -> _Found:
    """Old and new value. Quotes and the points of numbers are hidden from the patterns: what
    stands in a quotation is no cue.
    """
    hidden = _quotes_hidden(words)
    hidden = _ASKED.sub(lambda match: "□" * len(match.group()), hidden)
    hidden = _POINT.sub("·", hidden)
    for pattern in patterns.BOTH:
        match = pattern.search(hidden)
        if match and trim(match["old"]) and trim(match["new"]):
            return _found(match, words, strong=True)
    old = _first(patterns.OLD, hidden)
    rest = hidden
    spans: tuple[tuple[int, int], ...] = ()
    if old is not None:
        spans = (old.span("old"),)
        rest = hidden[: old.start()] + "," * (old.end() - old.start()) + hidden[old.end() :]
    changed = _first(patterns.NEW, rest)
    if changed is not None:
        found = _found(changed, words, strong=True)
        if old is None and is_answer(words):
            # The answer to a question that stands in front goes to the end, commas and all.
            start = changed.start("new")
            found = replace(found, new=clean(words[start:]), spans=((start, len(words)),))
    else:
        plain = _typed(patterns.PLAIN, rest, words)
        found = _Found() if plain is None else _found(plain, words, strong=False)
    if (not found.new and old is None) or (found.new and not found.strong):
        found = _lone(found, rest.replace("·", "."), words)
    if old is None:
        return found
    if not found.new:  # "N, not O": the lone value before the contrast
        visible = rest.replace("·", ".")
        lone = [value for value in values(visible) if value.kind != "date"]
        if len(lone) == 1:
            found = _Found(new=lone[0].text, spans=((lone[0].start, lone[0].end),))
    said = words[slice(*old.span("old"))]
    return replace(found, old=clean(said), spans=(*found.spans, *spans), strong=True)


def _lone(found: _Found, visible: str, words: str) -> _Found:
    """A plain statement narrowed to its only value; or the only value where no form was seen."""
    start, end = found.spans[0] if found.spans else (0, len(visible))
    inside = [value for value in values(words[start:end]) if value.kind != "date"]
    if len(inside) != 1:
        return found
    span = (start + inside[0].start, start + inside[0].end)
    return replace(found, new=inside[0].text, spans=(span,))


def _first(several: tuple[re.Pattern[str], ...], words: str) -> re.Match[str] | None:
    for pattern in several:
        for match in pattern.finditer(words):
            value = trim(match[match.lastgroup or 0])
            if value and len(value) <= _LONGEST_VALUE and not _FAULT.fullmatch(value):
                return match
    return None


def _typed(several: tuple[re.Pattern[str], ...], hidden: str, words: str) -> re.Match[str] | None:
    """The first match with a typed value, else the first."""
    matches = [
        match
        for pattern in several
        for match in pattern.finditer(hidden)
        if trim(match["new"]) and not _FAULT.fullmatch(trim(match["new"]))
    ]
    typed = [match for match in matches if values(words[slice(*match.span("new"))])]
    return next(iter(typed or matches), None)


def _found(match: re.Match[str], words: str, *, strong: bool) -> _Found:
    groups = match.groupdict()
    spans = {name: match.span(name) for name in ("old", "new") if groups.get(name)}
    said = {name: clean(words[slice(*span)]) for name, span in spans.items()}
    left = re.split(r"[，；;。]|,(?!\d)", words[: match.start()])[-1]
    if phrases.ASKS.search(left):  # a question in front of its answer holds no old value
        left = ""
    return _Found(
        old=said.get("old", ""),
        new=said.get("new", ""),
        left=_AUXILIARY.sub("", trim(left)),
        spans=tuple(spans.values()),
        strong=strong,
    )


def clean(value: str) -> str:
    """A value without filler before it and particles behind it."""
    trimmed = trim(value)
    for _ in range(3):
        shorter = trim(_TAIL.sub("", _FILLER.sub("", trimmed)))
        if not shorter or shorter == trimmed:
            break
        trimmed = shorter
    return trimmed


def _subject(words: str, spans: tuple[tuple[int, int], ...]) -> str:
    letters = list(words)
    for start, end in spans:
        letters[start:end] = " " * (end - start)
    return re.sub(r"\s+", " ", patterns.CUES.sub(" ", "".join(letters))).strip(" ，,。.；;：:、!！")
