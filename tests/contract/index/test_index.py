"""What every index keeps. Scores are computed by hand: IDF is ln(1 + (N - n + ½)/(n + ½))."""

from dataclasses import replace
from math import log
from typing import Literal

import pytest

from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    MessageEvidence,
    Owner,
    OwnerType,
    Status,
)
from services.kernel.contracts.scope import Condition, IndexFilter, RemovedOwner, Scope
from services.kernel.ports.index import Hit, Index, Point, Query, SparseVector
from tests.support.index import active, any_of, number, point, sparse, where


def term(n: int, within: IndexFilter, limit: int = 50) -> Query:
    return Query("sparse", SparseVector((n,), (1.0,)), within, corpus=within, limit=limit)


def ids(hits: list[Hit]) -> list[int]:
    return [hit.record.id.int for hit in hits]


async def test_numbers_of_any_size_are_kept(index: Index) -> None:
    huge = {"n": 2**80, "m": -(2**70), "k": [2**63, 1], "f": float("inf")}
    await index.upsert([point(1, info=huge), point(2, info={"n": 2})])
    found = {record.id: record for record in await index.retrieve(active("p1", "kb:k1"))}
    assert found[number(1)].info["n"] == 2**80


async def test_a_record_comes_back_whole(index: Index) -> None:
    kept = MemoryRecord(
        id=number(7),
        project_id="p1",
        owner=Owner(type=OwnerType.USER, id="u:1"),
        kind=Kind.PREFERENCE,
        key="饮食",
        value="用户不吃鸡肉 🐶\n“引号”",
        context="标题 › 小节",
        tags=("a", "标签"),
        confidence=0.5,
        weight=2.0,
        status=Status.ARCHIVED,
        attribute="user|diet",
        anchor=DocumentAnchor(document_id="d1", heading_path=("一", "二"), start=3, end=9),
        evidence=(MessageEvidence(message_id="m1", text="不吃鸡肉", chat_time=5),),
        supersedes=(number(3),),
        superseded_by=number(9),
        valid_from=1,
        valid_to=2,
        conversation_id="c1",
        user_id="u:1",
        info={"scene": "chat", "n": 1.5, "nested": {"deep": [1, "x", None]}, "yes": True},
        detail={"reasoning": None},
        created_at=10,
        updated_at=11,
        revision=4,
        ordinal=2,
    )
    await index.upsert([Point(kept, sparse(t5=1.0))])

    (found,) = await index.search([term(5, where(project_id="p1"))])

    assert found[0].record == kept
    assert await index.retrieve(where(id=str(number(7)))) == [kept]


async def test_idf_is_counted_over_the_corpus_and_nothing_else(index: Index) -> None:
    # The term stands in two of the corpus's four points, and in all sixteen others.
    await index.upsert([point(n, sparse(t7=1.0), owner="kb:k1") for n in (1, 2)])
    await index.upsert([point(n, sparse(t8=1.0), owner="kb:k1") for n in (3, 4)])
    await index.upsert([point(n, sparse(t7=1.0), owner="kb:k2") for n in range(10, 26)])

    small, both = await index.search(
        [term(7, active("p1", "kb:k1")), term(7, active("p1", "kb:k1", "kb:k2"))]
    )

    assert ids(small) == [1, 2]
    assert small[0].score == pytest.approx(log(1 + 2.5 / 2.5), abs=1e-5)  # N=4, n=2: ln 2
    assert both[0].score == pytest.approx(log(1 + 2.5 / 18.5), abs=1e-5)  # N=20, n=18


async def test_the_corpus_may_be_wider_than_what_is_searched(index: Index) -> None:
    await index.upsert([point(1, sparse(t7=1.0), kind=Kind.FACT)])
    await index.upsert([point(n, sparse(t8=1.0)) for n in (2, 3, 4)])
    facts = IndexFilter(
        must=(any_of("project_id", "p1"), any_of("owner", "kb:k1"), any_of("kind", "fact"))
    )

    (hits,) = await index.search(
        [Query("sparse", sparse(t7=1.0), facts, corpus=active("p1", "kb:k1"))]
    )

    assert [hit.score for hit in hits] == [pytest.approx(log(1 + 3.5 / 1.5), abs=1e-5)]  # N=4, n=1


async def test_without_a_corpus_idf_is_counted_over_what_is_searched(index: Index) -> None:
    await index.upsert([point(1, sparse(t7=1.0)), point(2, sparse(t8=1.0))])
    await index.upsert([point(n, sparse(t7=1.0), owner="kb:k2") for n in range(10, 30)])

    (hits,) = await index.search([Query("sparse", sparse(t7=1.0), active("p1", "kb:k1"))])

    assert [hit.score for hit in hits] == [pytest.approx(log(1 + 1.5 / 1.5), abs=1e-5)]  # N=2, n=1


