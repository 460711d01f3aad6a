"""Blocks are drafted in reading order, and laid out on one text at the end.

Front ends (HTML, Markdown, JSON, XML, plain text, PDF lines) draft; only `BlockWriter.finish`
knows how titles, heading paths and offsets come about, so they are the same for all formats.
"""

import re
from dataclasses import dataclass, replace
from typing import Final

from services.kernel.contracts.blocks import Block, BlockKind, ParsedDocument
from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.domain.headings import numbering

TITLE_LEVEL: Final = 0
MAX_HEADING_CHARACTERS: Final = 240
MAX_BLOCKS: Final = 250_000
MAX_CHARACTERS: Final = 20_000_000
_BLOCKS_BEFORE_TITLE: Final = 3

# C0 and C1 controls, non-characters and lone surrogates: never text. Tab and line feed stay.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\ufeff\u200b\u2028\u2029]"
)
_CARRIAGE = re.compile(r"\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")
_BLANKS = re.compile(r"[ \t\u00a0]+")
_TOOL_TITLE = re.compile(
    r"^(microsoft (word|powerpoint|excel) - .*|untitled.*|document\d*|文档\d*|无标题.*|"
    r"\(?anonymous\)?|\(?unspecified\)?|word document|slide \d+|.*\.(docx?|pdf|txt|indd|tex|dvi))$",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """Text without control characters, with line feeds only, and no blanks at line ends."""
    text = _UNPRINTABLE.sub("", _CARRIAGE.sub("\n", text))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def one_line(text: str) -> str:
    """Text on one line, runs of blanks collapsed (an ideographic space is a blank of its own)."""
    text = _UNPRINTABLE.sub("", _CARRIAGE.sub("\n", text))
    return _BLANKS.sub(" ", text.replace("\n", " ")).strip()


@dataclass(frozen=True, slots=True)
class Draft:
    """A block before it has its place. level: as in `Block`, and 0 for a heading is the title.

    marker: of a list item ("-", "3."), shown before its text.
    """

    kind: BlockKind
    text: str
    page: int | None = None
    level: int = 0
    group: int | None = None
    header: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    is_header: bool = False


class BlockWriter:
    """Collects drafts; `finish` makes the document.

    Raises InvalidInput EXPANDS_TOO_FAR when a document has more blocks or characters than any
    honest one.
    """

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.heading_may_be_title = True
        self.page: int | None = None
        self._groups = 0
        self._characters = 0

    def new_group(self) -> int:
        """A number for the rows of one table, the items of one list."""
        self._groups += 1
        return self._groups

    def heading(self, level: int, text: str) -> None:
        """A heading of level 1..6 (0: the document's title). Longer than a heading can be: a
        paragraph.
        """
        text = one_line(text)
        if len(text) > MAX_HEADING_CHARACTERS:
            self.paragraph(text)
        else:
            self._add(Draft(BlockKind.HEADING, text, self.page, max(0, min(level, 6))))

    def paragraph(self, text: str) -> None:
        """A paragraph; line feeds inside it stay."""
        self._add(Draft(BlockKind.PARAGRAPH, clean(text).strip(), self.page))

    def item(self, text: str, *, depth: int, group: int, marker: str = "-") -> None:
        """A list item, at nesting `depth` from 0."""
        text = clean(text).strip()
        if text:
            shown = f"{marker} {text}" if marker else text
            self._add(Draft(BlockKind.LIST_ITEM, shown, self.page, depth, group))

    def row(
        self,
        cells: tuple[str, ...],
        *,
        group: int,
        header: tuple[str, ...] = (),
        is_header: bool = False,
        text: str = "",
    ) -> None:
        """A table row; `text` overrides how it is shown."""
        cells = tuple(one_line(cell) for cell in cells)
        if any(cells):
            shown = text or " | ".join(cells)
            self._add(
                Draft(
                    BlockKind.TABLE_ROW, clean(shown), self.page, 0, group, header, cells, is_header
                )
            )

    def code(self, text: str) -> None:
        """Lines of code, kept as they are."""
        self._add(Draft(BlockKind.CODE, clean(text), self.page, 0, self.new_group()))

    def finish(
        self,
        *,
        name: str,
        media_type: str,
        reader: str = "",
        pages: int | None = None,
        title: str = "",
    ) -> ParsedDocument:
        """The document: `title` as its metadata say, else its first heading, else `name`."""
        drafts, found = _with_title(self.drafts, guess=self.heading_may_be_title)
        wanted = one_line(title)
        if found is None and wanted and not _TOOL_TITLE.match(wanted):
            found = wanted
        text, blocks = _lay_out(drafts)
        return ParsedDocument(
            title=(found or stem(name))[:MAX_HEADING_CHARACTERS],
            text=text,
            blocks=blocks,
            pages=pages,
            media_type=media_type,
            reader=reader,
        )

    def _add(self, draft: Draft) -> None:
        if not draft.text.strip():
            return
        self._characters += len(draft.text)
        if len(self.drafts) >= MAX_BLOCKS:
            raise InvalidInput(
                f"the document has more than {MAX_BLOCKS:,} paragraphs and table rows; split it",
                code=Code.EXPANDS_TOO_FAR,
            )
        if self._characters > MAX_CHARACTERS:
            raise InvalidInput(
                f"the document has more than {MAX_CHARACTERS:,} characters of text; split it",
                code=Code.EXPANDS_TOO_FAR,
            )
        self.drafts.append(draft)


def stem(name: str) -> str:
    """A file name without folder and extension."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    return base.rsplit(".", 1)[0] if "." in base[1:] else base


def _with_title(drafts: list[Draft], *, guess: bool) -> tuple[list[Draft], str | None]:
    """Mark the title: the heading given as such, or a first heading alone on its level."""
    drafts = _without_twin(drafts)
    headings = [at for at, draft in enumerate(drafts) if draft.kind is BlockKind.HEADING]
    if not headings:
        return drafts, None
    given = next((at for at in headings if drafts[at].level == TITLE_LEVEL), None)
    if given is None:
        if not guess:
            return drafts, None
        first = headings[0]
        lowest = min(drafts[at].level for at in headings)
        alone = sum(drafts[at].level == lowest for at in headings) == 1
        if numbering(drafts[first].text) is not None:
            return drafts, None
        if first > _BLOCKS_BEFORE_TITLE or drafts[first].level != lowest or not alone:
            return drafts, None
        given = first
    marked = [
        replace(draft, level=1)
        if draft.kind is BlockKind.HEADING and draft.level == TITLE_LEVEL and at != given
        else draft
        for at, draft in enumerate(drafts)
    ]
    marked[given] = replace(marked[given], level=TITLE_LEVEL)
    return marked, marked[given].text


def _without_twin(drafts: list[Draft]) -> list[Draft]:
    """A title that is repeated at once as the first heading is one title."""
    if (
        len(drafts) > 1
        and all(draft.kind is BlockKind.HEADING for draft in drafts[:2])
        and drafts[0].level == TITLE_LEVEL
        and drafts[0].text == drafts[1].text
    ):
        return [drafts[0], *drafts[2:]]
    return drafts


def _lay_out(drafts: list[Draft]) -> tuple[str, tuple[Block, ...]]:
    parts: list[str] = []
    blocks: list[Block] = []
    above: list[tuple[int, str]] = []
    offset = 0
    previous: Draft | None = None
    for draft in drafts:
        gap = _gap(previous, draft)
        parts += (gap, draft.text)
        offset += len(gap)
        level = draft.level
        if draft.kind is BlockKind.HEADING:
            if level == TITLE_LEVEL:
                above, level = [], 1
            else:
                above = [entry for entry in above if entry[0] < level]
                above.append((level, draft.text))
        blocks.append(
            Block(
                kind=draft.kind,
                text=draft.text,
                start=offset,
                end=offset + len(draft.text),
                heading_path=tuple(text for _, text in above),
                page=draft.page,
                level=level,
                group=draft.group,
                header=draft.header,
                cells=draft.cells,
                is_header=draft.is_header,
            )
        )
        offset += len(draft.text)
        previous = draft
    return "".join(parts), tuple(blocks)


def _gap(previous: Draft | None, draft: Draft) -> str:
    if previous is None:
        return ""
    indent = "  " * min(draft.level, 8) if draft.kind is BlockKind.LIST_ITEM else ""
    together = draft.group is not None and draft.group == previous.group
    return ("\n" if together else "\n\n") + indent
