"""Which of a subject's memories a new statement can touch: enough to reckon without the others.

`merging.reconcile` derives each memory's state from its group (one attribute, or one content
where there is none) and from statements that end names. So a group that no ending statement
touches is reckoned alone, however many memories the subject has.
"""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

from services.kernel.contracts.records import MemoryRecord


def group_key(record: MemoryRecord) -> str:
    """The group of a record, as 32 hexadecimal digits."""
    if record.attribute:
        group = f"{record.kind.value}/{record.attribute}"
    else:
        group = f"{record.kind.value}={record.detail.get('content') or record.value}"
    return hashlib.sha256(group.encode()).hexdigest()[:32]


def ended_names(record: MemoryRecord) -> list[str]:
    """Names of what this statement ends ("moved from Berlin") or says has changed; "" for a
    request to forget, which may touch anything.
    """
    if record.detail.get("retracts"):
        return [""]
    lists = (record.detail.get(name) for name in ("ends", "changes"))
    return [str(name) for names in lists if isinstance(names, list) for name in names]


def ends_touch(records: Sequence[MemoryRecord], enders: Iterable[MemoryRecord]) -> bool:
    """Whether a statement that ends names is among the records, or may end one of them."""
    if any(ended_names(record) for record in records):
        return True
    texts = [record.value.casefold() for record in records]
    return any(
        name.casefold() in text for ender in enders for name in ended_names(ender) for text in texts
    )


def replaced_ids(records: Iterable[MemoryRecord]) -> list[UUID]:
    """Ids of the memories that these put right."""
    lists = (record.detail.get("replaces") for record in records)
    return [UUID(str(one)) for ids in lists if isinstance(ids, list) for one in ids]
