"""The small HTML vocabulary -> drafts: the one builder behind PDF, DOCX, DOC, Markdown and HTML.

Driven by events, so that neither depth nor size needs a tree in memory.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from services.parser.domain.headings import looks_like_heading
from services.parser.domain.tables import Table
from services.parser.domain.writer import BlockWriter, clean, one_line

_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_PARAGRAPHS: Final = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "nav",
        "address",
        "blockquote",
        "figure",
        "figcaption",
        "dl",
        "dt",
        "dd",
        "body",
        "form",
        "fieldset",
        "details",
        "summary",
        "center",
        "hr",
        "caption",
        "page",
        "doc",
        "document",
        "root",
    ]
)
_LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
_ROWS: Final = frozenset({"td", "th"})
_CODE: Final = frozenset({"pre", "listing", "xmp"})
_SKIPPED: Final = frozenset(
    {"script", "style", "template", "noscript", "svg", "math", "object", "iframe", "select"}
)
_BOLD: Final = frozenset({"b", "strong"})
_DEEPEST_BOLD: Final = 6
_WHITE = re.compile(r"[ \t\r\n\f]+")
_CJK: Final = "\u3400-\u9fff\u3000-\u303f\uff00-\uffef"
_CJK_BREAK = re.compile(f"(?<=[{_CJK}])[ \t]*\r?\n[ \t]*(?=[{_CJK}])")
_FILE_LIKE = re.compile(r"^\S*\.(png|jpe?g|gif|bmp|svg|webp|emf|wmf|tiff?)$", re.IGNORECASE)
_LINK = re.compile(r"^(https?://|mailto:|ftp://)", re.IGNORECASE)
_LIST_CLASS = re.compile(r"^list", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[•●◦▪·○■◆➢✓*–-]\s+")
_ORDERED = re.compile(r"^\s*(\d{1,3}[.)、）]|[a-z][.)])\s+")
_CHUNK: Final = 1 << 16


class HtmlBuilder:
    """An lxml parser target: events in, drafts out.

    emphasis: whether a short paragraph that is bold throughout is a heading.
    """

    def __init__(self, writer: BlockWriter, *, emphasis: bool = True) -> None:
        self.title = ""
        self._out = writer
        self._emphasis = emphasis
        self._text: list[str] = []
        self._bold = 0
        self._bold_characters = 0
        self._skipped = 0
        self._heading: int | None = None
        self._lists: list[tuple[str, int, int]] = []  # tag, number of the next item, group
        self._marker = ""
        self._in_item = False
        self._tables: list[Table] = []
        self._pre = 0
        self._in_title = False
        self._links: list[str] = []
        self._class_items: int | None = None
        self._paragraph_class = ""

    # -- lxml's target interface -------------------------------------------------------------

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element opens."""
        tag = _local(tag)
        if self._skipped or tag in _SKIPPED:
            self._skipped += 1
            return
        if self._tables and tag in {"table", "tr", "td", "th", "thead", "tbody"}:
            self._table_start(tag, attributes)
        elif tag == "table":
            self._flush()
            self._tables.append(Table(self._out, self._out.new_group()))
        elif self._tables:
            self._inline_start(tag, attributes)
            if tag in _PARAGRAPHS or tag in _HEADINGS or tag in {"li", "br"} | _CODE:
                self._text.append("\n")
        else:
            self._block_start(tag, attributes)

    def end(self, tag: str) -> None:
        """An element closes."""
        tag = _local(tag)
        if self._skipped:
            self._skipped -= 1
            return
        if self._tables and tag in {"table", "tr", "td", "th", "thead", "tbody"}:
            self._table_end(tag)
        elif self._tables:
            self._inline_end(tag)
            if tag in _PARAGRAPHS:
                self._text.append("\n")
        else:
            self._block_end(tag)

    def data(self, data: str | bytes) -> None:
        """Text between tags."""
        text = data if isinstance(data, str) else data.decode("utf-8", "replace")
        if self._skipped:
            return
        if self._in_title:
            self.title += text
        elif self._pre:
            self._text.append(text)
        else:
            text = _WHITE.sub(" ", _CJK_BREAK.sub("", text))
            self._text.append(text)
            if self._bold:
                self._bold_characters += len(text.replace(" ", ""))

    def comment(self, text: str | bytes) -> None:
        """Comments say nothing to readers."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Nor do processing instructions."""

    def close(self) -> None:
        """The document ends; whatever is open is written."""
        while self._tables:
            self._table_end("table")
        self._flush()

    # -- tables ------------------------------------------------------------------------------

    def _table_start(self, tag: str, attributes: Mapping[str, str]) -> None:
        table = self._tables[-1]
        if tag == "table":
            table.push_text(self._take())
            self._tables.append(Table(self._out, table.group, nested=True))
        elif tag == "tr":
            table.end_row(self._take())
        elif tag in _ROWS:
            table.start_cell(
                self._take(),
                heading=tag == "th",
                across=_span(attributes.get("colspan")),
                down=_span(attributes.get("rowspan")),
            )
        else:
            table.end_row(self._take())
            table.in_head = tag == "thead"

    def _table_end(self, tag: str) -> None:
        table = self._tables[-1]
        if tag in _ROWS:
            table.end_cell(self._take())
        elif tag == "tr":
            table.end_row(self._take())
        elif tag == "thead":
            table.in_head = False
        elif tag == "table":
            table.end_row(self._take())
            self._tables.pop()
            inner = table.finish()
            if self._tables:
                self._text.append(inner)
            elif inner:
                self._out.paragraph(inner)

    # -- everything else ---------------------------------------------------------------------

    def _block_start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _HEADINGS:
            self._flush()
            self._heading = 0 if "title" in attributes.get("class", "").split() else _HEADINGS[tag]
            if "subtitle" in attributes.get("class", ""):
                self._heading = None
        elif tag in _LISTS:
            self._flush()
            first = attributes.get("start", "1")
            number = int(first) if first.isdigit() and len(first) < 7 else 1  # noqa: PLR2004 - more is no number
            group = self._lists[0][2] if self._lists else self._out.new_group()
            self._lists.append((tag, number, group))
        elif tag == "li":
            self._flush()
            self._open_item()
        elif tag in _CODE:
            self._flush()
            self._pre += 1
        elif tag in _PARAGRAPHS:
            self._flush()
            if "page" in attributes.get("class", "").split():
                self._out.page = (self._out.page or 0) + 1
            self._paragraph_class = attributes.get("class", "") if tag == "p" else ""
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self._text.append("\n")
        else:
            self._inline_start(tag, attributes)

    def _block_end(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._flush()
            self._heading = None
        elif tag in _LISTS:
            self._flush()
            if self._lists:
                self._lists.pop()
            self._in_item = bool(self._lists)
        elif tag == "li":
            self._flush()
            self._marker = ""
        elif tag in _CODE:
            self._write_code()
        elif tag in _PARAGRAPHS:
            self._flush()
            self._paragraph_class = ""
        elif tag == "title":
            self._in_title = False
        else:
            self._inline_end(tag)

    def _inline_start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _BOLD:
            self._bold += 1
        elif tag == "a":
            self._links.append(attributes.get("href", ""))
        elif tag == "img":
            alt = one_line(attributes.get("alt", ""))
            if alt and not _FILE_LIKE.match(alt):
                self._text.append(f" {alt} ")

    def _inline_end(self, tag: str) -> None:
        if tag in _BOLD:
            self._bold = max(0, self._bold - 1)
        elif tag == "a" and self._links:
            target = self._links.pop()
            shown = target.removeprefix("mailto:")
            if _LINK.match(target) and shown not in "".join(self._text):
                self._text.append(f" ({shown})")

    def _open_item(self) -> None:
        if not self._lists:
            self._lists.append(("ul", 1, self._out.new_group()))
        tag, number, group = self._lists[-1]
        self._marker = f"{number}." if tag == "ol" else "-"
        self._lists[-1] = (tag, number + 1, group)
        self._in_item = True

    def _take(self) -> str:
        text = "".join(self._text)
        self._text.clear()
        self._bold_characters = 0
        return text

    def _write_code(self) -> None:
        self._pre = max(0, self._pre - 1)
        text = "".join(self._text).strip("\n")
        if not self._pre and text.strip():
            self._take()
            self._out.code(text)

    def _flush(self) -> None:
        if self._pre:
            return
        bold = self._bold_characters
        text = "\n".join(line.strip() for line in self._take().split("\n"))
        text = re.sub(" {2,}", " ", clean(text)).strip()
        if not text:
            return
        if self._heading is not None:
            self._out.heading(self._heading, text)
        elif self._lists and self._in_item:
            _, _, group = self._lists[-1]
            self._out.item(text, depth=len(self._lists) - 1, group=group, marker=self._marker)
            self._marker = ""
        elif _LIST_CLASS.match(self._paragraph_class):
            self._class_item(text)
        elif self._is_emphasised(text, bold):
            self._class_items = None
            self._out.heading(_DEEPEST_BOLD, text)
        else:
            self._class_items = None
            self._out.paragraph(text)

    def _class_item(self, text: str) -> None:
        """Tika's list paragraphs: `<p class="list_Bullet">`, the marker inside the text."""
        if self._class_items is None:
            self._class_items = self._out.new_group()
        bullet = _BULLET.match(text)
        marker = "" if _ORDERED.match(text) else "-"
        rest = text[bullet.end() :] if bullet else text
        self._out.item(rest, depth=0, group=self._class_items, marker=marker)

    def _is_emphasised(self, text: str, bold: int) -> bool:

        visible = len(text.replace(" ", "").replace("\n", ""))
        return (
            self._emphasis
            and not self._lists
            and "\n" not in text
            and bold >= visible
            and looks_like_heading(text)
        )


def build_html(writer: BlockWriter, html: str, *, emphasis: bool = True) -> str:
    """Draft the blocks of `html`; the content of its `title` element, "" where there is none."""
    builder = HtmlBuilder(writer, emphasis=emphasis)
    target: Any = builder  # lxml's stubs want str | bytes everywhere; HTML comes as str
    parser = etree.HTMLParser(target=target, huge_tree=True, no_network=True)
    parser.feed("<html>")
    for start in range(0, len(html), _CHUNK):
        parser.feed(html[start : start + _CHUNK])
    parser.close()
    return one_line(builder.title)


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1].rsplit(":", 1)[-1].lower()


def _span(value: str | None) -> int:
    """A colspan or rowspan, within what a table can honestly have."""
    return min(int(value), 100) if value and value.isdigit() else 1
