"""What people say, in many forms, becomes the decision that they mean, and nothing else."""

import pytest

from services.kernel.contracts.events import Decision
from tests.support.corrections import decided, passages
from tests.unit.feedback.phrasings import DOCUMENTS, MORE, NOTHING, ONE, SEVERAL, Said

RECORDS = [record for name, text in DOCUMENTS.items() for record in passages(name, text)]


def touches(decision: Decision, piece: str) -> bool:
    """Whether an anchor of the decision lies on this piece of a document."""
    for anchor in decision.anchors:
        at = DOCUMENTS[anchor.document_name].find(piece)
        if at >= 0 and anchor.start < at + len(piece) and at < anchor.end:
            return True
    return False


@pytest.mark.parametrize("said", ONE, ids=lambda said: said.words)
def test_one_correction(said: Said) -> None:
    decisions, reason = decided(said.words, RECORDS)
    assert len(decisions) == 1, reason or [decision.text for decision in decisions]
    (decision,) = decisions
    assert decision.kind == said.kind
    if said.touched:
        assert touches(decision, said.touched), decision.before
    else:
        assert decision.anchors == ()
    assert not [piece for piece in said.kept if touches(decision, piece)]
    assert said.old in decision.old
    assert said.new in decision.new
    for piece in (said.old, said.new):
        assert piece in decision.before + decision.text + decision.old


@pytest.mark.parametrize(("words", "touched", "new"), MORE, ids=[row[0] for row in MORE])
def test_one_correction_in_other_words(words: str, touched: list[str] | None, new: str) -> None:
    decisions, reason = decided(words, RECORDS)
    assert len(decisions) == 1, reason or [decision.text for decision in decisions]
    (decision,) = decisions
    assert all(touches(decision, piece) for piece in touched or ()), decision.before
    assert new in decision.new


@pytest.mark.parametrize(("words", "touched"), SEVERAL, ids=lambda value: str(value)[:60])
def test_several_at_once(words: str, touched: tuple[str, ...]) -> None:
    decisions, _ = decided(words, RECORDS)
    assert len(decisions) == len(touched)
    for piece in touched:
        assert sum(touches(decision, piece) for decision in decisions) == 1
    assert len({decision.id for decision in decisions}) == len(decisions)


@pytest.mark.parametrize("words", NOTHING)
def test_no_correction_changes_nothing_and_says_why(words: str) -> None:
    decisions, reason = decided(words, RECORDS)
    assert decisions == []
    assert reason