async def test_a_score_sums_weight_times_idf_over_terms(index: Index) -> None:
    await index.upsert(
        [point(1, sparse(t7=1.5, t8=0.5)), point(2, sparse(t8=2.0)), point(3, sparse(t9=1.0))]
    )
    asked = SparseVector((7, 8), (1.0, 1.0))

    (hits,) = await index.search([Query("sparse", asked, where(project_id="p1"))])

    one = 1.5 * log(1 + 2.5 / 1.5) + 0.5 * log(1 + 1.5 / 2.5)  # N=3; n=1 and n=2
    two = 2.0 * log(1 + 1.5 / 2.5)
    assert ids(hits) == [1, 2]
    assert [hit.score for hit in hits] == pytest.approx([one, two], abs=1e-5)


async def test_idf_follows_deletion_and_revision(index: Index) -> None:
    await index.upsert([point(n, sparse(t7=1.0)) for n in (1, 2, 3, 4)])
    await index.upsert([point(3, sparse(t8=1.0), revision=2)])
    await index.delete_ids([number(4)])

    (hits,) = await index.search([term(7, active("p1", "kb:k1"))])

    assert ids(hits) == [1, 2]
    assert hits[0].score == pytest.approx(log(1 + 1.5 / 2.5), abs=1e-5)  # N=3, n=2


async def test_an_older_revision_never_overwrites(index: Index) -> None:
    await index.upsert([point(1, revision=3, value="three")])
    await index.upsert([point(1, revision=2, value="two"), point(2, revision=2, value="new")])
    assert [r.value for r in await index.retrieve(where(project_id="p1"))] == ["three", "new"]

    await index.upsert([point(1, revision=3, value="three again")])
    await index.upsert([point(2, revision=9, value="nine")])
    assert [r.value for r in await index.retrieve(where(project_id="p1"))] == [
        "three again",
        "nine",
    ]


async def test_within_one_call_the_highest_revision_wins(index: Index) -> None:
    await index.upsert(
        [point(1, revision=r, value=f"r{r}") for r in (2, 5, 3)] + [point(2, revision=5)]
    )
    assert [r.value for r in await index.retrieve(where(id=str(number(1))))] == ["r5"]
    assert await index.count() == 2


async def test_a_new_revision_takes_the_old_terms_and_fields_away(index: Index) -> None:
    await index.upsert([point(1, sparse(t7=1.0), tags=("old",), conversation_id="c1")])
    await index.upsert([point(1, sparse(t8=1.0), revision=2)])

    answers = await index.search([term(7, active("p1", "kb:k1")), term(8, active("p1", "kb:k1"))])

    assert [ids(hits) for hits in answers] == [[], [1]]
    assert await index.count(where(tags="old")) == 0
    assert await index.count(where(conversation_id="c1")) == 0


async def test_ties_are_broken_by_id_also_across_the_limit(index: Index) -> None:
    numbers = [n * 7919 % 1000 for n in range(300)]
    await index.upsert([point(n, sparse(t1=1.0)) for n in numbers])
    await index.upsert([point(5000, sparse(t1=2.0))])

    (hits,) = await index.search([term(1, where(project_id="p1"), limit=10)])

    assert ids(hits) == [5000, *sorted(numbers)[:9]]


async def test_the_newest_come_first(index: Index) -> None:
    times = {1: 50, 2: 70, 3: 60, 4: 70, 5: 70, 6: 10}
    await index.upsert([point(n, created_at=when) for n, when in times.items()])
    await index.upsert([point(9, owner="kb:k2", created_at=99)])
    empty = SparseVector((), ())

    found, all_of_them, relevant = await index.search(
        [
            Query("recent", empty, active("p1", "kb:k1"), limit=2),
            Query("recent", (), active("p1", "kb:k1")),
            term(1, active("p1", "kb:k2")),
        ]
    )

    assert ids(found) == [2, 4]
    assert ids(all_of_them) == [2, 4, 5, 3, 1, 6]
    assert {hit.score for hit in all_of_them} == {0.0}
    assert ids(relevant) == [9]


async def test_more_points_than_a_batch(index: Index) -> None:
    await index.upsert([point(n, revision=1 + n % 3) for n in range(700)])
    assert await index.count() == 700
    found = await index.retrieve(where(project_id="p1"), limit=2000)
    assert {r.id.int for r in found} == set(range(700))


async def test_retrieve_is_in_order_of_document_ordinal_and_id(index: Index) -> None:
    await index.upsert(
        [
            point(1, document="b", ordinal=1),
            point(2, document="a", ordinal=2),
            point(3, document="a", ordinal=0),
            point(5, document="a", ordinal=1),
            point(4, document="a", ordinal=1),
        ]
    )
    everything = where(project_id="p1")
    assert [r.id.int for r in await index.retrieve(everything)] == [3, 4, 5, 2, 1]
    assert [r.id.int for r in await index.retrieve(everything, limit=2)] == [3, 4]


