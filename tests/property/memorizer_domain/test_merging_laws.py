# ruff: noqa: E501 - sentences stand on one line
"""Any order and any repetition of the same messages ends in the same memories."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import MemoryRecord, Status
from services.memorizer.domain.extraction import extract
from tests.support.dialogues import remember, talk

TEXTS = (
    "我住在成都。", "我搬到昆明了。", "我从昆明搬到大理了。", "我住在成都。", "我对花生过敏。", "我花生过敏。",
    "I live in Graz.", "I moved from Graz to Bergen.", "I love olives.", "I hate olives.",
    "My laptop is a Dell.", "My laptop is now a Mac.", "养了一只猫叫团子。", "团子昨天去世了。",
    "The deadline was moved to Friday.", "I play the oboe.", "I play the oboe!", "hello", "谢谢",
    "What is 2 + 2?", "Please always answer briefly.", "以后回答都用英文。",
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[MessagesRecorded], list[MessagesRecorded]]:
    texts = draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=7))
    events = [talk(text, day=day) for day, text in enumerate(texts)]
    repeated = draw(st.lists(st.sampled_from(events), max_size=3))
    shuffled = draw(st.permutations([*events, *repeated]))
    return events, shuffled


def picture(records: list[MemoryRecord]) -> dict[str, object]:
    ignored = {"revision", "created_at", "updated_at"}
    return {str(one.id): one.model_dump(exclude=ignored) for one in records}


@settings(max_examples=150, deadline=None)
@given(histories())
def test_order_and_repetition_do_not_matter(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
) -> None:
    in_order, otherwise = history
    assert picture(remember(otherwise)) == picture(remember(in_order))


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_repeat_changes_nothing_at_all(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
) -> None:
    once = remember(history[0])
    assert {one.id: one for one in remember(history[0], once)} == {one.id: one for one in once}


@settings(max_examples=60, deadline=None)
@given(histories())
def test_links_hold_together(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
) -> None:
    by_id = {one.id: one for one in remember(history[0])}
    for one in by_id.values():
        assert (one.status is Status.ACTIVATED) == (one.superseded_by is None)
        for older in one.supersedes:
            assert by_id[older].status is Status.ARCHIVED


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_and_every_memory_rests_on_its_span(text: str) -> None:
    for draft in extract(talk(text)):
        assert draft.value.strip()
        for evidence in draft.evidence:
            assert evidence.text == text[evidence.start : evidence.end]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(TEXTS), max_size=4))
def test_extraction_is_deterministic_and_its_ids_are_distinct(texts: list[str]) -> None:
    event = talk(*texts)
    first = extract(event)
    assert first == extract(event)
    assert len({draft.id for draft in first}) == len(first)
