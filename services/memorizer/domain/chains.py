"""Corrections of one thing form a chain in the order of the store; the last live one holds."""

from collections.abc import Sequence
from itertools import pairwise

from services.kernel.contracts.records import MemoryRecord, Status
from services.memorizer.domain.restating import is_spent


def rechain(chain: Sequence[MemoryRecord], now: int) -> list[MemoryRecord]:
    """The chain as it must be, whatever order its members came in.

    A pure function of the members, their places and whether they are undone
    (`detail["undone"]`): undo and redo are the same call with one flag changed. A correction
    that holds only from a later day (`valid_from` > `now`, ms) replaces nothing yet; one that
    the documents have caught up with, so that nothing says the old thing any more, is archived.
    """
    ordered = sorted(chain, key=lambda item: item.order)
    live = [
        item
        for item in ordered
        if not item.detail.get("undone") and (item.valid_from is None or item.valid_from <= now)
    ]
    successor = {item.id: later for item, later in pairwise(live)}
    predecessor = {later.id: item for item, later in pairwise(live)}
    result = []
    for item in ordered:
        after, before = successor.get(item.id), predecessor.get(item.id)
        holds = after is None and not item.detail.get("undone") and not is_spent(item)
        result.append(
            item.model_copy(
                update={
                    "status": Status.ACTIVATED if holds else Status.ARCHIVED,
                    "superseded_by": after.id if after else None,
                    "supersedes": (before.id,) if before else (),
                    "valid_to": (after.valid_from or after.created_at) if after else None,
                }
            )
        )
    return result


def changed(
    wanted: Sequence[MemoryRecord], present: Sequence[MemoryRecord], now: int
) -> list[MemoryRecord]:
    """Those of `wanted` that differ from what is there, with a new revision and time (ms)."""
    known = {record.id: record for record in present}
    result = []
    for record in wanted:
        old = known.get(record.id)
        if old is None:
            result.append(record)
        elif record != old:
            result.append(
                record.model_copy(update={"updated_at": now, "revision": old.revision + 1})
            )
    return result


def set_undone(record: MemoryRecord, *, undone: bool) -> MemoryRecord:
    """The record with its flag; without one, it is as if it had never been undone."""
    detail = {name: value for name, value in record.detail.items() if name != "undone"}
    if undone:
        detail["undone"] = True
    return record.model_copy(update={"detail": detail})


def says_the_same(chain: Sequence[MemoryRecord], record: MemoryRecord) -> bool:
    """Whether what holds of the chain up to the record's place says what the record says."""
    before = [
        item for item in chain if not item.detail.get("undone") and item.order <= record.order
    ]
    last = max(before, key=lambda item: item.order, default=None)
    return last is not None and _said(last) == _said(record)


def _said(record: MemoryRecord) -> tuple[object, ...]:
    new = record.detail.get("new")
    # Where no value was named, the words themselves say what holds.
    said = new if isinstance(new, str) and new else record.value
    return record.detail.get("correction"), "".join(said.split()).casefold(), record.valid_from
