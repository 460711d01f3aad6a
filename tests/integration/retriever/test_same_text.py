"""The same text in several places is one item, which names the other places."""

from services.kernel.contracts.records import Kind
from tests.support.searching import World, passage, said

RULE = (
    "The office software of a team is bought once a year, and its cap is 800 yuan a person; "
    "what goes beyond is paid by the team itself."
)


async def test_one_text_in_two_documents_is_one_item() -> None:
    world = World()
    await world.put(
        [
            passage(RULE, document="rules.md", detail={"title": "Rules"}),
            passage(
                RULE.replace(", ", ",\n"),
                document="copy.pdf",
                knowledgebase="kb2",
                detail={"title": "Copy of the rules"},
            ),
            passage("Software is installed by the help desk.", document="other.md"),
        ]
    )
    answer = await world.search("cap of office software", knowledgebases=("kb1", "kb2"))
    items = [item for item in answer.memories if "800 yuan" in item.record.value]
    assert len(items) == 1
    (item,) = items
    (place,) = item.also_in
    names = {item.record.anchor.document_name if item.record.anchor else "", *()}
    assert place.anchor is not None
    assert names | {place.anchor.document_name} == {"rules.md", "copy.pdf"}
    assert place.title in {"Rules", "Copy of the rules"}
    others = [one for one in answer.memories if one is not item]
    assert all(one.also_in == () for one in others)


async def test_what_is_corrected_in_one_place_is_marked_in_the_item_of_both() -> None:
    world = World()
    one = passage(RULE, document="rules.md")
    other = passage(RULE, document="copy.md", knowledgebase="kb2")
    assert other.anchor is not None
    correction = passage(
        "The user confirmed that the cap of office software is 600 yuan, not 800.",
        document="copy.md",
        knowledgebase="kb2",
        kind=Kind.CORRECTION,
        detail={
            "old": "800",
            "new": "600",
            "anchors": [other.anchor.model_dump(mode="json")],
            "document_ids": [other.anchor.document_id],
        },
    )
    await world.put([one, other, correction])
    answer = await world.search("cap of office software", knowledgebases=("kb1", "kb2"))
    items = [item for item in answer.memories if item.record.kind is Kind.PASSAGE]
    assert [item.corrected_by for item in items] == [(str(correction.id),)]


async def test_equal_memories_of_two_conversations_are_one_item() -> None:
    world = World()
    text = "The user keeps bees in the garden"
    await world.put([said(text, kind=Kind.FACT, day=1), said(text, kind=Kind.FACT, day=9)])
    answer = await world.search("bees in the garden")
    (item,) = answer.memories
    (place,) = item.also_in
    assert {item.record.conversation_id, place.conversation_id} == {"c1", "c9"}


async def test_short_texts_that_differ_by_a_space_stay_apart() -> None:
    world = World()
    await world.put(
        [
            passage("Room 12 3 is free", document="a.md"),
            passage("Room 1 23 is free", document="b.md"),
        ]
    )
    answer = await world.search("which room is free")
    assert len(answer.memories) == 2