async def test_delete_by_filter_takes_what_matches_only(index: Index) -> None:
    await index.upsert([point(n, document="d1" if n % 2 else "d2") for n in range(100)])
    await index.upsert([point(200, document="d1", project_id="p2")])

    await index.delete(Scope(project_id="p1").document("d1"))

    assert await index.count(where(document_id="d1")) == 1
    assert await index.count(where(document_id="d2")) == 50
    await index.delete_ids([number(0), number(777)])
    assert await index.count() == 50
    await index.delete_ids([])
    assert await index.count() == 50


async def test_projects_are_apart(index: Index) -> None:
    await index.upsert([point(1, project_id="p1"), point(2, project_id="p2")])
    for project, expected in (("p1", [1]), ("p2", [2]), ("p3", [])):
        scope = Scope(project_id=project, knowledgebase_ids=("k1",))
        knowledge = scope.knowledge()
        assert knowledge is not None
        (hits,) = await index.search([term(1, knowledge)])
        assert ids(hits) == expected
        assert [r.id.int for r in await index.retrieve(scope.records([number(1), number(2)]))] == (
            expected
        )


async def test_of_a_lender_the_lent_knowledge_base_alone_is_seen(index: Index) -> None:
    await index.upsert(
        [
            point(1, project_id="p1", owner="kb:k1"),
            point(2, project_id="p2", owner="kb:k2"),
            point(3, project_id="p2", owner="kb:k3"),
            point(4, project_id="p2", owner="public:", kind=Kind.FACT),
            point(5, project_id="p2", owner="user:u1", kind=Kind.FACT),
            point(6, project_id="p3", owner="kb:k2"),
        ]
    )
    user = Owner(type=OwnerType.USER, id="u1")
    scope = Scope(project_id="p1", subject=user, knowledgebase_ids=("k1", "k2"), lenders=("p2",))
    for test, expected in (
        (scope.knowledge(), [1, 2]),
        (scope.corpus("knowledge"), [1, 2]),
        (scope.personal(), []),
        (scope.corpus("personal"), []),
    ):
        assert test is not None
        (hits,) = await index.search([term(1, test)])
        assert ids(hits) == expected


