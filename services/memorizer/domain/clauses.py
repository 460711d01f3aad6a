"""The filter language of the API, applied to records in memory."""

from collections.abc import Callable
from operator import ge, gt, le, lt

from services.kernel.contracts.records import MemoryRecord, OwnerType
from services.kernel.contracts.scope import Clause, Clauses, Scalar, info_values, is_among

_COMPARE: dict[str, Callable[[float, float], bool]] = {"gte": ge, "gt": gt, "lte": le, "lt": lt}


def matches(record: MemoryRecord, clauses: Clauses) -> bool:
    """Whether the record satisfies all (or, for `or`, one) of the clauses."""
    tests = [_holds(record, clause) for clause in clauses.clauses]
    if not tests:
        return True
    return all(tests) if clauses.mode == "and" else any(tests)


def _holds(record: MemoryRecord, clause: Clause) -> bool:
    values = _values(record, clause.field)
    if clause.operator == "any_of":
        return any(is_among(value, clause.values) for value in values)
    limit = clause.values[0]
    return any(
        isinstance(value, int | float)
        and isinstance(limit, int | float)
        and _COMPARE[clause.operator](value, limit)
        for value in values
    )


def _values(record: MemoryRecord, field: str) -> list[Scalar]:
    if field == "tags":
        return list(record.tags)
    if field == "related_id":
        personal = record.owner.type in {OwnerType.USER, OwnerType.AGENT}
        return [record.user_id, record.agent_id, *([record.owner.id] if personal else [])]
    if field.startswith("info."):
        return info_values(record.info, field.removeprefix("info."))
    value = getattr(record, field, None)
    return [value] if isinstance(value, str | int | float | bool) else []
