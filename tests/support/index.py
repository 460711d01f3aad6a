"""Points and filters for tests of the index, and what a filter means, in plain Python."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient

from services.kernel.adapters.qdrant_edge import QdrantEdgeIndex
from services.kernel.adapters.qdrant_server import QdrantServerIndex, connect
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    Owner,
    OwnerType,
    Status,
)
from services.kernel.contracts.scope import Condition, IndexFilter
from services.kernel.ports.index import Index, Point, SparseVector
from tests.support.qdrant_wire import wired_client
from tests.support.settings import settings

# The client's local mode for semantics, the same behind gRPC, and the server where
# MEMLOOM_TEST_QDRANT_URL names one.
WORLDS = ("edge", "local", "wire", *(("server",) if settings().qdrant_url else ()))


@asynccontextmanager
async def qdrant_client(world: str) -> AsyncIterator[AsyncQdrantClient]:
    """A client for one of WORLDS (but `edge`)."""
    if world == "wire":
        async with wired_client() as wired:
            yield wired
        return
    client = connect(":memory:" if world == "local" else settings().qdrant_url)
    yield client
    await client.close()


@asynccontextmanager
async def open_index(
    world: str, folder: Path, *, dimension: int | None = None
) -> AsyncIterator[Index]:
    """An empty index of one of WORLDS, gone afterwards."""
    if world == "edge":
        edge = await QdrantEdgeIndex.open(folder / "edge", dimension=dimension)
        yield edge
        await edge.close()
        return
    async with qdrant_client(world) as client:
        collection = f"test-{uuid.uuid4().hex}"
        yield await QdrantServerIndex.open(client, collection, dimension=dimension)
        await client.delete_collection(collection)


def number(n: int) -> uuid.UUID:
    """A made-up id; ids order as their numbers."""
    return uuid.UUID(int=n)


def record(n: int, *, owner: str = "kb:k1", document: str = "", **fields: Any) -> MemoryRecord:
    """A record with what matters to the index; the rest is filled in."""
    kind, _, identifier = owner.partition(":")
    values: dict[str, Any] = {
        "id": number(n),
        "project_id": "p1",
        "owner": Owner(type=OwnerType(kind), id=identifier),
        "kind": Kind.PASSAGE,
        "value": f"text {n}",
        "created_at": 1_000 + n,
        "updated_at": 2_000 + n,
        "anchor": DocumentAnchor(document_id=document) if document else None,
    }
    return MemoryRecord(**(values | fields))


def sparse(**terms: float) -> SparseVector:
    """`sparse(t7=1.0, t9=0.5)`: weights by term number."""
    pairs = sorted((int(name[1:]), weight) for name, weight in terms.items())
    return SparseVector(tuple(term for term, _ in pairs), tuple(weight for _, weight in pairs))


def point(n: int, terms: SparseVector | None = None, **fields: Any) -> Point:
    """A point; without terms it has the term 1."""
    dense = fields.pop("dense", None)
    return Point(record(n, **fields), terms if terms is not None else sparse(t1=1.0), dense)


def where(**tests: Any) -> IndexFilter:
    """All fields equal (one of) these values."""
    return IndexFilter(must=tuple(any_of(name, value) for name, value in tests.items()))


def any_of(field: str, value: Any) -> Condition:
    """The field is one of the values."""
    return Condition(field, "any_of", value if isinstance(value, tuple) else (value,))


def active(project: str, *owners: str) -> IndexFilter:
    """The shape that `Scope` makes: project and status, and a group for the owners."""
    return IndexFilter(
        must=(any_of("project_id", project), any_of("status", Status.ACTIVATED.value)),
        any_of=tuple(where(owner=owner) for owner in owners),
    )


def holds(test: IndexFilter, subject: MemoryRecord) -> bool:
    """What a filter means: the law that every adapter keeps."""
    return (
        all(_passes(condition, subject) for condition in test.must)
        and not any(_passes(condition, subject) for condition in test.must_not)
        and (not test.any_of or any(holds(group, subject) for group in test.any_of))
        and not any(holds(group, subject) for group in test.none_of)
    )


def _passes(condition: Condition, subject: MemoryRecord) -> bool:
    held = [value for value in _held(condition.field, subject) if value is not None]
    wanted = condition.value
    if condition.operator == "any_of":
        assert isinstance(wanted, tuple)
        return any(_same(one, other) for one in held for other in wanted)
    assert isinstance(wanted, int | float)
    tests = {
        "gte": lambda value: value >= wanted,
        "gt": lambda value: value > wanted,
        "lte": lambda value: value <= wanted,
        "lt": lambda value: value < wanted,
    }
    return any(
        tests[condition.operator](value)
        for value in held
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _same(one: Any, other: Any) -> bool:
    return (type(one) is type(other) and one == other) or _numbers(one, other)


def _numbers(one: Any, other: Any) -> bool:
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (one, other))
    return plain and one == other


def _held(field: str, subject: MemoryRecord) -> list[Any]:
    if field.startswith("info."):
        value: Any = subject.info
        for key in field.removeprefix("info.").split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return list(value) if isinstance(value, list) else [value]
    special: dict[str, list[Any]] = {
        "id": [str(subject.id)],
        "owner": [subject.owner.key],
        "kind": [subject.kind.value],
        "status": [subject.status.value],
        "document_id": [subject.anchor.document_id] if subject.anchor else [],
        "tags": list(subject.tags),
        "related_id": [
            value
            for value in (
                subject.user_id,
                subject.agent_id,
                subject.owner.id if subject.owner.type in {"user", "agent"} else "",
            )
            if value
        ],
    }
    return special[field] if field in special else [getattr(subject, field)]
