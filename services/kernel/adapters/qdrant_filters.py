"""What both Qdrant adapters share: the payload of a point, and filters in the engine's words.

The payload holds the record whole (`record`, JSON), its reading, and beside them the fields that
a filter may name. `partition` joins project, owner and status into one keyword, and the
translation rewrites these three conditions into one on it: a corpus of 100,000 points costs 6 ms
as one condition and 42 ms as three (`bench/search_index.py`).
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from math import isfinite
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from pydantic import JsonValue

from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import Kind, MemoryRecord, OwnerType
from services.kernel.contracts.scope import Condition, IndexFilter, Scalar
from services.kernel.ports.index import Hit, Point, Query, SparseVector

RECORD: Final = "record"
READING: Final = "reading"
FOUND: Final = (RECORD, READING)
PARTITION: Final = "partition"
INFO: Final = "info"
KEYWORD_FIELDS: Final = (
    "project_id",
    "owner",
    "kind",
    "status",
    PARTITION,
    "document_id",
    "knowledgebase_id",
    "conversation_id",
    "user_id",
    "agent_id",
    "app_id",
    "related_id",
    "tags",
    "attribute",
    "corrects",
    "author",
)
INTEGER_FIELDS: Final = (
    "created_at",
    "updated_at",
    "valid_from",
    "valid_to",
    "revision",
    "sequence",
)
FIELDS: Final = frozenset({*KEYWORD_FIELDS, *INTEGER_FIELDS, "id", "ordinal"})

_SEPARATOR: Final = "\x1f"
_MOST_PARTITIONS: Final = 4096
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_CODED: Final = "x-"
_EXACT: Final = 2**53


T = TypeVar("T")


class Dialect(Protocol):
    """An engine's own condition types. Numbers are tested by range, so that 3 equals 3.0."""

    def match(self, key: str, values: Sequence[str]) -> Any:
        """The field equals one of the values; a list field by any entry."""
        ...

    def between(self, key: str, bounds: Mapping[str, float]) -> Any:
        """The number lies within the bounds (gte, gt, lte, lt)."""
        ...

    def ids(self, ids: Sequence[str]) -> Any:
        """The point is one of these (UUIDs); no id matches nothing."""
        ...

    def combine(self, must: list[Any], should: list[Any], must_not: list[Any]) -> Any:
        """All of must, at least one of should (where not empty), none of must_not."""
        ...


def partition(project_id: str, owner: str, status: str) -> str:
    """The keyword that stands for project, owner and status together."""
    return _SEPARATOR.join((project_id, owner, status))


def payload_of(point: Point) -> dict[str, Any]:
    """The payload of a point. Open times are left out: a range never matches them."""
    record = point.record
    anchor = record.anchor
    related = [record.user_id, record.agent_id]
    if record.owner.type in {OwnerType.USER, OwnerType.AGENT}:
        related.append(record.owner.id)
    payload: dict[str, Any] = {
        RECORD: record.model_dump_json(exclude_defaults=True),
        READING: point.reading,
        PARTITION: partition(record.project_id, record.owner.key, record.status.value),
        "project_id": record.project_id,
        "owner": record.owner.key,
        "kind": record.kind.value,
        "status": record.status.value,
        "tags": list(record.tags),
        "related_id": sorted({identifier for identifier in related if identifier}),
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "valid_from": record.valid_from,
        "valid_to": record.valid_to,
        "revision": record.revision,
        "ordinal": record.ordinal,
        "document_id": anchor.document_id if anchor else "",
        "knowledgebase_id": anchor.knowledgebase_id if anchor else "",
        "conversation_id": record.conversation_id,
        "user_id": record.user_id,
        "agent_id": record.agent_id,
        "app_id": record.app_id,
        "attribute": record.attribute,
        "author": record.author,
        "sequence": record.sequence,
        "corrects": _corrected_documents(record),
        INFO: dict(_flat_info(record.info)),
    }
    return {key: value for key, value in payload.items() if value not in (None, "", [], {})}


