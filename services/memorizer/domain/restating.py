"""What a newer document says about a corrected statement: the old value still, or the new one.

Nothing here depends on order: a correction keeps what each document says, and its state follows
from that. A document that goes takes what it said with it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord

Tokenise = Callable[[str], list[str]]
Says = Literal["old", "new"]

# Share of a statement's words, the common ones counting less, that make another one its like.
_LIKE = 0.75
# The same for whole statements, where no value tells old from new.
_SAME = 0.85
# What is this much less alike than the best is another statement.
_CLOSE = 0.1
_SENTENCE = re.compile(r"(?:[^。！？!?；;\n.]|\.(?!\s|$))+[。！？!?；;.]*")
_CLAUSE = re.compile(r"[^，,；;、]+[，,；;、]*")
_CONFIRMS = re.compile(r"^(?:用户确认：|The user confirms: )")
_CONTRAST = re.compile(
    r"不是|而非|并非|原|不再|之前|以前"
    r"|\b(?:not|previously|formerly|instead of|from|was|no longer)\b",
    re.IGNORECASE,
)
_SECTION = " › "
_NUMBERING = re.compile(r"^[\d.、\s]+|^第?[一二三四五六七八九十]+[章节条、]\s*")
_HEADING = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]", re.IGNORECASE)
_VALUED = ("replace_value", "rename_term")


@dataclass(frozen=True, slots=True)
class Restated:
    """What a span of a later document says about a corrected statement."""

    anchor: DocumentAnchor
    says: Says


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence with its own and its headings' words; squeezed: the whole passage."""

    text: str
    start: int
    end: int
    record: MemoryRecord
    words: frozenset[str]
    squeezed: str


