"""Packing: blocks of one section into passages of a token budget."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.kernel.contracts.blocks import Block, BlockKind, ParsedDocument, Passage
from services.memorizer.domain.segmentation.cutting import cut
from services.memorizer.domain.segmentation.tokens import count_tokens

_LEAD_IN = re.compile(r"[:：]\s*$")
_ROOM: Final = 1.35  # a section this much over the target stays whole
_LONGEST_REPEATED: Final = 60  # tokens of a lead-in that later parts repeat
_LONGEST_HEADER: Final = 160  # and of the names of columns: rows say little without them
_UNCUT_CODE: Final = 4  # times the maximum: longer code is data
_MEANINGLESS = re.compile(
    r"^[0-9a-f-]{16,}$|^\d+$|^(untitled|document|file|upload|noname)\W*\d*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is not cut further. repeat: text that a passage beginning here must show first.

    bound: must stay with what follows (a heading, a lead-in, a header row).
    """

    start: int
    end: int
    tokens: int
    page: int | None
    repeat: str = ""
    bound: bool = False


@dataclass(frozen=True, slots=True)
class _Section:
    """Blocks under one heading, with the headings that lead to them."""

    path: tuple[str, ...]
    lead: tuple[Block, ...]
    body: tuple[Block, ...]

    def tokens(self) -> int:
        """Of the body alone."""
        return sum(count_tokens(block.text) for block in self.body)


def segment(
    parsed: ParsedDocument,
    *,
    document_name: str = "",
    target_tokens: int = 240,
    max_tokens: int = 400,
    overlap_tokens: int = 40,
    tiny_tokens: int = 10,
) -> list[Passage]:
    """The passages of a document, in order.

    target_tokens: the size aimed at; max_tokens: never more, but for code and for what is
    repeated (table headers, lead-ins). overlap_tokens: shared by neighbours where a paragraph
    had to be cut. tiny_tokens: neighbouring sections of one parent whose own text is smaller
    join. Every block lies in at least one passage, but a heading may only be in its path, and the
    title in its title.
    """
    passages: list[Passage] = []
    for section in _merged(_sections(parsed.blocks), tiny_tokens):
        atoms = list(_atoms(section, target=target_tokens, most=max_tokens, overlap=overlap_tokens))
        for part in _packed(atoms, target_tokens, max_tokens):
            passages.append(_passage(parsed, section.path, part, len(passages), document_name))
    return passages


def _sections(blocks: Sequence[Block]) -> Iterator[_Section]:
    """Runs under one heading path. A heading without text of its own leads the next section."""
    lead: list[Block] = []
    body: list[Block] = []
    path: tuple[str, ...] = ()
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            if body:
                yield _Section(path, tuple(lead), tuple(body))
                lead, body = [], []
            lead.append(block)
            path = block.heading_path
        else:
            path = block.heading_path
            body.append(block)
    if lead or body:
        yield _Section(path, tuple(lead), tuple(body))


def _shown(section: _Section) -> list[Block]:
    """Headings that the text shows: its own, and those that lead nowhere. The ones above it (and
    the title) are in its path; in its text they would only outweigh its words.
    """
    own = len(section.path)
    shown = [
        block
        for block in section.lead
        if len(block.heading_path) == own > 0
        or block.heading_path != section.path[: len(block.heading_path)]
    ]
    return shown if shown or section.body else list(section.lead)


def _merged(sections: Iterator[_Section], tiny: int) -> Iterator[_Section]:
    """Sections of a few words each, side by side under one parent, become one."""
    held: _Section | None = None
    for section in sections:
        if (
            held is not None
            and len(held.path) == len(section.path)
            and held.path
            and held.path[:-1] == section.path[:-1]
            and len(section.lead) == 1
            and held.body
            and section.body
            and held.tokens() + section.tokens() <= tiny
        ):
            held = _Section(held.path[:-1], held.lead, (*held.body, *section.lead, *section.body))
            held = replace(held, path=(*held.path, section.path[-1])) if not held.path else held
            continue
        if held is not None:
            yield held
        held = section
    if held is not None:
        yield held