def _corrected_documents(record: MemoryRecord) -> list[str]:
    """Documents that a correction corrects: no `document_id`, for it outlives their passages."""
    named = record.detail.get("document_ids") if record.kind is Kind.CORRECTION else None
    return sorted({str(item) for item in named}) if isinstance(named, list) else []


def record_of(payload: Mapping[str, Any]) -> MemoryRecord:
    """The record that `payload_of` wrote."""
    return MemoryRecord.model_validate_json(payload[RECORD])


def hit_of(payload: Mapping[str, Any], score: float) -> Hit:
    """The hit of a point with this payload."""
    return Hit(_known_record(payload[RECORD]), score, payload.get(READING, ""))


# What is known of a user comes back in every search of his, often in several of its lists.
_known_record = lru_cache(maxsize=2048)(MemoryRecord.model_validate_json)


def plan_writes(points: Sequence[Point], size: int) -> Iterator[tuple[int, list[Point]]]:
    """Batches of one revision each, ascending, of the newest of each id (the last of equals)."""
    newest: dict[UUID, Point] = {}
    for point in points:
        known = newest.get(point.record.id)
        if known is None or known.record.revision <= point.record.revision:
            newest[point.record.id] = point
    ordered = sorted(newest.values(), key=lambda point: point.record.revision)
    for revision, same in itertools.groupby(ordered, key=lambda point: point.record.revision):
        for batch in batches(same, size):
            yield revision, batch


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    left = iter(items)
    while batch := list(itertools.islice(left, size)):
        yield batch


def refuse_other_dimension(
    vectors: Iterable[tuple[float, ...] | None], dimension: int | None
) -> None:
    """InvalidInput for a dense vector that is not as long as those of the index."""
    for vector in vectors:
        if vector is not None and len(vector) != (dimension or 0):
            raise InvalidInput(
                f"A dense vector of {len(vector)} numbers does not fit this index, which has "
                f"{dimension or 'none'}: reindex with the embedder that is configured."
            )


def dense_queries(queries: Iterable[Query]) -> Iterator[tuple[float, ...]]:
    """The dense vectors that are asked for."""
    for query in queries:
        if query.using == "dense" and not isinstance(query.vector, SparseVector):
            yield query.vector


def nothing_asked(query: Query) -> bool:
    """A query without terms or without room finds nothing; the engine need not be asked."""
    return query.limit <= 0 or (query.using == "sparse" and query.vector == SparseVector((), ()))


def uuids(ids: Iterable[str]) -> Iterator[UUID]:
    """Those that are UUIDs; what is none is no point's id."""
    for identifier in ids:
        with suppress(ValueError):
            yield UUID(identifier)


def reading_order(record: MemoryRecord) -> tuple[str, int, str]:
    """Sort key of `Index.retrieve`: document, ordinal, id."""
    return (record.anchor.document_id if record.anchor else "", record.ordinal, str(record.id))


def translate(where: IndexFilter, speak: Dialect) -> Any:
    """The filter in the engine's types; InvalidInput for a field that points do not carry."""
    must = list(where.must)
    must_not = list(where.must_not)
    none_of = list(where.none_of)
    groups = list(where.any_of)
    while len(groups) == 1:  # a single group is no choice: it simply holds
        group = groups[0]
        must += group.must
        must_not += group.must_not
        none_of += group.none_of
        groups = list(group.any_of)
    said, must, groups = _partitions(must, groups, speak)
    said += [_condition(test, speak) for test in must]
    refused = [_condition(test, speak) for test in must_not]
    refused += [translate(group, speak) for group in none_of]
    choices = [
        group if not isinstance(group, IndexFilter) else translate(group, speak) for group in groups
    ]
    return speak.combine(said, choices, refused)