async def test_what_a_scope_sees(index: Index) -> None:
    await index.upsert(
        [
            point(1, owner="user:u1", kind=Kind.FACT),
            point(2, owner="user:u2", kind=Kind.FACT),
            point(3, owner="public:", kind=Kind.FACT),
            point(4, owner="kb:k1", document="d1"),
            point(5, owner="kb:k2", document="d2"),
            point(6, owner="user:u1", kind=Kind.FACT, status=Status.ARCHIVED),
            point(7, owner="user:u1", kind=Kind.TOOL),
            point(8, owner="kb:k1", document="d3"),
            point(9, owner="user:u1", kind=Kind.FACT, created_at=9_000),
            point(10, owner="user:u1", kind=Kind.FACT, created_at=1, sequence=20),
            point(11, owner="public:", kind=Kind.FACT, user_id="u1", sequence=10),
            point(12, owner="kb:k1", kind=Kind.CORRECTION, user_id="u1", sequence=10),
            point(13, owner="kb:k2", kind=Kind.FACT, agent_id="a1", sequence=10),
        ]
    )
    user = Owner(type=OwnerType.USER, id="u1")
    scope = Scope(project_id="p1", subject=user, knowledgebase_ids=("k1", "k2"))

    async def seen(test: IndexFilter | None) -> list[int]:
        assert test is not None
        (hits,) = await index.search([term(1, test)])
        assert await index.count(test) == len(hits)
        return ids(hits)

    assert await seen(scope.personal()) == [1, 3, 7, 9, 10, 11]
    assert await seen(scope.personal([Kind.FACT])) == [1, 3, 9, 10, 11]
    assert await seen(scope.model_copy(update={"include_public": False}).personal()) == [
        *(1, 7, 9, 10),
    ]
    assert await seen(scope.knowledge()) == [4, 5, 8, 12, 13]
    hiding = scope.model_copy(
        update={
            "hidden_documents": ("d1",),
            "hidden_records": (number(5),),
            "removed_owners": (RemovedOwner(owner=user, removed_at=8_000),),
        }
    )
    assert await seen(hiding.knowledge()) == [8, 12, 13]
    assert await seen(hiding.personal()) == [3, 9, 10, 11]
    assert await seen(hiding.corpus("knowledge")) == [4, 5, 8, 12, 13]
    # With a place in the order no clock decides, and what was shared goes; corrections stay.
    gone = RemovedOwner(owner=user, removed_at=0, sequence=15)
    after = scope.model_copy(update={"removed_owners": (gone,)})
    assert await seen(after.personal()) == [3, 10]
    assert await seen(after.knowledge()) == [4, 5, 8, 12, 13]
    agent = gone.model_copy(update={"owner": Owner(type=OwnerType.AGENT, id="a1")})
    assert await seen(scope.model_copy(update={"removed_owners": (agent,)}).knowledge()) == [
        *(4, 5, 8, 12),
    ]
    assert await seen(scope.owner(user)) == [1, 6, 7, 9, 10]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (IndexFilter(), [1, 2, 3]),
        (where(tags="x"), [1, 2]),
        (where(tags=("y", "z")), [2, 3]),
        (where(tags="x", app_id="a2"), [2]),
        (IndexFilter(must=(Condition("created_at", "gte", 20),)), [2, 3]),
        (IndexFilter(must=(Condition("created_at", "gt", 20),)), [3]),
        (IndexFilter(must=(Condition("updated_at", "lt", 200),)), [1]),
        (IndexFilter(must=(Condition("updated_at", "lte", 200),)), [1, 2]),
        (IndexFilter(must=(Condition("valid_to", "gt", 0),)), [3]),
        (IndexFilter(must_not=(any_of("tags", "x"),)), [3]),
        (IndexFilter(none_of=(where(tags="x", app_id="a1"),)), [2, 3]),
        (IndexFilter(any_of=(where(app_id="a1"), where(tags="z"))), [1, 3]),
        (IndexFilter(any_of=(where(app_id="nobody"),)), []),
        (where(**{"info.scene": "chat"}), [1]),
        (where(**{"info.level": 3}), [1, 2]),
        (where(**{"info.level": (3.0, "three")}), [1, 2, 3]),
        (IndexFilter(must=(Condition("info.level", "gt", 2),)), [1, 2]),
        (where(**{"info.ok": True}), [1]),
        (where(**{"info.ok": False}), [2]),
        (where(**{'info.中 文."键"': "v"}), [2]),
        (where(**{"info.list": "b"}), [3]),
        (where(**{"info.absent": "b"}), []),
        (where(related_id="u1"), [1]),
        (where(related_id=("u9", "g1")), [2]),
        (where(related_id="owner9"), [3]),
        (where(id=(str(number(1)), str(number(3)))), [1, 3]),
        (where(id="no uuid"), []),
        (IndexFilter(must_not=(any_of("id", str(number(1))),)), [2, 3]),
    ],
    ids=str,
)
async def test_filters(index: Index, test: IndexFilter, expected: list[int]) -> None:
    await index.upsert(
        [
            point(
                1,
                tags=("x",),
                app_id="a1",
                created_at=10,
                updated_at=100,
                user_id="u1",
                info={"scene": "chat", "level": 3, "ok": True},
            ),
            point(
                2,
                tags=("x", "y"),
                app_id="a2",
                created_at=20,
                updated_at=200,
                agent_id="g1",
                info={"level": 3.0, "ok": False, '中 文."键"': "v"},
            ),
            point(
                3,
                tags=("z",),
                created_at=30,
                updated_at=300,
                owner="user:owner9",
                valid_to=5,
                info={"level": "three", "list": ["a", "b"]},
            ),
        ]
    )
    assert [r.id.int for r in await index.retrieve(test)] == expected
    assert await index.count(test) == len(expected)


@pytest.mark.parametrize(
    "condition",
    [Condition("colour", "any_of", ("red",)), Condition("created_at", "gt", "yesterday")],
)
async def test_a_filter_that_cannot_be_meant_is_refused(index: Index, condition: Condition) -> None:
    with pytest.raises(InvalidInput):
        await index.count(IndexFilter(must=(condition,)))


async def test_flush_check_and_count_of_an_empty_index(index: Index) -> None:
    await index.flush()
    await index.check()
    assert await index.count() == 0
    assert await index.search([term(1, where(project_id="p1"))]) == [[]]
    assert await index.search([]) == []
    await index.upsert([])
    await index.delete(where(project_id="p1"))


@pytest.mark.parametrize("using", ["sparse", "recent"])
async def test_a_reading_comes_back_with_the_hit(
    index: Index, using: Literal["sparse", "recent"]
) -> None:
    read = 'é "读" |\n'
    await index.upsert(
        [replace(point(1), reading=read), point(2), replace(point(3), reading="again")]
    )
    await index.upsert([replace(point(3, revision=2), reading="anew")])
    (hits,) = await index.search([replace(term(1, where(project_id="p1")), using=using)])
    assert {hit.record.id.int: hit.reading for hit in hits} == {1: read, 2: "", 3: "anew"}
