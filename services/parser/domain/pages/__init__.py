"""Pages of a PDF -> drafts: sizes and positions tell headings, tables, lists and paragraphs."""

from services.kernel.ports.reader import Reading
from services.parser.domain.lines import write_lines
from services.parser.domain.outline import mark_headings
from services.parser.domain.pages.flow import flow
from services.parser.domain.pages.marks import marked_by_style
from services.parser.domain.pages.plain_pages import lines_of_html
from services.parser.domain.pages.running import without_running
from services.parser.domain.writer import BlockWriter


def build_pages(writer: BlockWriter, reading: Reading) -> None:
    """Draft the blocks of a PDF: by its layout where the reader knows it, else by its text."""
    if not reading.layout:
        write_lines(writer, mark_headings(lines_of_html(reading.html), title=True))
        return
    pages = without_running(reading.layout)
    write_lines(writer, marked_by_style(flow(pages), reading.bookmarks))
