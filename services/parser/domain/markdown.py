"""Markdown -> HTML -> drafts, by a Markdown parser, never as plain text."""

import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from services.parser.domain.html import build_html
from services.parser.domain.writer import BlockWriter

_KNOWN_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "article",
        "aside",
        "b",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "li",
        "main",
        "mark",
        "menu",
        "nav",
        "noscript",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "s",
        "samp",
        "script",
        "section",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "summary",
        "sup",
        "svg",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
    ]
)
_TAG = re.compile(r"<(?=[/!?]?)(/?)([A-Za-z][\w:.-]*)?")
_FRONT_FIELD = re.compile(r"^([\w-]+)\s*:\s*(.+)$")
# Inline parsing is not linear in the length of a paragraph.
LONGEST_PARAGRAPH: Final = 400_000


def is_tame(text: str) -> bool:
    """Whether no paragraph is so long that a Markdown parser would choke on it."""
    return all(len(part) <= LONGEST_PARAGRAPH for part in text.split("\n\n"))


def build_markdown(writer: BlockWriter, text: str) -> str:
    """Draft the blocks of a Markdown text; its title by front matter, "" where it has none."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.use(front_matter_plugin)
    tokens = parser.parse(text)
    title = ""
    for token in tokens:
        if token.type == "front_matter":
            title = _front_matter(writer, token.content)
    _keep_unknown_tags(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    build_html(writer, str(html))
    return title


def _front_matter(writer: BlockWriter, content: str) -> str:
    """Its fields as one block of `key: value` lines; the value of `title`."""
    title = ""
    for line in content.split("\n"):
        found = _FRONT_FIELD.match(line.strip())
        if found and found.group(1).lower() == "title":
            title = found.group(2).strip().strip("\"'")
    writer.paragraph(content)
    return title


def _keep_unknown_tags(tokens: list[Token]) -> None:
    """`vector<int>` and `<your-key>` are text: only tags of HTML are tags."""
    for token in tokens:
        if token.type in {"html_block", "html_inline"}:
            token.content = _escape_unknown(token.content)
        if token.children:
            _keep_unknown_tags(token.children)


def _escape_unknown(html: str) -> str:
    def replace(found: re.Match[str]) -> str:
        name = found.group(2)
        if name is not None and name.lower() not in _KNOWN_TAGS:
            return "&lt;" + found.group(0)[1:]
        return found.group(0)

    return _TAG.sub(replace, html)


def is_markdown(text: str) -> bool:
    """Whether a text of another name is Markdown: it begins with a heading in its manner."""
    first = text.lstrip("\ufeff \t\r\n").split("\n", 1)[0]
    return bool(re.match(r"#{1,3} \S", first)) and not first.startswith("#!")


_PAGE = re.compile(
    r"(?:\s++|(?><!--.*?-->)|(?><\?xml[^>]*\?>))*+<(?:!doctype html|html|head|body|main|header"
    r"|nav|article|"
    r"section|div|h[1-6]|p|table|ul|ol|dl)\b[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_PRE = re.compile(r"<pre\b.*?</pre\s*>", re.IGNORECASE | re.DOTALL)
_MARKS = re.compile(r"^(?:#{1,6} |```|~~~|[-*+] |\d{1,3}[.)] |\|)", re.MULTILINE)
_FEWEST_CLOSED: Final = 3


def is_html(text: str) -> bool:
    """Whether a text is a page of HTML from its first to its last tag, with no Markdown between:
    a Markdown parser would take what is indented after a blank line for code.
    """
    body = text.strip("\ufeff \t\r\n")
    if not body.endswith(">") or _PAGE.match(body) is None:
        return False
    return body.count("</") >= _FEWEST_CLOSED and _MARKS.search(_PRE.sub("", body)) is None
