"""Lines of text: their list markers, joining what was wrapped, and writing them as drafts."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.parser.domain.headings import width
from services.parser.domain.joining import join_lines
from services.parser.domain.outline import Line
from services.parser.domain.writer import BlockWriter

BULLET: Final = re.compile(r"^(\s*)([-–—•●·*+○■◆▪]|[➢✓])\s+(?=\S)")
ORDERED: Final = re.compile(
    r"^(\s*)(\d{1,3}[.)、）．]|[（(]\d{1,3}[)）]|[a-zA-Z][.)]|[①-⑳])\s*(?=[^\s\d])"
)
_ENDS: Final = (".", "!", "?", "。", "！", "？", ":", "：", '"', "”")


def single(line: str, *, alone: bool) -> Line:
    """A line by itself: an item or a piece of text."""
    bullet = BULLET.match(line)
    if bullet:
        return Line("item", line[bullet.end() :].strip(), depth=depth_of(bullet.group(1)))
    return Line("text", line.strip(), alone=alone)


def depth_of(indent: str) -> int:
    """Nesting depth of a list item by its indent."""
    return min(len(indent.replace("\t", "    ").replace("\u3000", "  ")) // 2, 6)


def unwrapped(
    lines: Sequence[str], *, page: int | None = None, full: int | None = None
) -> list[Line]:
    """Broken lines joined: a short line, or one that ends a sentence early, ends a paragraph.

    full: width of a whole line, where more than these lines tell it.
    """
    full = full or max((width(line) for line in lines), default=0)
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        indented = line.startswith(("\u3000\u3000", "    ", "\t")) and paragraphs[-1]
        marked = BULLET.match(line) or ORDERED.match(line)
        if (indented and not lines[0].startswith(line[0])) or (marked and paragraphs[-1]):
            paragraphs.append([])
        paragraphs[-1].append(line.strip())
        ends = line.rstrip().endswith(_ENDS)
        if width(line) < (0.75 if ends else 0.5) * full:
            paragraphs.append([])
    return [
        replace(single(join_lines(paragraph), alone=len(paragraph) == 1), page=page)
        for paragraph in paragraphs
        if paragraph
    ]


def write_lines(writer: BlockWriter, lines: Sequence[Line]) -> None:
    """Draft the lines; neighbouring items are one list, neighbouring rows one table."""
    group = 0
    previous = ""
    for line in lines:
        if line.kind not in {"item", "row"} or line.kind != previous or line.first:
            group = writer.new_group()
        previous = line.kind
        writer.page = line.page
        if line.kind == "heading":
            writer.heading(line.level, line.text)
        elif line.kind == "item":
            writer.item(line.text, depth=line.depth, group=group, marker=line.marker)
        elif line.kind == "row":
            writer.row(line.cells, group=group, header=line.header, is_header=line.is_header)
        elif line.kind == "code":
            writer.code(line.text)
        else:
            writer.paragraph(line.text)