@dataclass(frozen=True, slots=True)
class Text:
    """Passages of one document, read once for all corrections. rare: in how many sentences each
    word stands.
    """

    units: tuple[_Unit, ...]
    rare: Counter[str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A correction as what to look for. core: what takes the old value's place; clause: words of
    the clause that it stands in.
    """

    kind: str
    section: str
    clause: frozenset[str]
    words: frozenset[str]
    confirmed: frozenset[str]
    old: str
    core: str
    before: str
    after: str


def read(records: Sequence[MemoryRecord], tokenise: Tokenise) -> Text:
    """The passages among the records of one document."""
    units: list[_Unit] = []
    rare: Counter[str] = Counter()
    for record in records:
        if record.kind is Kind.PASSAGE and record.anchor is not None:
            units += _units(record, tokenise)
            for sentence in _SENTENCE.finditer(record.value):
                rare.update(set(tokenise(sentence.group())))
    return Text(tuple(units), rare)


def find(correction: MemoryRecord, text: Text, tokenise: Tokenise) -> list[Restated]:
    """What a document says about a correction; nothing for the one that it was made for."""
    known = {(anchor.document_id, anchor.revision) for anchor in anchors_of(correction)}
    wanted = _wanted(correction, tokenise)
    values = tuple(_squeezed(value) for value in (wanted.old, wanted.core) if value)
    if wanted.kind not in _VALUED or not wanted.old:
        values = ()
    rated: list[tuple[float, Restated]] = []
    for unit in text.units:
        anchor = unit.record.anchor
        if anchor is None or (anchor.document_id, anchor.revision) in known:
            continue
        if values and not any(value in unit.squeezed for value in values):
            continue
        likeness = _likeness(wanted, unit, text.rare)
        said = _said(wanted, unit, likeness, tokenise)
        if said is not None:
            rated.append((max(likeness), said))
    best = max((score for score, _ in rated), default=0.0)
    return [said for score, said in rated if score >= best - _CLOSE]


def anchors_of(correction: MemoryRecord) -> list[DocumentAnchor]:
    """Spans that the correction was made for."""
    raw = correction.detail.get("anchors")
    return [DocumentAnchor.model_validate(item) for item in raw] if isinstance(raw, list) else []


def restated_of(correction: MemoryRecord) -> list[Restated]:
    """What later documents say about it."""
    raw = correction.detail.get("restated")
    found: list[Restated] = []
    for item in raw if isinstance(raw, list) else []:
        if isinstance(item, dict):
            says: Says = "new" if item.get("says") == "new" else "old"
            found.append(Restated(DocumentAnchor.model_validate(item["anchor"]), says))
    return found


def with_restated(correction: MemoryRecord, found: Iterable[Restated]) -> MemoryRecord:
    """The correction that knows of these too; a span is known once."""
    spans = {_span(item.anchor): item for item in (*restated_of(correction), *found)}
    return _holding(correction, anchors_of(correction), list(spans.values()))


def without_document(
    correction: MemoryRecord, document_id: str, *, below_revision: int | None = None
) -> MemoryRecord:
    """The correction after a document (or its earlier revisions) went."""

    def stays(anchor: DocumentAnchor) -> bool:
        if anchor.document_id != document_id:
            return True
        return below_revision is not None and anchor.revision >= below_revision

    return _holding(
        correction,
        [anchor for anchor in anchors_of(correction) if stays(anchor)],
        [item for item in restated_of(correction) if stays(item.anchor)],
    )


def is_retired(correction: MemoryRecord) -> bool:
    """Whether a later document says what the correction says."""
    return any(item.says == "new" for item in restated_of(correction))


def is_spent(correction: MemoryRecord) -> bool:
    """Whether it is retired and nothing says the old thing any more."""
    stale = any(item.says == "old" for item in restated_of(correction))
    return is_retired(correction) and not stale and not anchors_of(correction)


def _holding(
    correction: MemoryRecord, anchors: Sequence[DocumentAnchor], restated: Sequence[Restated]
) -> MemoryRecord:
    detail = {name: value for name, value in correction.detail.items() if name != "restated"}
    documents = [anchor.document_id for anchor in anchors]
    documents += [item.anchor.document_id for item in restated]
    detail["anchors"] = [anchor.model_dump(mode="json") for anchor in anchors]
    detail["document_ids"] = list(dict.fromkeys(documents))
    if restated:
        ordered = sorted(restated, key=lambda item: _span(item.anchor))
        detail["restated"] = [
            {"anchor": item.anchor.model_dump(mode="json"), "says": item.says} for item in ordered
        ]
    return correction.model_copy(update={"detail": detail})


def _span(anchor: DocumentAnchor) -> tuple[str, int, int, int]:
    return anchor.document_id, anchor.revision, anchor.start, anchor.end


def _wanted(correction: MemoryRecord, tokenise: Tokenise) -> _Wanted:
    detail = correction.detail
    before, after, old, new = (
        value if isinstance(value := detail.get(name), str) else ""
        for name in ("before", "after", "old", "new")
    )
    kind = str(detail.get("correction", ""))
    section = correction.context.split(_SECTION)[-1]
    said = _CONFIRMS.sub("", correction.value)
    masked = before.replace(old, " ", 1) if old else before
    clause = next((part for part in _CLAUSE.findall(before) if old and old in part), before)
    return _Wanted(
        kind=kind,
        section=section,
        clause=frozenset(tokenise(clause)),
        words=frozenset(tokenise(f"{section}\n{masked}")) if before else frozenset(),
        confirmed=frozenset(tokenise(said)),
        old=old,
        core=_core(before, after, old) or new,
        before=_squeezed(before),
        after=_squeezed(after),
    )


def _core(before: str, after: str, old: str) -> str:
    """What stands in `after` where `old` stands in `before`."""
    at = before.find(old) if old else -1
    if at < 0 or not after.startswith(before[:at]) or not after.endswith(before[at + len(old) :]):
        return ""
    return after[at : len(after) - len(before) + at + len(old)]


def _units(passage: MemoryRecord, tokenise: Tokenise) -> list[_Unit]:
    anchor = passage.anchor
    base = anchor.end - len(passage.value) if anchor is not None else 0
    around = tokenise(f"{passage.context}\n{passage.key}")
    squeezed = _squeezed(passage.value)
    found = []
    for match in _SENTENCE.finditer(passage.value):
        text = match.group()
        if text.strip():
            words = frozenset((*tokenise(text), *around))
            start, end = base + match.start(), base + match.end()
            found.append(_Unit(text, start, end, passage, words, squeezed))
    return found


def _likeness(wanted: _Wanted, unit: _Unit, rare: Counter[str]) -> tuple[float, float]:
    """Shares of the corrected statement's words, and of the correction's own, that the unit and
    its headings hold; a word of many sentences counts less.
    """

    def share(words: frozenset[str]) -> float:
        weights = {word: 1 / max(1, rare[word]) for word in words}
        total = sum(weights.values())
        return sum(weights[word] for word in words if word in unit.words) / total if total else 0.0

    return share(wanted.words), share(wanted.confirmed)


def _said(
    wanted: _Wanted, unit: _Unit, likeness: tuple[float, float], tokenise: Tokenise
) -> Restated | None:
    """What the sentence says, at the clause that says it."""
    alike, confirmed = likeness
    if wanted.kind in _VALUED and wanted.old:
        if alike < _LIKE or _is_sibling(wanted.section, unit.record.key):
            return None
        return _valued(wanted, unit, tokenise)
    text = _squeezed(unit.text)
    if confirmed >= _SAME and (not wanted.core or _holds(unit.text, wanted.core)):
        return _at(unit, "new")
    if wanted.before and alike >= _SAME and wanted.kind != "add_knowledge":
        within = text in wanted.before or wanted.before in text
        return _at(unit, "old") if within else None
    return None


def _valued(wanted: _Wanted, unit: _Unit, tokenise: Tokenise) -> Restated | None:
    old, new = _holds(unit.text, wanted.old), _holds(unit.text, wanted.core)
    if not (old or new):
        return None
    if wanted.after and wanted.after in _squeezed(unit.text):
        return _at(unit, "new")
    clauses = [
        (len(wanted.clause & set(tokenise(part.group()))), part)
        for part in _CLAUSE.finditer(unit.text)
        if _holds(part.group(), wanted.old) is not _holds(part.group(), wanted.core)
    ]
    if clauses and not (old and new and _CONTRAST.search(unit.text)):
        _, part = max(clauses, key=lambda pair: pair[0])
        says: Says = "new" if _holds(part.group(), wanted.core) else "old"
        return _at(unit, says, part.start(), part.end())
    # "N, no longer O" in one breath is the new one.
    return _at(unit, "new") if new else _at(unit, "old")


def _at(unit: _Unit, says: Says, start: int = 0, end: int | None = None) -> Restated | None:
    anchor = unit.record.anchor
    if anchor is None:
        return None
    text = unit.text[start:end]
    first = unit.start + start + len(text) - len(text.lstrip())
    last = unit.start + start + len(text.rstrip())
    span = {"start": max(first, anchor.start), "end": min(last, anchor.end)}
    return Restated(anchor.model_copy(update=span), says) if first < last else None


def _is_sibling(section: str, other: str) -> bool:
    """Whether two headings name two like things: "Hall A", "Hall B"."""
    mine, theirs = (set(_HEADING.findall(_NUMBERING.sub("", name))) for name in (section, other))
    return bool(mine & theirs) and bool(mine - theirs) and bool(theirs - mine)


def _holds(text: str, value: str) -> bool:
    """Whether the value stands there: spaces, width and case aside, not in a longer number."""
    wanted = _squeezed(value)
    if not wanted:
        return False
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?![\d])(?!\.\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, _squeezed(text)) is not None


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).casefold()).strip("。.，,；;")
