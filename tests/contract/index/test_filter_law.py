"""Any filter selects, on every engine, exactly what its meaning in plain Python selects."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.contracts.records import Kind, MemoryRecord, Status
from services.kernel.contracts.scope import Condition, IndexFilter
from services.kernel.ports.index import Point
from tests.support.index import WORLDS, holds, open_index, point, sparse

PROJECTS = ("p1", "p2")
OWNERS = ("kb:k1", "kb:k2", "user:u1", "public:")
STATUSES = (Status.ACTIVATED, Status.ARCHIVED)
TAGS = ((), ("a",), ("a", "b"))
# A double cannot tell it from its neighbours.
BIG = 2**53 + 1
OTHER = {"n": "3", "order": {"state": "paid", "lines": ["x", 2]}, "客户/级别": "A"}


def _corpus() -> list[MemoryRecord]:
    sides = itertools.product(PROJECTS, OWNERS, STATUSES, TAGS)
    return [
        point(
            n,
            project_id=project,
            owner=owner,
            status=status,
            tags=tags,
            kind=Kind.FACT if n % 2 else Kind.PASSAGE,
            created_at=n % 7,
            document=f"d{n % 3}" if n % 4 else "",
            info={"n": n % 5, "big": BIG + n % 3} if n % 2 else OTHER | {"ok": n % 4 == 0},
            conversation_id=f"c{n % 3}",
        ).record
        for n, (project, owner, status, tags) in enumerate(sides)
    ]


def _words(field: str, values: tuple[str, ...]) -> st.SearchStrategy[Condition]:
    chosen = st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)
    return chosen.map(lambda picked: Condition(field, "any_of", tuple(picked)))


conditions = st.one_of(
    _words("project_id", PROJECTS),
    _words("owner", (*OWNERS, "kb:k9")),
    _words("status", tuple(status.value for status in STATUSES)),
    _words("tags", ("a", "b", "c")),
    _words("kind", ("fact", "passage")),
    _words("document_id", ("d0", "d1", "d2")),
    _words("info.n", ("3", "4")),
    _words("conversation_id", ("c0", "c1", "c9")),
    _words("info.order.state", ("paid", "open")),
    _words("info.order.lines", ("x", "y")),
    _words("info.客户/级别", ("A", "B")),
    st.builds(
        Condition, st.just("info.big"), st.just("any_of"), st.tuples(st.integers(BIG - 1, BIG + 3))
    ),
    st.builds(
        Condition,
        st.sampled_from(["created_at", "info.n"]),
        st.sampled_from(["gte", "gt", "lte", "lt"]),
        st.integers(0, 6),
    ),
    st.builds(Condition, st.just("info.n"), st.just("any_of"), st.tuples(st.integers(0, 5))),
    st.builds(Condition, st.just("info.ok"), st.just("any_of"), st.tuples(st.booleans())),
)
many = st.lists(conditions, max_size=4).map(tuple)
leaves = st.builds(IndexFilter, must=many, must_not=st.lists(conditions, max_size=1).map(tuple))
filters = st.recursive(
    leaves,
    lambda inner: st.builds(
        IndexFilter,
        must=many,
        must_not=st.lists(conditions, max_size=1).map(tuple),
        any_of=st.lists(inner, max_size=3).map(tuple),
        none_of=st.lists(inner, max_size=1).map(tuple),
    ),
    max_leaves=6,
)
# What every search sends: project and status, and an owner in each group.
owned = st.builds(
    lambda owner, rest: IndexFilter(must=(owner, *rest)), _words("owner", OWNERS), many
)
scoped = st.builds(
    IndexFilter,
    must=st.tuples(
        _words("project_id", PROJECTS), _words("status", tuple(s.value for s in STATUSES))
    ),
    any_of=st.lists(owned, max_size=3).map(tuple),
)


@pytest.mark.parametrize("world", WORLDS)
async def test_filters_mean_what_they_say(world: str, tmp_path: Path) -> None:
    corpus = _corpus()
    async with open_index(world, tmp_path) as index:
        await index.upsert([Point(record, sparse(t1=1.0)) for record in corpus])

        @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(test=st.one_of(filters, scoped))
        def law(test: IndexFilter) -> None:
            asked.append(test)

        asked: list[IndexFilter] = []
        law()
        matched = 0
        for test in asked:
            expected = {record.id.int for record in corpus if holds(test, record)}
            found = {record.id.int for record in await index.retrieve(test)}
            assert found == expected, test
            matched += bool(expected) and len(expected) < len(corpus)
        assert matched > len(asked) / 10  # the law is not true of empty answers only
