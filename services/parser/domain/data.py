"""Data trees (JSON, and XML that is data) -> drafts: paths become headings, records stay whole."""

import re
from typing import Final

from services.parser.domain.writer import TITLE_LEVEL, BlockWriter

Data = str | list["Data"] | dict[str, "Data"]

MAX_DEPTH: Final = 200
_LARGEST_RECORD: Final = 60
_LONG: Final = 160
_LONGEST_NAME: Final = 120
_DEEPEST: Final = 6
_NAMES: Final = [
    "title",
    "heading",
    "header",
    "headline",
    "subject",
    "name",
    "caption",
    "question",
    "label",
    "标题",
    "题目",
    "名称",
    "章节",
    "主题",
    "问题",
    "姓名",
]
_CONTENTS: Final = frozenset(
    [
        "content",
        "contents",
        "body",
        "text",
        "paragraphs",
        "paragraph",
        "value",
        "description",
        "answer",
        "summary",
        "section",
        "sections",
        "chapters",
        "chapter",
        "children",
        "items",
        "item",
        "blocks",
        "entries",
        "pages",
        "page",
        "parts",
        "data",
        "内容",
        "正文",
        "段落",
        "章节",
        "子章节",
        "条目",
        "描述",
        "说明",
        "答案",
        "摘要",
    ]
)
_HELD: Final = frozenset({"level", "depth", "标题级别", "层级"})


class DataWriter:
    """Walks a tree of dictionaries, lists and strings.

    An object with a name and content is a section; a flat one is a record: one row that shows its
    own keys. What is nested without a name stands under its key as a heading.
    """

    def __init__(self, writer: BlockWriter) -> None:
        self._out = writer
        writer.heading_may_be_title = False

    def write(self, data: Data) -> None:
        """Draft the whole tree."""
        if isinstance(data, dict):
            name = _name_of(data)
            if name and _is_section(data, name):
                self._out.heading(TITLE_LEVEL, str(data[name]))
                data = {key: value for key, value in data.items() if key != name}
            self._fields(data, 1)
        elif isinstance(data, list):
            self._list("", data, 1)
        else:
            self._out.paragraph(data)

    def _object(self, key: str, data: dict[str, Data], level: int) -> None:
        """An object with something nested, or a name: a section."""
        name = _name_of(data)
        if name and _is_section(data, name):
            level = _given_level(data) or level
            self._out.heading(min(level, _DEEPEST), str(data[name]))
            rest = {k: v for k, v in data.items() if k != name and k not in _HELD}
            self._fields(rest, level + 1)
            return
        leaves = flatten(data)
        if len(leaves) <= _LARGEST_RECORD:
            self._labelled(key, leaves)
            return
        if key:
            label = str(data[name]) if name and isinstance(data[name], str) else key
            self._out.heading(min(level, _DEEPEST), label[:_LONGEST_NAME])
        self._fields(data, level + 1)

    def _fields(self, data: dict[str, Data], level: int) -> None:
        lines: list[str] = []
        for key, value in data.items():
            if isinstance(value, str):
                if key in _CONTENTS and len(value) > _LONG:
                    self._lines(lines)
                    self._out.paragraph(value)
                elif value:
                    lines.append(f"{key}: {value}" if key else value)
            elif value:
                if isinstance(value, list) and _is_short(value) and key.lower() not in _CONTENTS:
                    lines.append(f"{key}: {', '.join(str(part) for part in value)}")
                    continue
                self._lines(lines)
                if isinstance(value, dict):
                    self._object(key, value, level)
                else:
                    self._list(key, value, level)
        self._lines(lines)

    def _list(self, key: str, values: list[Data], level: int) -> None:
        content = key.lower() in _CONTENTS or not key
        if not content:
            self._out.heading(min(level, _DEEPEST), key)
            level += 1
        group = self._out.new_group()
        fallen = 0
        for at, value in enumerate(values):
            if isinstance(value, str):
                self._out.paragraph(value)
                fallen = at + 1
            elif isinstance(value, list):
                if _is_short(value):
                    self._out.row(tuple(str(part) for part in value), group=group)
                else:
                    self._list("", value, level)
            elif _is_record(value):
                leaves = flatten(value)
                self._out.row(
                    tuple(text for _, text in leaves), group=group, text=record_text(leaves)
                )
            else:
                if fallen != at:
                    group = self._out.new_group()
                self._object(f"{key}[{at}]" if key else f"[{at}]", value, level)

    def _labelled(self, key: str, leaves: list[tuple[str, str]]) -> None:
        """A small object: each field on a line, with its path."""
        text = "\n".join(
            f"{key}.{path}: {value}" if key and path else f"{key or path}: {value}"
            for path, value in leaves
        )
        self._out.paragraph(text)

    def _lines(self, lines: list[str]) -> None:
        if lines:
            self._out.paragraph("\n".join(lines))
            lines.clear()


def flatten(data: Data) -> list[tuple[str, str]]:
    """Every leaf with its dotted path; a list of short words is one leaf."""
    leaves: list[tuple[str, str]] = []
    waiting: list[tuple[str, Data]] = [("", data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            if value.strip():
                leaves.append((path, value.strip()))
        elif isinstance(value, dict):
            waiting += [
                (f"{path}.{key}" if path and key else path or key, inner)
                for key, inner in reversed(value.items())
            ]
        elif _is_short(value):
            leaves.append((path, ", ".join(str(part) for part in value)))
        else:
            waiting += [(f"{path}[{at}]", value[at]) for at in reversed(range(len(value)))]
    return leaves


def record_text(leaves: list[tuple[str, str]]) -> str:
    """`key: value` for each leaf, on one line where it is short."""
    pairs = [f"{path}: {value}" if path else value for path, value in leaves]
    line = "; ".join(pairs)
    return line if len(line) <= 2 * _LONG and "\n" not in line else "\n".join(pairs)


def _is_record(data: dict[str, Data]) -> bool:
    """Small enough to be one row, and no section of a text."""
    name = _name_of(data)
    if name and _is_section(data, name):
        return False
    return len(flatten(data)) <= _LARGEST_RECORD


def _is_section(data: dict[str, Data], name: str) -> bool:
    """Named, with text or parts below: a section, not a record."""
    title = data[name]
    if not isinstance(title, str) or not title.strip() or len(title) > _LONGEST_NAME:
        return False
    if _given_level(data):
        return True
    for key, value in data.items():
        if key == name:
            continue
        if isinstance(value, str) and key.lower() in _CONTENTS and len(value) > _LONG // 2:
            return True
        if isinstance(value, list | dict) and key.lower() in _CONTENTS:
            return True
        if isinstance(value, list) and any(isinstance(part, dict) for part in value):
            return True
    return False


def _name_of(data: dict[str, Data]) -> str:
    lowered = {key.lower(): key for key in data}
    return next(
        (lowered[name] for name in _NAMES if isinstance(data.get(lowered.get(name, name)), str)),
        "",
    )


def _given_level(data: dict[str, Data]) -> int:
    for key, value in data.items():
        if key.lower() in _HELD and isinstance(value, str) and re.fullmatch("[1-6]", value):
            return int(value)
    return 0


def _is_short(values: list[Data]) -> bool:
    """Scalars that read well on one line."""
    return (
        bool(values)
        and all(isinstance(value, str) for value in values)
        and sum(len(str(value)) for value in values) <= _LONG
        and all(len(str(value)) <= _LONG // 4 for value in values)
    )
