"""Which lines are headings, and of which level: for text without marks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.parser.domain.headings import (
    Levels,
    Numbering,
    is_shouting,
    looks_like_heading,
    numbering,
)
from services.parser.domain.headings import (
    Sequence as NumberSequence,
)

Kind = Literal["text", "heading", "item", "row", "code"]
_LONGEST_NUMBERED = 90
_PLAIN_DEPTHS = 3
_FEWEST_ALIKE = 2  # questions, or lines in capitals, that are headings


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph, item, row or code block of plain text. alone: blank lines around it.

    numbered: an item whose marker is a number, and which may yet be a heading.
    """

    kind: Kind
    text: str
    alone: bool = False
    level: int = 0
    depth: int = 0
    marker: str = "-"
    numbered: bool = False
    cells: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    is_header: bool = False
    first: bool = False
    page: int | None = None

    def joined(self, text: str) -> "Line":
        """With a continuation line."""
        return replace(self, text=f"{self.text} {text}")


def mark_headings(lines: Sequence[Line], *, title: bool) -> list[Line]:
    """The lines, headings marked with their levels (0: the title, where `title` allows one)."""
    styles = _styles(lines)
    marked = list(lines)
    levels = Levels()
    first = next((at for at, style in enumerate(styles) if style), None)
    if title and first == 0 and styles[0] == "plain" and _has_more(styles):
        marked[0] = replace(lines[0], kind="heading", level=0)
        styles[0] = ""
    for at, style in enumerate(_plain_styles(styles, lines)):
        if style:
            marked[at] = replace(lines[at], kind="heading", level=levels.level(style))
    return marked


def _has_more(styles: Sequence[str]) -> bool:
    return any(styles[1:]) or len(styles) > 1


def _styles(lines: Sequence[Line]) -> list[str]:
    """The heading style of each line, "" where it is none."""
    numbers = [numbering(line.text) if line.kind in {"text", "item"} else None for line in lines]
    sequence = NumberSequence()
    asks = sum(map(_is_question, lines)) >= _FEWEST_ALIKE
    loud = sum(line.alone and is_shouting(line.text) for line in lines) >= _FEWEST_ALIKE
    styles: list[str] = []
    for at, line in enumerate(lines):
        found = numbers[at]
        if line.kind not in {"text", "item"} or "\n" in line.text:
            styles.append("")
        elif found is not None:
            styles.append(_numbered_style(lines, numbers, at, found, sequence))
        elif line.kind == "text" and is_shouting(line.text) and looks_like_heading(line.text):
            styles.append("shouting" if not line.alone or loud else "plain")
        elif line.kind == "text" and line.alone and _followed(lines, at):
            shape = looks_like_heading(line.text, asks=asks and _is_answered(lines, at))
            styles.append("plain" if shape else "")
        else:
            styles.append("")
    return styles


def _is_question(line: Line) -> bool:
    return line.kind == "text" and line.alone and line.text.endswith(("?", "？"))


def _is_answered(lines: Sequence[Line], at: int) -> bool:
    """Whether what follows a question is no question itself."""
    return _is_question(lines[at]) and not _is_question(lines[at + 1])


def _followed(lines: Sequence[Line], at: int) -> bool:
    """Whether something comes after it that it could head."""
    return at + 1 < len(lines)


def _numbered_style(
    lines: Sequence[Line],
    numbers: Sequence[Numbering | None],
    at: int,
    found: Numbering,
    sequence: NumberSequence,
) -> str:
    line = lines[at]
    if line.kind == "item" and not line.numbered:
        return ""
    if found.rest and not looks_like_heading(found.rest, max_width=_LONGEST_NUMBERED):
        return ""
    if not found.rest and found.style.startswith(("decimal", "cn-number", "letter", "roman")):
        return ""
    if not found.style.startswith("cn-ch") and _is_list_like(numbers, at, found, lines):
        return ""
    if found.numbers and not sequence.accepts(found.numbers):
        return ""
    return found.style


def _is_list_like(
    numbers: Sequence[Numbering | None], at: int, found: Numbering, lines: Sequence[Line]
) -> bool:
    """A neighbour of the same numbering right before or after: items of a list. Decimals of
    several parts, and chapters, are lists of headings even so (a table of contents is one too).
    """
    if len(found.numbers) > 1 or found.style.startswith(("cn-part", "cn-chapter", "en-")):
        return False
    for step in (-1, 1):
        other = at + step
        if lines[at].kind == "item":  # bullets under an item of a list are part of it
            while 0 <= other < len(lines) and _is_bullet(lines[other]):
                other += step
        neighbour = numbers[other] if 0 <= other < len(lines) else None
        if neighbour is not None and _goes_on(found, neighbour, step):
            return True
    return False


def _goes_on(found: Numbering, neighbour: Numbering, step: int) -> bool:
    """Whether a neighbour is the next of the same list: 3. after 2., not 1. under 1."""
    if neighbour.style != found.style or neighbour.dotted != found.dotted:
        return False
    return not found.numbers or neighbour.numbers[-1] == found.numbers[-1] + step


def _is_bullet(line: Line) -> bool:
    return line.kind == "item" and not line.numbered


def _plain_styles(styles: Sequence[str], lines: Sequence[Line]) -> list[str]:
    """Levels of unnumbered headings: one right above another heads a part. They are named by
    their depth, counted from the innermost.
    """
    found = list(styles)
    below = 0
    for at in range(len(styles) - 1, -1, -1):
        if styles[at] != "plain":
            below = 0
            continue
        follows = below and lines[at + 1].alone
        below = min(below + 1, _PLAIN_DEPTHS) if follows else 1
        found[at] = f"plain-{_PLAIN_DEPTHS + 1 - below}"
    return found
