"""A parsed document: its text and the blocks that lie on it.

`ParsedDocument.text` is the whole text in reading order; every block is a span of it:
`text[block.start:block.end] == block.text`, exactly. Offsets are in characters (code points).
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.contracts.skills import Skill


class BlockKind(StrEnum):
    """What a block is; segmentation treats each kind differently."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    CODE = "code"


class Block(BaseModel):
    """One block in reading order.

    heading_path: headings above it, outermost first, document title left out; for a HEADING its
    own text is the last entry. page: 1-based page on which it begins, None where the format has
    no pages. level: 1..6 for headings, nesting depth (0-based) for list items, else 0.
    group: number that consecutive rows of one table, items of one list or lines of one code
    block share; None for others. header: for a TABLE_ROW the column names of its table (empty
    when it has none); a header row itself is a TABLE_ROW with `is_header`.
    cells: for a TABLE_ROW its cells, as shown in `text`.
    """

    model_config = ConfigDict(frozen=True)

    kind: BlockKind
    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    heading_path: tuple[str, ...] = ()
    page: int | None = None
    level: int = 0
    group: int | None = None
    header: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    is_header: bool = False


class ParsedDocument(BaseModel):
    """What the parser leaves in the parsed blob (JSON, UTF-8).

    title: the document's own title, else its file name without extension.
    pages: number of pages where the format counts them. media_type: as detected.
    skill: what a skill file says; its text is not cut into passages.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    text: str
    blocks: tuple[Block, ...]
    pages: int | None = None
    media_type: str = ""
    reader: str = ""
    skill: Skill | None = None


class Passage(BaseModel):
    """A segment of a parsed document: what search returns, and its citation.

    text: what is returned; it begins with the repeated header row where a table was cut, so it
    may be longer than `parsed.text[start:end]`. start, end: characters of the parsed text.
    context: `title › heading › heading`, embedded and indexed with the text, never returned as
    text. ordinal: 0-based position in the document.
    """

    model_config = ConfigDict(frozen=True)

    ordinal: int = Field(ge=0)
    text: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    title: str
    heading_path: tuple[str, ...] = ()
    page_first: int | None = None
    page_last: int | None = None
    context: str = ""
    tokens: int = 0
