"""Memories that between them hold the words of a question."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.covering import cover
from tests.support.searching import said

LEXICON = Lexicon(LexicalBm25().tokens)
WEIGHTS = {"garden": 2.0, "boiler": 2.0, "cost": 1.0}


def found(*rows: tuple[str, float]) -> list[Candidate]:
    """Texts with their scores, best first."""
    made = [Candidate(said(text, day=day), score=score) for day, (text, score) in enumerate(rows)]
    return sorted(made, key=lambda candidate: -candidate.score)


def texts(candidates: list[Candidate]) -> list[str]:
    return [candidate.record.value for candidate in candidates]


def test_the_other_part_of_a_question_goes_before_more_of_the_same() -> None:
    rows = ("the garden cost 300", 1.0), ("the garden cost again", 0.9), ("a new boiler", 0.85)
    best = cover(found(*rows), WEIGHTS, LEXICON)
    assert texts(best) == ["the garden cost 300", "a new boiler", "the garden cost again"]


def test_what_is_far_better_stays_above_the_other_part() -> None:
    rows = ("the garden cost 300", 1.0), ("the garden cost again", 0.9), ("a new boiler", 0.5)
    assert texts(cover(found(*rows), WEIGHTS, LEXICON)) == [text for text, _ in rows]


def test_what_was_found_without_the_words_keeps_its_score() -> None:
    rows = ("the garden cost 300", 1.0), ("plants and a lawn", 0.7)
    assert [one.score for one in cover(found(*rows), WEIGHTS, LEXICON)] == [1.0, 0.7]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["garden", "boiler", "cost", "lawn"])).map(" ".join),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
def test_nothing_is_lost_and_scores_fall_from_an_unmoved_first(
    rows: list[tuple[str, float]],
) -> None:
    candidates = found(*rows)
    before = {candidate.id: candidate.score for candidate in candidates}
    best = cover(candidates, WEIGHTS, LEXICON)
    scores = [candidate.score for candidate in best]
    assert scores == sorted(scores, reverse=True)
    assert sorted(map(id, best)) == sorted(map(id, candidates))
    assert all(candidate.score <= before[candidate.id] for candidate in best)
    assert best[:1] == candidates[:1]
