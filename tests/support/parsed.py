"""Documents built by hand for tests of segmentation, and parsing of text in this process."""

from hypothesis import strategies as st

from services.kernel.contracts.blocks import ParsedDocument
from services.parser.domain.build import parse_text
from services.parser.domain.writer import BlockWriter

MARKDOWN = "text/markdown"
PLAIN = "text/plain"
JSON = "application/json"
XML = "application/xml"


def parsed(text: str, media_type: str = MARKDOWN, name: str = "document.md") -> ParsedDocument:
    """The parsed document of a text."""
    return parse_text(text.encode(), name=name, media_type=media_type)


def outline(document: ParsedDocument) -> list[tuple[str, tuple[str, ...], str]]:
    """Kind, heading path and text of every block."""
    return [(b.kind.value, b.heading_path, b.text) for b in document.blocks]


_WORDS = st.sampled_from(
    [
        "报销",
        "上限为800元",
        "the budget",
        "is 49 EUR",
        "第二条",
        "P99",
        "，",
        "。",
        "x" * 30,
        "很长的句子没有标点",
    ]
)
_TEXT = st.lists(_WORDS, min_size=1, max_size=60).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    """Documents of any mixture of blocks."""
    writer = BlockWriter()
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(["heading", "paragraph", "items", "table", "code"]))
        if kind == "heading":
            writer.heading(draw(st.integers(0, 6)), draw(_WORDS))
        elif kind == "paragraph":
            writer.paragraph(draw(_TEXT))
        elif kind == "items":
            group = writer.new_group()
            for text in draw(st.lists(_TEXT, min_size=1, max_size=6)):
                writer.item(text, depth=draw(st.integers(0, 3)), group=group)
        elif kind == "table":
            group = writer.new_group()
            header = ("名称 Name", "值 Value") if draw(st.booleans()) else ()
            if header:
                writer.row(header, group=group, header=header, is_header=True)
            for _ in range(draw(st.integers(1, 30))):
                writer.row((draw(_WORDS), draw(_TEXT)), group=group, header=header)
        else:
            writer.code("\n".join(draw(st.lists(_TEXT, min_size=1, max_size=5))))
    writer.paragraph("last")
    return writer.finish(name="made.md", media_type=MARKDOWN)
