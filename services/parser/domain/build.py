"""From a file's bytes, or from what a reader yields, to the parsed document."""

from typing import BinaryIO, Final

from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.skills import ARCHIVE, MARKDOWN
from services.kernel.language.skill_files import read_skill
from services.kernel.ports.reader import Reading
from services.parser.domain.decoding import decode
from services.parser.domain.html import build_html
from services.parser.domain.json_text import build_json
from services.parser.domain.markdown import build_markdown, is_html, is_markdown, is_tame
from services.parser.domain.pages import build_pages
from services.parser.domain.plain import build_plain
from services.parser.domain.promotion import promote_headings
from services.parser.domain.quality import check_quality
from services.parser.domain.writer import MAX_CHARACTERS, BlockWriter
from services.parser.domain.xml_text import build_xml

PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
DOC: Final = "application/msword"
READER_TYPES: Final = frozenset({PDF, DOCX, DOC})
"""Types that need a reader."""

_MARKDOWN: Final = frozenset({"text/markdown", "text/x-markdown"})
_JSON: Final = frozenset({"application/json", "text/json"})
_XML: Final = frozenset({"application/xml", "text/xml"})
TEXT_TYPES: Final = _MARKDOWN | _JSON | _XML | {"text/plain"}
"""Types that are text and are parsed here."""
SKILL_TYPES: Final = frozenset({ARCHIVE, MARKDOWN})
"""Types of skill files."""

_BYTES_A_CHARACTER: Final = 4


def parse_text(data: bytes, *, name: str, media_type: str) -> ParsedDocument:
    """A TXT, MD, JSON or XML file. InvalidInput with the document's own code: EMPTY, NO_TEXT,
    CORRUPT, GARBAGE_TEXT, EXPANDS_TOO_FAR.
    """
    if not data.strip():
        raise InvalidInput("the file is empty", code=Code.EMPTY)
    if len(data) > MAX_CHARACTERS * _BYTES_A_CHARACTER:
        raise InvalidInput(
            f"the file has more than {MAX_CHARACTERS:,} characters of text; split it",
            code=Code.EXPANDS_TOO_FAR,
        )
    text = decode(data)
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(
            f"the file has {len(text):,} characters of text, {MAX_CHARACTERS:,} are read; split it",
            code=Code.EXPANDS_TOO_FAR,
        )
    if not text.strip("\ufeff\x00 \t\r\n\u3000"):
        raise InvalidInput("the file is empty", code=Code.EMPTY)
    writer = BlockWriter()
    title = ""
    if media_type in _JSON:
        build_json(writer, text)
    elif media_type in _XML:
        title = build_xml(writer, text)
    elif is_html(text):
        title = build_html(writer, text)
    elif (media_type in _MARKDOWN or is_markdown(text)) and is_tame(text):
        title = build_markdown(writer, text)
    else:
        build_plain(writer, text)
    document = writer.finish(name=name, media_type=media_type, reader="text", title=title)
    check_quality(document)
    return document


def parse_skill(source: BinaryIO, *, name: str, media_type: str) -> ParsedDocument:
    """A skill's file; its text is what is searched. InvalidInput as `read_skill`."""
    skill, _ = read_skill(source, name=name)
    parts = (skill.description, skill.procedure, *skill.experience, *skill.examples)
    return ParsedDocument(
        title=skill.name,
        text="\n\n".join(part for part in parts if part),
        blocks=(),
        media_type=media_type,
        reader="skill",
        skill=skill,
    )


def parse_reading(reading: Reading, *, name: str, media_type: str) -> ParsedDocument:
    """What a reader yielded. InvalidInput NO_TEXT, GARBAGE_TEXT or EXPANDS_TOO_FAR."""
    writer = BlockWriter()
    title = reading.title
    if media_type == PDF:
        build_pages(writer, reading)
    else:
        title = build_html(writer, reading.html) or title
        promote_headings(writer)
    document = writer.finish(
        name=name,
        media_type=media_type,
        reader=reading.reader,
        pages=reading.pages,
        title=title,
    )
    check_quality(document)
    return document