def _atoms(section: _Section, *, target: int, most: int, overlap: int) -> Iterator[_Atom]:
    headers: dict[int, str] = {}
    for block in section.body:
        if block.is_header and block.group:
            above = headers.get(block.group)
            headers[block.group] = f"{above}\n{block.text}" if above else block.text
    for block in _shown(section):
        yield _Atom(block.start, block.end, count_tokens(block.text), block.page, bound=True)
    lead_in, listed = "", None
    for at, block in enumerate(section.body):
        following = section.body[at + 1] if at + 1 < len(section.body) else None
        repeat = ""
        if block.kind is BlockKind.TABLE_ROW and not block.is_header:
            repeat = headers.get(block.group or 0, "") or " | ".join(block.header)
        elif block.kind is BlockKind.LIST_ITEM:
            if block.group != listed:
                before = section.body[at - 1] if at else None
                lead_in = before.text if before and _leads(before, block) else ""
                listed = block.group
            repeat = lead_in
        row = block.kind is BlockKind.TABLE_ROW
        if count_tokens(repeat) > (_LONGEST_HEADER if row else _LONGEST_REPEATED):
            repeat = ""
        bound = block.is_header or (following is not None and _leads(block, following))
        yield from _cut_block(block, repeat, bound=bound, target=target, most=most, overlap=overlap)


def _leads(block: Block, following: Block) -> bool:
    """A paragraph that announces the list, table or code after it; and a heading (in a merged
    section) its text.
    """
    if block.kind is BlockKind.HEADING:
        return True
    return block.kind is BlockKind.PARAGRAPH and (
        following.kind is BlockKind.CODE
        or (
            following.kind in {BlockKind.LIST_ITEM, BlockKind.TABLE_ROW}
            and bool(_LEAD_IN.search(block.text) or following.is_header)
        )
    )


def _cut_block(
    block: Block, repeat: str, *, bound: bool, target: int, most: int, overlap: int
) -> Iterator[_Atom]:
    tokens = count_tokens(block.text)
    whole = most * _UNCUT_CODE if block.kind is BlockKind.CODE else most
    if tokens <= whole:
        yield _Atom(block.start, block.end, tokens, block.page, repeat, bound)
        return
    parts = math.ceil(tokens / target)
    spans = cut(block.text, goal=max(8, math.ceil(tokens / parts)), overlap=overlap)
    for begin, end in spans:
        yield _Atom(
            block.start + begin,
            block.start + end,
            count_tokens(block.text[begin:end]),
            block.page,
            repeat if begin else "",
        )


def _packed(atoms: list[_Atom], target: int, most: int) -> Iterator[list[_Atom]]:
    """Atoms in parts of about equal size, none above the maximum where that can be helped."""
    total = sum(atom.tokens for atom in atoms)
    if total <= min(target * _ROOM, most):
        if atoms:
            yield atoms
        return
    goal = total / math.ceil(total / target)
    part: list[_Atom] = []
    size = 0
    for at, atom in enumerate(atoms):
        due = (
            part
            and not part[-1].bound
            and (size + atom.tokens > most or size + _needed(atoms, at) / 2 > goal)
        )
        if due:
            yield part
            part, size = [], count_tokens(atom.repeat)
        part.append(atom)
        size += atom.tokens
    if part:
        yield part


def _needed(atoms: list[_Atom], at: int) -> int:
    """Tokens of an atom with what it must stay with."""
    tokens = atoms[at].tokens
    while atoms[at].bound and at + 1 < len(atoms):
        at += 1
        tokens += atoms[at].tokens
    return tokens


def _passage(
    parsed: ParsedDocument,
    path: tuple[str, ...],
    part: Sequence[_Atom],
    ordinal: int,
    document_name: str,
) -> Passage:
    start, end = part[0].start, max(atom.end for atom in part)
    text = parsed.text[start:end]
    if part[0].repeat:
        text = f"{part[0].repeat}\n{text}"
    pages = [atom.page for atom in part if atom.page is not None]
    return Passage(
        ordinal=ordinal,
        text=text,
        start=start,
        end=end,
        title=parsed.title,
        heading_path=path,
        page_first=min(pages, default=None),
        page_last=max(pages, default=None),
        context=context_line(parsed.title, path, document_name),
        tokens=count_tokens(text),
    )


def context_line(title: str, path: Sequence[str], document_name: str = "") -> str:
    """`file name › title › heading › heading`; the file name only where it says more."""
    base = document_name.replace("\\", "/").rsplit("/", 1)[-1]
    stem = base.rsplit(".", 1)[0] if "." in base[1:] else base
    named = stem and stem not in title and not _MEANINGLESS.match(stem)
    return " › ".join(filter(None, (stem if named else "", title, *path)))
