"""Headings for word-processor documents whose author only numbered them, or made them bold."""

from dataclasses import replace

from services.kernel.contracts.blocks import BlockKind
from services.parser.domain.outline import Line, mark_headings
from services.parser.domain.writer import BlockWriter, Draft

_BOLD_LEVEL = 6


def promote_headings(writer: BlockWriter) -> None:
    """Where no heading has a style, numbered paragraphs become headings, as in plain text."""
    drafts = writer.drafts
    if any(d.kind is BlockKind.HEADING and d.level < _BOLD_LEVEL for d in drafts):
        return
    marked = mark_headings([_line(draft) for draft in drafts], title=False)
    if not any(line.kind == "heading" for line in marked):
        return
    deepest = max(line.level for line in marked if line.kind == "heading")
    writer.drafts = [
        replace(draft, kind=BlockKind.HEADING, level=line.level)
        if line.kind == "heading"
        else _bold_below(draft, deepest)
        for draft, line in zip(drafts, marked, strict=True)
    ]


def _line(draft: Draft) -> Line:
    if draft.kind is BlockKind.PARAGRAPH:
        return Line("text", draft.text)
    return Line("code", draft.text)


def _bold_below(draft: Draft, deepest: int) -> Draft:
    if draft.kind is BlockKind.HEADING and draft.level == _BOLD_LEVEL:
        return replace(draft, level=min(deepest + 1, _BOLD_LEVEL))
    return draft
