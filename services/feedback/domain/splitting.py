"""Sentences and clauses, with their places in the text."""

import re
from dataclasses import dataclass

_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|nr|vs|etc|e\.g|i\.e|approx|min|max|inc|ltd|co|jr|sr|ext|tel"
    r"|fig|vol|art|dept|est|[a-z]))\.$",
    re.IGNORECASE,
)
_STOP = re.compile(r"(?:[。！？?；;\n]|!(?!\s*[a-z]))+[”’」』\"）)]*|\.(?=\s|$)[”’\"]*")
_COMMA = re.compile(r"[，；;]+|、(?!$)|,(?=\s|[^\d\s])|(?<!\d),(?=\d)|\s[–—-]\s|——")
_MINOR_COMMA = re.compile(r"[，；;]+|,(?=\s|[^\d\s])|\s[–—-]\s|——")
_QUOTED = re.compile(r"“[^”]*”|「[^」]*」|『[^』]*』|《[^》]*》|\"[^\"]*\"|（[^）]*）|\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text."""

    start: int
    end: int
    text: str


def sentences(text: str, *, keep_quotes: bool = False) -> list[Span]:
    """Sentences and lines. keep_quotes: what stands in quotes or brackets is not cut."""
    masked = _masked(text) if keep_quotes else text
    cuts = [
        match.end()
        for match in _STOP.finditer(masked)
        if not _ABBREVIATION.search(masked[max(0, match.start() - 8) : match.start() + 1])
        or match.group()[0] != "."
    ]
    return _spans(text, cuts)


def clauses(text: str, *, lists: bool = False) -> list[Span]:
    """Parts between commas. lists: enumerations (、) are cut too."""
    pattern = _COMMA if lists else _MINOR_COMMA
    return _spans(text, [match.end() for match in pattern.finditer(_masked(text))])


def _masked(text: str) -> str:
    return _QUOTED.sub(lambda match: "\u25a1" * len(match.group()), text)


def _spans(text: str, cuts: list[int]) -> list[Span]:
    found = []
    start = 0
    for cut in [*cuts, len(text)]:
        piece = text[start:cut]
        lead = len(piece) - len(piece.lstrip())
        stripped = piece.strip()
        if stripped:
            found.append(Span(start + lead, start + lead + len(stripped), stripped))
        start = cut
    return found
