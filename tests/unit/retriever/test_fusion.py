"""Words and vectors on one scale."""

import pytest

from services.retriever.domain.candidates import Candidate
from services.retriever.domain.fusion import fuse
from tests.support.searching import said


def near(*cosines: float) -> list[Candidate]:
    return [Candidate(said(f"note {place}"), dense=cos) for place, cos in enumerate(cosines)]


def scores(candidates: list[Candidate], nearest: int | None = None) -> list[float]:
    """By vectors alone."""
    fuse(candidates, [0.0] * len(candidates), 1.0, nearest=nearest)
    return [candidate.score for candidate in candidates]


def test_the_nearest_is_one_and_the_last_is_nothing() -> None:
    assert scores(near(0.8, 0.6, 0.4)) == pytest.approx([1.0, 0.5, 0.0])


def test_only_so_many_are_near() -> None:
    assert scores(near(0.8, 0.6, 0.4, 0.1), nearest=3) == pytest.approx([1.0, 0.5, 0.0, 0.0])


def test_fewer_than_that_are_all_measured_by_their_last() -> None:
    assert scores(near(0.8, 0.6, 0.4), nearest=9) == scores(near(0.8, 0.6, 0.4))


def test_what_no_vector_found_is_as_far_as_the_last() -> None:
    candidates = [*near(0.8, 0.4), Candidate(said("found by its words"))]
    fuse(candidates, [0.0, 0.0, 1.0], 0.5)
    assert [candidate.score for candidate in candidates] == [0.5, 0.0, 0.5]
