# ruff: noqa: E501 - sentences stand on one line
"""Any order and any repetition of the same messages ends in the same memories."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Status
from services.memorizer.domain.deletion import redacted
from services.memorizer.domain.extraction import extract, message_memory
from services.memorizer.domain.extraction import records as made
from services.memorizer.domain.merging import BY_HAND, duplicates_of
from tests.support.dialogues import remember, talk

TEXTS = (
    "我住在成都。", "我搬到昆明了。", "我从昆明搬到大理了。", "我住在成都。", "我对花生过敏。", "我花生过敏。",
    "I live in Graz.", "I moved from Graz to Bergen.", "I love olives.", "I hate olives.",
    "My laptop is a Dell.", "My laptop is now a Mac.", "养了一只猫叫团子。", "团子昨天去世了。",
    "The deadline was moved to Friday.", "I play the oboe.", "I play the oboe!", "hello", "谢谢",
    "What is 2 + 2?", "Please always answer briefly.", "以后回答都用英文。",
    "The party is on August 16 with 40 guests.", "The party is now on August 23.", "The party was moved to September 2.",
    "婚纱照预算一万五，去大理拍。", "婚纱照预算加到两万了。", "我不再养猫了。", "I no longer live in Graz.", "I don't eat fish.", "I eat fish again.", "我开的是卡罗拉。", "卡罗拉卖掉了，现在骑电动车。",
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


def removed(records: list[MemoryRecord], chosen: set[int], *, deleted: bool) -> list[MemoryRecord]:
    """The active records of these numbers, with what was merged into them, gone by hand."""
    active = sorted((r for r in records if r.status is Status.ACTIVATED), key=lambda r: str(r.id))
    gone = {one.id for number, one in enumerate(active) if number in chosen}
    for one in active:
        if one.id in gone:
            gone |= {other.id for other in duplicates_of(one, records)}
    return [_gone(one, deleted=deleted) if one.id in gone else one for one in records]


def _gone(record: MemoryRecord, *, deleted: bool) -> MemoryRecord:
    if deleted:
        return redacted(record)
    detail = {**record.detail, BY_HAND: True}
    return record.model_copy(update={"status": Status.ARCHIVED, "detail": detail})


@settings(max_examples=150, deadline=None)
@given(histories(), st.sets(st.integers(0, 5), min_size=1), st.booleans())
def test_what_was_removed_by_hand_comes_back_by_no_message(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
    chosen: set[int],
    deleted: bool,
) -> None:
    in_order, otherwise = history
    before = removed(remember(in_order), chosen, deleted=deleted)
    after = remember(otherwise, before)
    held = {one.id for one in before if one.status is Status.ACTIVATED and one.attribute}
    assert {one.id for one in after if one.status is Status.ACTIVATED and one.attribute} == held
    mine = {one.id: one.status for one in before if one.detail.get(BY_HAND) or not one.value}
    assert {one.id: one.status for one in after if one.id in mine} == mine


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_repeat_changes_nothing_at_all(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
) -> None:
    once = remember(history[0])
    assert {one.id: one for one in remember(history[0], once)} == {one.id: one for one in once}


@settings(max_examples=100, deadline=None)
@given(histories())
def test_no_raw_words_stay_beside_the_memory_that_was_made_of_them(
    history: tuple[list[MessagesRecorded], list[MessagesRecorded]],
) -> None:
    known = [raw for event in history[0] for raw in made(event, message_memory(event), now=0)]
    after = [one for one in remember(history[0], known) if one.status is Status.ACTIVATED]
    told = {(e.message_id, p) for one in after if one.kind is not Kind.MESSAGE
            for e in one.evidence for p in range(e.start, e.end)}  # fmt: skip
    for raw in (one for one in after if one.kind is Kind.MESSAGE):
        kept = {(e.message_id, p) for e in raw.evidence for p in range(e.start, e.end)}
        assert not kept & told


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
