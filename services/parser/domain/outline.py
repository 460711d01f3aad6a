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
    plain = _plain_styles(styles, lines)
    for at, style in enumerate(plain):
        if style:
            marked[at] = replace(lines[at], kind="heading", level=levels.level(style))
    return marked


def _has_more(styles: Sequence[str]) -> bool:
    return any(styles[1:]) or len(styles) > 1


def _styles(lines: Sequence[Line]) -> list[str]:
    """The heading style of each line, "" where it is none."""
    numbers = [numbering(line.text) if line.kind in {"text", "item"} else None for line in lines]
    sequence = NumberSequence()
    styles: list[str] = []
    for at, line in enumerate(lines):
        found = numbers[at]
        if line.kind not in {"text", "item"} or "\n" in line.text:
            styles.append("")
        elif found is not None:
            styles.append(_numbered_style(lines, numbers, at, found, sequence))
        elif line.kind == "text" and line.alone and _followed(lines, at):
            shape = looks_like_heading(line.text)
            styles.append("plain" if shape else "")
        elif line.kind == "text" and is_shouting(line.text) and looks_like_heading(line.text):
            styles.append("shouting")
        else:
            styles.append("")
    return styles


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
    for other in (at - 1, at + 1):
        if 0 <= other < len(lines):
            neighbour = numbers[other]
            if neighbour is not None and neighbour.style == found.style:
                return True
    return False


def _plain_styles(styles: Sequence[str], lines: Sequence[Line]) -> list[str]:
    """Unnumbered headings have two levels: one right above another heading heads a part."""
    numbered = any(style.startswith(("decimal", "cn-", "en-", "roman")) for style in styles)
    found: list[str] = []
    for at, style in enumerate(styles):
        if style != "plain":
            found.append(style)
        elif at + 1 < len(styles) and styles[at + 1] == "plain" and lines[at + 1].alone:
            found.append("plain-part")
        elif numbered:
            # Beside numbered headings a short line of its own is the least of them.
            found.append("plain")
        else:
            found.append("plain")
    return found
