"""SKILL.md: YAML front matter that names the skill, then its instructions in Markdown."""

import re
from typing import Any, Final

import yaml

from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.skills import MAX_TEXT_BYTES, Skill

_LONGEST_NAME: Final = 255
_LONGEST_DESCRIPTION: Final = 4000
_FENCE: Final = "---"
_HEADING: Final = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_CODE: Final = re.compile(r" {0,3}(```|~~~)")
_ITEM: Final = re.compile(r"[-*+][ \t]+|\d{1,3}[.)][ \t]+")
# Headings of the sections that the API shows apart, without case and punctuation.
_PARTS: Final = {
    **dict.fromkeys(("experience", "experiences", "lessons learned", "经验"), "experience"),
    **dict.fromkeys(("preference", "preferences", "偏好", "用户偏好"), "preference"),
    **dict.fromkeys(("example", "examples", "示例", "例子", "样例"), "examples"),
}


class _PlainLoader(yaml.BaseLoader):
    """Reads every scalar as text, and no alias: one could stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            message = "aliases (*name) are not allowed"
            raise yaml.YAMLError(message)
        return super().compose_node(parent, index)


def read_text(raw: bytes, *, name: str) -> Skill:
    """Return the skill in a SKILL.md; name: of the file, for messages. InvalidInput
    FILE_TOO_LARGE, EMPTY, GARBAGE_TEXT, FIELD_MISSING or WRONG_PARAMETERS.
    """
    if len(raw) > MAX_TEXT_BYTES:
        raise InvalidInput(
            f"{name!r} has {len(raw) / 1024:.0f} KB; the text of a skill has at most "
            f"{MAX_TEXT_BYTES // 1024} KB",
            code=Code.FILE_TOO_LARGE,
        )
    if not raw.strip():
        raise InvalidInput(f"{name!r} is empty", code=Code.EMPTY)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{name!r} is no UTF-8 text; save it as UTF-8", code=Code.GARBAGE_TEXT
        ) from error
    if "\x00" in text:
        raise InvalidInput(f"{name!r} is no text: it holds NUL bytes", code=Code.GARBAGE_TEXT)
    front, body = _front_matter(text, name)
    given = {key: front.pop(key, None) for key in ("name", "description")}
    for key, value in given.items():
        if not isinstance(value, str) or not value.strip():
            raise InvalidInput(
                f"{name!r}: the front matter must hold `{key}` as a text", code=Code.FIELD_MISSING
            )
    procedure, parts = _parts(body)
    return Skill(
        name=_within(given["name"], _LONGEST_NAME, f"{name!r}: `name`"),
        description=_within(given["description"], _LONGEST_DESCRIPTION, f"{name!r}: `description`"),
        procedure=procedure,
        others=front,
        **{part: tuple(found) for part, found in parts.items()},
    )


def _within(value: str, longest: int, what: str) -> str:
    value = " ".join(value.split())
    if len(value) > longest:
        raise InvalidInput(f"{what} has {len(value)} characters; use at most {longest}")
    return value


def _front_matter(text: str, name: str) -> tuple[dict[str, Any], str]:
    lines = text.lstrip("\r\n").splitlines(keepends=True)
    ends = (n for n, line in enumerate(lines[1:], 1) if line.rstrip() in (_FENCE, "..."))
    end = next(ends, 0) if lines[0].rstrip() == _FENCE else 0
    if not end:
        raise InvalidInput(
            f"{name!r} has no front matter; begin it with a line `---`, then `name: …` and "
            "`description: …`, then a line `---`",
            code=Code.FIELD_MISSING,
        )
    try:
        # A subclass of PyYAML's BaseLoader: it makes texts, lists and mappings only.
        front = yaml.load("".join(lines[1:end]), Loader=_PlainLoader)  # noqa: S506 - see above
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200] or "it is nested too deeply"
        raise InvalidInput(f"{name!r}: the front matter is no valid YAML: {reason}") from error
    if front is None or front == "":
        front = {}
    if not isinstance(front, dict) or not all(isinstance(key, str) for key in front):
        raise InvalidInput(f"{name!r}: the front matter must be lines such as `name: …`")
    return front, "".join(lines[end + 1 :])


def _parts(body: str) -> tuple[str, dict[str, list[str]]]:
    """The text without the sections of their own, and these as lists of their items."""
    kept: list[str] = []
    parts: dict[str, list[str]] = {part: [] for part in ("experience", "preference", "examples")}
    inside: list[str] = kept
    sections: list[tuple[str, list[str]]] = []
    depth, code = 0, ""
    for line in body.splitlines():
        fence = _CODE.match(line)
        if fence and code in ("", fence[1]):
            code = "" if code else fence[1]
        heading = None if code or fence else _HEADING.match(line)
        if heading and (inside is kept or len(heading[1]) <= depth):
            title = heading[2].strip(" \t#:：").casefold()
            inside, depth = kept, len(heading[1])
            if part := _PARTS.get(title):
                inside = []
                sections.append((part, inside))
                continue
        inside.append(line)
    for part, lines in sections:
        parts[part] += _items(lines)
    return "\n".join(kept).strip(), parts


def _items(lines: list[str]) -> list[str]:
    """Entries of a list; of a text, its paragraphs. Code stays with what it follows."""
    found: list[list[str]] = []
    code, fresh = "", True
    for line in lines:
        fence = _CODE.match(line)
        marked = None if code else _ITEM.match(line)
        if marked:
            found.append([line[marked.end() :]])
        elif not line.strip() and not code:
            fresh = True
            continue
        elif fresh and not code and not line.startswith((" ", "\t")) and not fence:
            found.append([line])
        elif found:
            found[-1].append(line)
        else:
            found.append([line])
        if fence and code in ("", fence[1]):
            code = "" if code else fence[1]
        fresh = False
    return [text for one in found if (text := "\n".join(one).strip())]
