# ruff: noqa: E501 - a pattern is read as one line, however long
"""A message in sentences and clauses, each a span of its text."""

import re
from dataclasses import dataclass

from services.kernel.language import bounds
from services.language.text.framing import framed_regions
from services.memorizer.domain.extraction.language import is_chinese


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of the message; `text` is exactly what stands there."""

    text: str
    start: int
    end: int

    @property
    def is_readable(self) -> bool:
        """Whether rules may read it: people's sentences are, a pasted form or a list is not."""
        return bounds.is_readable(self.text, bounds.LONGEST_SENTENCE)

    def trimmed(self) -> "Span":
        """Without white space and separators at both ends."""
        left = len(self.text) - len(self.text.lstrip(_EDGES_LEFT))
        body = self.text.strip(_EDGES_LEFT).rstrip(_EDGES_RIGHT)
        return Span(body, self.start + left, self.start + left + len(body))


_EDGES_LEFT = " \t\r\n　,，、;；:：-–—*#>•·~～"
_EDGES_RIGHT = " \t\r\n　,，、;；:：-–—~～"
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
# A text that is handed over, not told: a long quotation of its own.
_HANDED_OVER = re.compile(r"(?:(?<=[:：\n])|\A)[ \t\n]{0,3}(?:\"[^\"]{120,}\"|“[^“”]{80,}”)")
# What the gateway puts for a picture or a file.
_STAND_IN = re.compile(r"^\[(?:image|file)\]$", re.MULTILINE)
_TOOL_SCHEMA = re.compile(r"<tool_schema>.*?(?:</tool_schema>|\Z)", re.DOTALL)
_END = re.compile(
    r"[。！？!?；\n]+[”’\"'）)」』]*|(?<!\d)\.(?=\s|$)|(?<=\d)\.(?=\s+[A-Z]|\s*$)|;(?=\s)|…+"
)
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|approx|No|Inc|Ltd|Co|[ap]\.m|U\.[SK])$",
    re.IGNORECASE,
)
_LONGEST_ABBREVIATION = 8
_COMMA_ZH = re.compile(r"[，,：:～~]|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])|——")
_SUBJECT_EN = (
    r"(?:I|I['’]\w+|we|we['’]\w+|my|our|he|she|they|it|this|that|there|here['’]s|he['’]\w+|she['’]\w+"
    r"|it['’]\w+|they['’]\w+)\b"
)
_ASK_EN = (
    r"(?:what|which|where|when|why|who|how|can|could|would|should|do|does|did|is|are|will|any)\b"
)
_CUT_EN = re.compile(
    rf",\s+(?:and|but|so|because|though|although|while|yet)?\s*(?={_SUBJECT_EN})"
    rf"|\s+(?:and|but|so)\s+(?=(?:I|I['’]\w+|we|we['’]\w+|my|our)\b)"
    rf"|\s+but\s+(?=as\b|now\b)|,\s+(?:and|but)\s+|[:—–]\s+(?={_SUBJECT_EN}|since\b|as of\b|from\b)"
    r"|,\s+(?=\w+ed\s+(?:by|through|via|in|at|on|with|from|monthly|weekly|yearly|daily|annually|every|for)\b)"
    r"|,?\s+and\s+(?=(?:the|our|my|his|her|their)\s+[\w -]{2,30}?\s+(?:is|are|was|were|went|has|lives?|works?)\b)"
    r"|,\s+(?:and\s+|so\s+|but\s+)?(?=(?:can|could|would|will) (?:you|I)\b|how (?:do|can|should|would)\b"
    r"|what (?:do|should|would|are|is)\b|do you\b|is there\b|are there\b|should I\b|which (?:one|is|do|should)\b)"
    rf"|,\s+(?:and\s+|so\s+|but\s+)?(?={_ASK_EN}[^,]*$)"
    r"|,\s+(?:and\s+|so\s+|but\s+)?(?=(?:will|would|can|could|should|do|does|is|are)\s+(?:that|this|it|I|you|there|we|my)\b)|\s+[-–—]\s+",
    re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """Sentences in order; code blocks, tool schemas and long quotations are left out. Some are
    not for rules to read (`is_readable`).
    """
    masked = text
    for pattern in (_CODE, _TOOL_SCHEMA, _HANDED_OVER, _STAND_IN):
        masked = _blank(masked, pattern)
    found: list[Span] = []
    start = 0
    for match in _END.finditer(masked):
        near = max(start, match.start() - _LONGEST_ABBREVIATION)
        if match.group() == "." and _ABBREVIATION.search(masked, near, match.start()):
            continue
        _add(found, masked, start, match.end())
        start = match.end()
    _add(found, masked, start, len(masked))
    return found


def unframed(text: str) -> str:
    """Return a user's message, as long as it was, with line ends for what is framed in it."""
    parts: list[str] = []
    last = 0
    for region in framed_regions(text):
        if region.end <= last:
            continue
        start = max(region.start, last)
        parts += [text[last:start], "\n" * (region.end - start)]
        last = region.end
    return "".join([*parts, text[last:]])


def _blank(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda match: "\n" * len(match.group()), text)


def _add(found: list[Span], text: str, start: int, end: int) -> None:
    span = Span(text[start:end], start, end).trimmed()
    if re.search(r"[^\W\d_]", span.text):
        found.append(span)


def clauses(sentence: Span) -> list[Span]:
    """Clauses of a sentence: at commas in Chinese, before a new subject in English."""
    pattern = _COMMA_ZH if is_chinese(sentence.text) else _CUT_EN
    parts: list[Span] = []
    start = 0
    for match in pattern.finditer(sentence.text):
        if _inside(sentence.text, match.start()):
            continue
        parts.append(_part(sentence, start, match.start()))
        start = match.end()
    parts.append(_part(sentence, start, len(sentence.text)))
    return [part for part in parts if re.search(r"\w", part.text)]


def _part(sentence: Span, start: int, end: int) -> Span:
    text = sentence.text[start:end]
    return Span(text, sentence.start + start, sentence.start + end).trimmed()


def _inside(text: str, at: int) -> bool:
    """Inside quotation marks or brackets, or between digits: no place to cut."""
    before = text[:at]
    for opening, closing in (("“", "”"), ("《", "》"), ("（", "）"), ("(", ")"), ("「", "」")):
        if before.count(opening) > before.count(closing):
            return True
    if before.count('"') % 2 == 1:
        return True
    return before[-1:].isdigit() and text[at + 1 : at + 2].isdigit()
