"""Dense vectors: scores are cosines, and lengths are checked."""

from pathlib import Path

import numpy as np
import pytest

from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.scope import IndexFilter
from services.kernel.ports.index import Hit, Index, Query, SparseVector
from tests.support.index import WORLDS, open_index, point, sparse, where


def term(n: int, within: IndexFilter, limit: int = 50) -> Query:
    return Query("sparse", SparseVector((n,), (1.0,)), within, corpus=within, limit=limit)


def ids(hits: list[Hit]) -> list[int]:
    return [hit.record.id.int for hit in hits]


async def test_dense_scores_are_cosines(dense_index: Index) -> None:
    await dense_index.upsert(
        [
            point(1, dense=(2.0, 0.0, 0.0)),
            point(2, dense=(3.0, 4.0, 0.0)),
            point(3, dense=(-1.0, 0.0, 0.0)),
            point(4),
        ]
    )

    (hits,) = await dense_index.search([Query("dense", (1.0, 0.0, 0.0), where(project_id="p1"))])

    assert ids(hits) == [1, 2, 3]
    assert [hit.score for hit in hits] == pytest.approx([1.0, 0.6, -1.0], abs=1e-5)


@pytest.mark.parametrize("world", WORLDS)
async def test_the_nearest_vectors_are_found_exactly(world: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(11)
    centres = numbers.standard_normal((20, 64))
    vectors = centres[numbers.integers(0, 20, 1000)] + numbers.standard_normal((1000, 64))
    asked = centres[3] + numbers.standard_normal(64)
    cosines = vectors @ asked / np.linalg.norm(vectors, axis=1) / np.linalg.norm(asked)
    nearest = [int(n) for n in np.argsort(-cosines)[:20]]

    async with open_index(world, tmp_path, dimension=64) as opened:
        await opened.upsert(
            [point(n, dense=tuple(vector.tolist())) for n, vector in enumerate(vectors)]
        )
        query = Query("dense", tuple(asked.tolist()), where(project_id="p1"), limit=20)
        (hits,) = await opened.search([query])

    assert ids(hits) == nearest
    assert [hit.score for hit in hits] == pytest.approx(cosines[nearest].tolist(), abs=1e-4)


async def test_sparse_and_dense_are_asked_in_one_call_and_answered_in_order(
    dense_index: Index,
) -> None:
    await dense_index.upsert(
        [point(1, sparse(t7=1.0), dense=(1.0, 0, 0)), point(2, sparse(t8=1.0), dense=(0, 1.0, 0))]
    )
    everything = where(project_id="p1")

    answers = await dense_index.search(
        [
            term(8, everything),
            Query("dense", (1.0, 0.1, 0.0), everything, limit=1),
            Query("sparse", SparseVector((), ()), everything),
            term(7, everything),
            term(7, everything, limit=0),
        ]
    )

    assert [ids(hits) for hits in answers] == [[2], [1], [], [1], []]


@pytest.mark.parametrize("vector", [(1.0, 2.0), (1.0, 2.0, 3.0, 4.0)])
async def test_a_vector_of_another_length_is_refused(
    dense_index: Index, vector: tuple[float, ...]
) -> None:
    with pytest.raises(InvalidInput, match="reindex"):
        await dense_index.upsert([point(1, dense=vector)])
    with pytest.raises(InvalidInput, match="reindex"):
        await dense_index.search([Query("dense", vector, where(project_id="p1"))])
    assert await dense_index.count() == 0


async def test_an_index_without_vectors_says_so(index: Index) -> None:
    with pytest.raises(InvalidInput, match="none"):
        await index.upsert([point(1, dense=(1.0,))])
