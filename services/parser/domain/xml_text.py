"""XML -> drafts: documents by their vocabulary, data by their structure; attributes kept.

Entities that a file declares itself are refused, so nothing can be expanded or fetched.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from services.kernel.contracts.errors import Code, InvalidInput
from services.parser.domain.data import MAX_DEPTH, Data, DataWriter, flatten, record_text
from services.parser.domain.html import HtmlBuilder
from services.parser.domain.writer import BlockWriter

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);|#)([A-Za-z][A-Za-z0-9]*);")
_TEXTUAL: Final = frozenset(
    [
        "p",
        "para",
        "simpara",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "listitem",
        "list-item",
        "td",
        "th",
        "entry",
        "blockquote",
        "pre",
    ]
)
_SECTIONS: Final = frozenset(
    [
        "sec",
        "section",
        "sect1",
        "sect2",
        "sect3",
        "sect4",
        "chapter",
        "part",
        "appendix",
        "article",
        "book",
        "abstract",
        "preface",
        "div",
        "topic",
        "concept",
        "task",
        "body",
        "back",
        "ack",
        "glossary",
        "app",
        "ref-list",
        "boxed-text",
    ]
)
_TITLES: Final = frozenset({"title", "head", "heading", "article-title", "book-title"})
_ALIASES: Final = {
    "para": "p", "simpara": "p", "list": "ul", "itemizedlist": "ul", "orderedlist": "ol",
    "listitem": "li", "list-item": "li", "row": "tr", "entry": "td", "programlisting": "pre",
    "code-block": "pre", "codeblock": "pre", "screen": "pre", "disp-quote": "blockquote",
    "informaltable": "table", "tgroup": "tbody", "bold": "b", "italic": "i", "emphasis": "i",
}  # fmt: skip
_INLINE_BLOCKS: Final = frozenset({"ul", "ol", "table", "pre"})
_CHUNK: Final = 1 << 16


@dataclass(slots=True)
class Node:
    """An element. parts: text and elements in order; textual: itself or something below it is
    text of a document (a paragraph, an item, a cell).
    """

    tag: str
    attributes: dict[str, str]
    parts: list["Node | str"] = field(default_factory=list)
    textual: bool = False

    def children(self) -> Iterator["Node"]:
        """Elements directly below."""
        return (part for part in self.parts if isinstance(part, Node))

    def own_text(self) -> str:
        """Text directly inside."""
        return "".join(part for part in self.parts if isinstance(part, str)).strip()


def build_xml(writer: BlockWriter, text: str) -> str:
    """Draft an XML text; its title, "" where it has none. InvalidInput CORRUPT when it is not
    well-formed, EXPANDS_TOO_FAR when it is nested too deep or declares entities.
    """
    root = _parse(text)
    if root.textual:
        return _Document(writer).write(root)
    DataWriter(writer).write(_rooted(root))
    return ""


def _rooted(root: Node) -> Data:
    data = to_data(root)
    if isinstance(data, dict) and len(data) == 1:
        # <factbook><country/>…</factbook>: a list of records under its own name
        (key, inner), *_ = data.items()
        return {key: inner} if isinstance(inner, list) else data
    return data


def _parse(text: str) -> Node:
    parser = expat.ParserCreate(namespace_separator=None)
    top = Node("", {})
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > MAX_DEPTH:
            raise InvalidInput(
                f"the XML is nested deeper than {MAX_DEPTH} levels", code=Code.EXPANDS_TOO_FAR
            )
        named = {key: value for key, value in attributes.items() if not key.startswith("xmlns")}
        node = Node(name, named)
        node.textual = _local(name) in _TEXTUAL
        stack[-1].parts.append(node)
        stack.append(node)

    def end(_: str) -> None:
        closed = stack.pop()
        stack[-1].textual = stack[-1].textual or closed.textual

    def data(characters: str) -> None:
        stack[-1].parts.append(characters)

    def entity(*_: object) -> None:
        raise InvalidInput(
            "the XML declares entities of its own, which are not read",
            code=Code.EXPANDS_TOO_FAR,
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.EntityDeclHandler = entity
    parser.buffer_text = True
    body = _DECLARATION.sub("", text.lstrip("\ufeff"))
    body = _ENTITY.sub(lambda found: html.unescape(found.group(0)).replace("&", "&amp;"), body)
    try:
        for at in range(0, len(body), _CHUNK):
            parser.Parse(body[at : at + _CHUNK].encode("utf-8", "replace"), False)
        parser.Parse(b"", True)
    except expat.ExpatError as problem:
        raise InvalidInput(f"the XML is not well-formed: {problem}", code=Code.CORRUPT) from problem
    return next(top.children())


def to_data(node: Node) -> Data:
    """An element as data: attributes as `@name`, repeated children as lists, text as such."""
    fields: dict[str, Data] = {f"@{key}": value for key, value in node.attributes.items()}
    repeated: dict[str, int] = {}
    for child in node.children():
        repeated[child.tag] = repeated.get(child.tag, 0) + 1
    for child in node.children():
        value = to_data(child)
        if repeated[child.tag] > 1:
            known = fields.setdefault(child.tag, [])
            if isinstance(known, list):
                known.append(value)
        else:
            fields[child.tag] = value
    text = " ".join(node.own_text().split())
    if not fields:
        return text
    if text:
        fields[""] = text
    return fields


class _Document:
    """Feeds an XML document to the HTML builder, sections becoming headings."""

    def __init__(self, writer: BlockWriter) -> None:
        self._out = writer
        self._html = HtmlBuilder(writer, emphasis=False)

    def write(self, root: Node) -> str:
        self._element(root, 1, mixed=False)
        self._html.close()
        return " ".join(_title(root).split())

    def _element(self, node: Node, level: int, *, mixed: bool) -> None:
        tag = _local(node.tag)
        tag = "p" if tag in _TITLES else _ALIASES.get(tag, tag)
        if tag in _SECTIONS or (
            not mixed and node.textual and tag not in _TEXTUAL | _INLINE_BLOCKS
        ):
            self._section(node, tag, level)
        elif mixed or node.textual or tag in _INLINE_BLOCKS or tag == "br":
            self._markup(node, tag, level)
        else:
            self._data(node)

    def _section(self, node: Node, tag: str, level: int) -> None:
        title = next((child for child in node.children() if _local(child.tag) in _TITLES), None)
        is_section = tag in _SECTIONS
        if title is not None and is_section:
            self._heading(title, level)
        elif tag in {"abstract", "appendix", "preface", "glossary"}:
            self._html.start(f"h{min(level, 6)}", {})
            self._html.data(tag.capitalize())
            self._html.end(f"h{min(level, 6)}")
        self._html.start("div", {})
        waiting: list[Node] = []
        has_text = bool(node.own_text())
        for part in node.parts:
            if isinstance(part, str):
                self._html.data(part)
            elif part is title and is_section:
                continue
            elif part.textual or has_text or _ALIASES.get(_local(part.tag)) or _is_html(part):
                self._records(waiting)
                deeper = level + 1 if title is not None and is_section else level
                self._element(part, deeper, mixed=has_text)
            else:
                waiting.append(part)
        self._records(waiting)
        self._html.end("div")

    def _heading(self, title: Node, level: int) -> None:
        tag = f"h{min(level, 6)}"
        self._html.start(tag, {})
        self._inner(title, level)
        self._html.end(tag)

    def _markup(self, node: Node, tag: str, level: int) -> None:
        self._html.start(tag, node.attributes)
        self._inner(node, level)
        self._html.end(tag)

    def _inner(self, node: Node, level: int) -> None:
        for part in node.parts:
            if isinstance(part, str):
                self._html.data(part)
            else:
                self._element(part, level, mixed=True)

    def _data(self, node: Node) -> None:
        self._records([node])

    def _records(self, nodes: list[Node]) -> None:
        """Elements that hold data: `name: value` lines, in one paragraph."""
        if not nodes:
            return
        self._html.start("div", {})
        self._html.end("div")
        leaves = [
            (".".join(filter(None, (node.tag, path))), value)
            for node in nodes
            for path, value in flatten(to_data(node))
        ]
        nodes.clear()
        if leaves:
            self._out.paragraph(record_text(leaves))


def _title(root: Node) -> str:
    """The document's own title, as the usual vocabularies name it."""
    waiting = list(root.children())
    while waiting:
        node = waiting.pop(0)
        if _local(node.tag) in {"article-title", "book-title", "title"}:
            return _all_text(node)
        if _local(node.tag) in {
            "front",
            "article-meta",
            "title-group",
            "book-meta",
            "info",
            "head",
        }:
            waiting = [*node.children(), *waiting]
    return ""


def _all_text(node: Node) -> str:
    return "".join(part if isinstance(part, str) else _all_text(part) for part in node.parts)


def _is_html(node: Node) -> bool:
    return _local(node.tag) in {"ul", "ol", "table", "pre", "br", "hr", "tr", "thead", "tbody"}


def _local(tag: str) -> str:
    return tag.rsplit(":", 1)[-1].lower()