def _partitions(
    must: list[Condition], groups: list[IndexFilter], speak: Dialect
) -> tuple[list[Any], list[Condition], list[Any]]:
    """Say project, status and owner as one condition where all three are named, whether the
    owner stands in `must` or in every group. Returns what is said, what is left of both.
    """
    project, status = _any_of(must, "project_id"), _any_of(must, "status")
    if project is None or status is None:
        return [], must, [*groups]
    owner = _any_of(must, "owner")
    owners = [owner] if owner else [_any_of(list(group.must), "owner") for group in groups]
    named = [test for test in owners if test is not None]
    if not named or len(named) < len(owners):
        return [], must, [*groups]
    keys = [_products(project, test, status) for test in named]
    if sum(map(len, keys)) > _MOST_PARTITIONS:
        return [], must, [*groups]
    rest = [test for test in must if test not in (project, status, owner)]
    if owner:
        return [speak.match(PARTITION, keys[0])], rest, [*groups]
    if all(_names_owner_alone(group) for group in groups):
        union = list(dict.fromkeys(itertools.chain.from_iterable(keys)))
        return [speak.match(PARTITION, union)], rest, []
    choices = []
    for group, test, products in zip(groups, named, keys, strict=True):
        others = tuple(other for other in group.must if other is not test)
        inner = translate(replace(group, must=others), speak)
        choices.append(speak.combine([speak.match(PARTITION, products), inner], [], []))
    return [], rest, choices


def _names_owner_alone(group: IndexFilter) -> bool:
    return len(group.must) == 1 and not (group.must_not or group.any_of or group.none_of)


def _products(project: Condition, owner: Condition, status: Condition) -> list[str]:
    parts = (_strings(project), _strings(owner), _strings(status))
    return [partition(*each) for each in itertools.product(*parts)]


def _strings(test: Condition) -> list[str]:
    return [str(value) for value in _values(test)]


def _any_of(tests: Sequence[Condition], field: str) -> Condition | None:
    return next((test for test in tests if test.field == field and test.operator == "any_of"), None)


def _values(test: Condition) -> tuple[Scalar, ...]:
    return test.value if isinstance(test.value, tuple) else (test.value,)


def _condition(test: Condition, speak: Dialect) -> Any:
    if test.field == "id":
        return speak.ids(_strings(test))
    key = _payload_key(test.field)
    if test.operator != "any_of":
        (bound,) = _values(test)
        if isinstance(bound, str):
            raise InvalidInput(f"{test.field}: {test.operator} compares numbers, not {bound!r}.")
        return speak.between(key, {test.operator: float(bound)})
    values = [_scalar(value) for value in _values(test)]
    numbers = [value for value in values if not isinstance(value, str)]
    words = [value for value in values if isinstance(value, str)]
    if not numbers:
        return speak.match(key, words)
    choices = [speak.between(key, {"gte": float(n), "lte": float(n)}) for n in numbers]
    if words:
        choices.append(speak.match(key, words))
    return speak.combine([], choices, [])


def _payload_key(field: str) -> str:
    if field in FIELDS:
        return field
    head, _, rest = field.partition(".")
    if head == INFO and rest:
        return f"{INFO}.{_info_key(rest)}"
    raise InvalidInput(f"Memories cannot be filtered by {field!r}.")


def _info_key(key: str) -> str:
    """Caller's keys may hold anything; the engine's paths may not."""
    if _PLAIN_KEY.fullmatch(key) and not key.startswith(_CODED):
        return key
    return _CODED + key.encode("utf-8", "surrogatepass").hex()


def _word(value: str | bool) -> str:
    """Truth values are kept as words: the embedded engine matches no booleans."""
    return value if isinstance(value, str) else str(value).lower()


def _flat_info(info: Mapping[str, JsonValue], above: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in info.items():
        path = f"{above}.{key}" if above else key
        if isinstance(value, Mapping):
            found += _flat_info(value, path)
        elif isinstance(value, list):
            plain = [_scalar(entry) for entry in value if isinstance(entry, str | int | float)]
            found.append((_info_key(path), plain))
        elif value is not None:
            found.append((_info_key(path), _scalar(value)))
    return found


def _scalar(value: Scalar) -> str | int | float:
    """As the engine holds it: words, and numbers that a double holds exactly. Other integers are
    words of their digits, which equal themselves alone.
    """
    if isinstance(value, str | bool):
        return _word(value)
    fits = isfinite(value) if isinstance(value, float) else abs(value) <= _EXACT
    return value if fits else f"{_CODED}{value}"
