"""Update, not pile-up: which of a subject's memories hold, as a function of all that was said.

`reconcile` recomputes the state of every memory from the whole set, in the order in which things
were said (`MessagesRecorded.place`, its sequence, position, message, start), never of arrival. So
any order and any repetition of the same messages ends in the same set:

* one attribute, another content: the newer statement replaces the older one (archived, linked,
  `valid_to` set);
* the same content: one memory stays, with the evidence of all; which one is the fullest wording;
* a statement that ends a name ("moved from Berlin") archives what an attribute says of it;
* an older statement about a thing that a newer one says has changed, in other words, stays and is
  told with the newer one beside it.

What was edited by hand keeps its words; what was deleted, or archived by hand, stays so and still
replaces what was older, so that no deletion revives an outdated fact.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, cast
from uuid import UUID

from pydantic import JsonValue

from services.kernel.contracts.records import Kind, MemoryRecord, MessageEvidence, Status
from services.memorizer.domain.editing import WITHDRAWN
from services.memorizer.domain.extraction.changes import has_value
from services.memorizer.domain.extraction.language import is_chinese

ChangeName = Literal["added", "updated", "archived"]
# Mark in `detail` of a record that somebody archived: no message brings it back.
BY_HAND = "archived_by_hand"
_REFINED = (Kind.FACT, Kind.PREFERENCE, Kind.TOOL)


@dataclass(frozen=True, slots=True)
class Change:
    """A record as it is to be written, and what happened to it."""

    record: MemoryRecord
    change: ChangeName


@dataclass(slots=True)
class _State:
    """What is derived for one record."""

    record: MemoryRecord
    value: str
    status: Status = Status.ACTIVATED
    superseded_by: UUID | None = None
    supersedes: tuple[UUID, ...] = ()
    valid_to: int | None = None
    evidence: tuple[MessageEvidence, ...] = ()
    context: str = ""
    merged: bool = False

    @property
    def gone(self) -> bool:
        """Deleted, or archived by hand: it holds no longer, whatever is said."""
        return self.status is Status.DELETED or bool(self.record.detail.get(BY_HAND))


def reconcile(
    existing: Sequence[MemoryRecord],
    fresh: Sequence[MemoryRecord],
    *,
    now: int,
    refined: Collection[str] = (),
) -> list[Change]:
    """What changes when `fresh` joins `existing`.

    existing: all records of the owner of kinds fact, preference, tool and message that came from
    conversations, in every status (deleted ones as tombstones). fresh: records as `records()`
    makes them. refined: ids of the messages that `fresh` was extracted from; their raw turns
    that are not in `fresh` are archived. Changed records have the next revision and
    `updated_at` = now; what does not change is not returned, so a repeat returns nothing.
    """
    old = {record.id: record for record in existing}
    pool = {record.id: record for record in existing if _said(record)}
    for record in fresh:
        known = old.get(record.id)
        if known is None:
            pool[record.id] = record
        elif record.sequence < known.sequence:
            continue  # the message was sent again since, and read
        elif known.status is not Status.DELETED and not known.detail.get("edited"):
            pool[record.id] = _renewed(known, record)
    states = _derive([record for record in pool.values() if _said(record)])
    states.extend(_raw_turns(old, fresh, frozenset(refined)))
    changes = [_change(old.get(state.record.id), state, now) for state in states]
    return [change for change in changes if change is not None]


def _raw_turns(
    old: dict[UUID, MemoryRecord], fresh: Sequence[MemoryRecord], refined: frozenset[str]
) -> list[_State]:
    """Raw turns follow their message alone: kept, shortened or archived."""
    kept = {record.id: record for record in fresh if record.kind is Kind.MESSAGE}
    states = [
        _fresh_state(_renewed(old[key], record) if key in old else record)
        for key, record in kept.items()
        if key not in old or old[key].sequence <= record.sequence
    ]
    for record in old.values():
        if record.kind is not Kind.MESSAGE or record.id in kept or not record.evidence:
            continue
        if WITHDRAWN in record.detail:
            continue
        if record.evidence[0].message_id in refined:
            state = _fresh_state(record)
            state.status = Status.ARCHIVED
            states.append(state)
    return states


def _said(record: MemoryRecord) -> bool:
    told = record.kind in _REFINED and isinstance(record.detail.get("order"), list)
    return told and WITHDRAWN not in record.detail


def duplicates_of(record: MemoryRecord, superseded: Iterable[MemoryRecord]) -> list[MemoryRecord]:
    """Those of the superseded records that say the same and were merged into this one: whoever
    removes it means them too.
    """
    return [one for one in superseded if one.detail.get("merged_into") == str(record.id)]


def order_of(record: MemoryRecord) -> tuple[int, int, int, str, int, str]:
    """When it was said; equal for nobody but itself."""
    place, position, message, start = cast("list[JsonValue]", record.detail["order"])
    return (
        int(cast("int", place)),
        record.sequence,
        int(cast("int", position)),
        str(message),
        int(cast("int", start)),
        str(record.id),
    )


def _renewed(known: MemoryRecord, record: MemoryRecord) -> MemoryRecord:
    """The same words read again, perhaps by better rules: new content, old identity."""
    kept = {BY_HAND: True} if known.detail.get(BY_HAND) else {}
    return record.model_copy(
        update={
            "detail": {**record.detail, **kept},
            "created_at": known.created_at,
            "updated_at": known.updated_at,
            "revision": known.revision,
            "status": known.status,
            "superseded_by": known.superseded_by,
            "supersedes": known.supersedes,
        }
    )


def _derive(records: Iterable[MemoryRecord]) -> list[_State]:
    ordered = sorted(records, key=order_of)
    states = [_fresh_state(record) for record in ordered]
    groups: dict[str, list[_State]] = defaultdict(list)
    for state in states:
        groups[_group(state.record)].append(state)
    for group in groups.values():
        _chain(group)
    _put_right(states)
    _end(states)
    for state in states:
        _part(state, groups)
    _tell_changes(states)
    return states


def _tell_changes(states: Sequence[_State]) -> None:
    """The newest change of each thing stands beside the older statements about it."""
    notes: dict[UUID, _State] = {}
    facts = [state for state in states if state.record.kind is Kind.FACT]
    for at, newer in enumerate(facts):
        names = newer.record.detail.get("changes")
        if not isinstance(names, list) or newer.status is not Status.ACTIVATED:
            continue
        for older in facts[:at]:
            if _changed_by(older, newer, [str(name) for name in names]):
                notes[older.record.id] = newer
    told = {state.record.id: state.value for state in facts}
    for state in facts:
        if state.record.id in notes:
            state.value = _beside(state.value, told[notes[state.record.id].record.id])


def _changed_by(older: _State, newer: _State, names: Sequence[str]) -> bool:
    record = older.record
    if older.status is not Status.ACTIVATED or record.detail.get("edited"):
        return False
    same = record.detail.get("subject") == newer.record.detail.get("subject")
    alike = not has_value(newer.value) or has_value(older.value)
    if not same or not alike or order_of(record)[:4] == order_of(newer.record)[:4]:
        return False
    text = older.value.casefold()
    return any(_names(text, name) for name in names)


def _beside(value: str, newer: str) -> str:
    return f"{value} 后来：{newer}" if is_chinese(value) else f"{value} Later: {newer}"


def _part(state: _State, groups: Mapping[str, Sequence[_State]]) -> None:
    """A role told with its place ("a designer of the creative team") stands alone once the place
    has changed.
    """
    within = state.record.detail.get("within")
    alone = state.record.detail.get("alone")
    if not isinstance(within, list) or not isinstance(alone, str):
        return
    place, content = (str(part) for part in within)
    said = order_of(state.record)[:4]
    moved = any(
        order_of(other.record)[:4] > said and _content(other.record) != content
        for other in groups.get(f"{Kind.FACT.value}/{place}", ())
    )
    if moved and not state.record.detail.get("edited"):
        state.value = alone


def _fresh_state(record: MemoryRecord) -> _State:
    own = record.detail.get("own_evidence")
    whole = record.detail.get("whole") or record.detail.get("own_value")
    told = isinstance(whole, str) and not record.detail.get("edited")
    return _State(
        record=record,
        value=str(whole) if told else record.value,
        status=_status(record),
        evidence=record.evidence[:own] if isinstance(own, int) else record.evidence,
        context=str(record.detail.get("own_context", record.context)),
        valid_to=cast("int | None", record.detail.get("own_valid_to")),
    )


def _status(record: MemoryRecord) -> Status:
    if record.status is Status.DELETED:
        return Status.DELETED
    return Status.ARCHIVED if record.detail.get(BY_HAND) else Status.ACTIVATED


def _group(record: MemoryRecord) -> str:
    if record.attribute:
        return f"{record.kind.value}/{record.attribute}"
    return f"{record.kind.value}={_content(record)}"


def _content(record: MemoryRecord) -> str:
    return str(record.detail.get("content") or record.value)


def _chain(group: list[_State]) -> None:
    """One attribute in the order in which it was said: runs of the same content, newest last."""
    runs: list[list[_State]] = []
    for state in group:
        if runs and _content(runs[-1][-1].record) == _content(state.record):
            runs[-1].append(state)
        else:
            runs.append([state])
    heads = [_merge(run) for run in runs]
    for older, newer in pairwise(heads):
        _replace(older, newer)


def _merge(run: list[_State]) -> _State:
    """One of a run stands for all: the fullest wording, the earliest of equals."""
    living = [state for state in run if not state.gone]
    if not living:
        return run[-1]
    head = max(living, key=lambda state: (len(state.value), _negative(state.record)))
    others = [state for state in living if state is not head]
    for state in others:
        state.status = Status.ARCHIVED
        state.superseded_by = head.record.id
        state.merged = True
    union = {one: None for state in (head, *others) for one in state.evidence}
    head.evidence = tuple(union)
    head.supersedes = tuple(state.record.id for state in others)
    return head


def _negative(record: MemoryRecord) -> tuple[int, int, int]:
    place, sequence, position, *_ = order_of(record)
    return (-place, -sequence, -position)


def _replace(older: _State, newer: _State) -> None:
    if not older.gone:
        older.status = Status.ARCHIVED
        older.superseded_by = newer.record.id
        older.valid_to = newer.record.valid_from or order_of(newer.record)[0]
    newer.supersedes = (*newer.supersedes, older.record.id)
    newer.context = f"{newer.context} {older.record.value}".strip()


def _put_right(states: Sequence[_State]) -> None:
    """Statements that put others right replace them, whatever their attributes are."""
    by_id = {str(state.record.id): state for state in states}
    for state in states:
        named = state.record.detail.get("replaces")
        for identifier in named if isinstance(named, list) else ():
            older = by_id.get(str(identifier))
            if older is not None and older.superseded_by != state.record.id:
                _replace(older, state)


def _retract(known: Sequence[_State], newer: _State) -> None:
    """Archive what the user asked to forget, and the request itself."""
    request = newer.record.detail.get("retracts")
    if not isinstance(request, dict):
        return
    topics, words = (request.get(name) for name in ("topics", "words"))
    for older in known:
        if older.status is Status.ACTIVATED and _retracts(
            older.record,
            [str(topic) for topic in topics] if isinstance(topics, list) else [],
            [str(word) for word in words] if isinstance(words, list) else [],
        ):
            _replace(older, newer)
    if newer.status is Status.ACTIVATED:
        newer.status = Status.ARCHIVED


def _retracts(record: MemoryRecord, topics: Sequence[str], words: Sequence[str]) -> bool:
    subject, _, name = record.attribute.partition("|")
    if name and subject == "user" and name.partition("|")[0] in topics:
        return True
    texts = " ".join([record.value, *(one.text for one in record.evidence)]).casefold()
    return bool(words) and all(_names(texts, word) for word in words)


def _end(states: list[_State]) -> None:
    """Statements that end names archive what older attributes say of them."""
    known: list[_State] = []
    for state in states:
        ends = state.record.detail.get("ends")
        if isinstance(ends, list) and ends:
            for older in known:
                if _ended_by(older, state, [str(name) for name in ends]):
                    _replace(older, state)
        _retract(known, state)
        if state.status is Status.DELETED:
            # Its names went with its words; what it had ended stays so.
            for older in known:
                if older.record.id in state.record.supersedes and not older.gone:
                    _replace(older, state)
        if state.record.kind in {Kind.FACT, Kind.PREFERENCE}:
            known.append(state)


def _ended_by(older: _State, newer: _State, names: list[str]) -> bool:
    if older.status is not Status.ACTIVATED or older.record.detail.get("subject") != (
        newer.record.detail.get("subject")
    ):
        return False
    text = older.record.value.casefold()
    if not older.record.attribute:
        text = " ".join(part.group() for part in _IN_USE.finditer(text))
    return any(_names(text, name) for name in names)


# What a statement without an attribute says to be in use; what was only done there stays true.
_IN_USE = re.compile(
    r"\b(?:uses?|using|start(?:s|ed)? with|takes?|taking|runs? on|relies on|rely on|"
    r"works? with|subscribes? to|pays? for|is on|are on)"
    r"\s+[^.;,]{2,40}|(?:用(?!户)的?是?|使用|采用|在用|服用|在吃|吃着|订阅|跑在)[^，。；]{2,20}"
)


def _names(text: str, name: str) -> bool:
    if re.search(r"[\u3400-\u9fff]", name):
        return name in text
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _change(old: MemoryRecord | None, state: _State, now: int) -> Change | None:
    record = state.record
    if record.status is Status.DELETED and old is not None:
        return None
    detail = dict(record.detail)
    if state.merged:
        detail["merged_into"] = str(state.superseded_by)
    else:
        detail.pop("merged_into", None)
    new = record.model_copy(
        update={
            "value": state.value,
            "status": state.status,
            "superseded_by": state.superseded_by,
            "supersedes": state.supersedes,
            "valid_to": state.valid_to,
            "evidence": state.evidence,
            "context": state.context,
            "detail": detail,
        }
    )
    if old is None:
        change: ChangeName = "archived" if new.status is Status.ARCHIVED else "added"
        return Change(new, change)
    if new == old:
        return None
    revised = new.model_copy(update={"revision": old.revision + 1, "updated_at": now})
    was_active = old.status is Status.ACTIVATED
    archived = was_active and new.status is Status.ARCHIVED
    return Change(revised, "archived" if archived else "updated")
