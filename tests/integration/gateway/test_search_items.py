"""What a search shows of an item: raw texts, names, other places."""

from typing import Any
from uuid import uuid4

from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    MessageEvidence,
    Owner,
    OwnerType,
)
from services.kernel.contracts.retrieval import Place, SearchAnswer, SearchItem
from tests.support.gateway import Door, record

BASE = Owner(type=OwnerType.KNOWLEDGE_BASE, id="base1")
SAID = "Hello! I moved to Berlin last week, by the way. Which tram do I take?"


def passage(**said: Any) -> MemoryRecord:
    anchor = DocumentAnchor(
        knowledgebase_id="base1",
        document_id="d1",
        document_name="a.pdf",
        heading_path=("Purchases", "Office"),
        page_first=3,
    )
    known = {"owner": BASE, "kind": Kind.PASSAGE, "value": "The cap is 800.", "anchor": anchor}
    return record(**(known | {"key": "Office", "detail": {"title": "Rules"}} | said))


async def shown(door: Door, *records: MemoryRecord, **asked: Any) -> list[dict[str, Any]]:
    door.retrieval.answer = SearchAnswer(
        memories=tuple(SearchItem(record=one, relativity=0.5) for one in records)
    )
    data = await door.ok("/search/memory", {"query": "x", "user_id": "u1", **asked})
    found: list[dict[str, Any]] = data["memory_detail_list"]
    return found


async def test_a_documents_memory_is_called_by_the_documents_title(door: Door) -> None:
    by_hand = passage(key="What offices may spend")
    titled = passage(key="Rules", anchor=DocumentAnchor(document_id="d", heading_path=("Rules",)))
    summary = passage(kind=Kind.SUMMARY, key="Cap of offices", value="Offices may spend 800.")
    items = await shown(door, passage(), by_hand, titled, summary)
    names = [item["memory_key"] for item in items]
    assert names == ["Rules", "What offices may spend", "Rules", "Rules"]
    assert items[0]["heading_path"] == ["Rules", "Purchases", "Office"]
    assert items[0]["section"] == "Office"
    assert items[2]["heading_path"] == ["Rules"]


async def test_a_correction_names_what_it_corrects_beyond_the_answer(door: Door) -> None:
    elsewhere, fact = str(uuid4()), str(uuid4())
    correction = record(
        owner=BASE,
        kind=Kind.CORRECTION,
        value="The cap is 600.",
        detail={"target_ids": [fact], "corrected_ids": [elsewhere]},
    )
    (item,) = await shown(door, correction)
    assert item["corrects"] == [fact, elsewhere]


async def test_the_raw_text_behind_a_memory(door: Door) -> None:
    sent = {"id": "m1", "role": "user", "content": SAID}
    await door.ok("/add/message", {"user_id": "u1", "conversation_id": "c1", "messages": [sent]})
    evidence = MessageEvidence(
        message_id="m1", conversation_id="c1", start=7, end=46, text="I moved to Berlin last week"
    )
    fact = record(value="The user moved to Berlin", evidence=(evidence,))
    shared = record(
        owner=Owner(type=OwnerType.PUBLIC), value="u1 moved to Berlin", evidence=(evidence,)
    )
    plain, _, _ = await shown(door, fact, shared, passage())
    assert "sources" not in plain
    mixed, public, document = await shown(door, fact, shared, passage(), context_format="mixed")
    assert mixed["memory_value"] == "The user moved to Berlin"
    assert [one["text"] for one in mixed["sources"]] == [SAID]
    assert mixed["sources"][0]["role"] == "user"
    assert [one["text"] for one in public["sources"]] == ["I moved to Berlin last week"]
    assert document["sources"][0]["document_id"] == "d1"
    raw, public, document = await shown(door, fact, shared, passage(), context_format="sources")
    assert raw["memory_value"] == SAID
    assert public["memory_value"] == "I moved to Berlin last week"
    assert document["memory_value"] == "The cap is 800."
    refused = await door.post(
        "/search/memory", {"query": "x", "user_id": "u1", "context_format": "poem"}
    )
    assert refused["code"] == 40000
    assert "mixed" in refused["message"]


async def test_preferences_have_their_raw_text_too(door: Door) -> None:
    evidence = MessageEvidence(message_id="m9", conversation_id="c", text="Keep it short, please")
    liked = record(kind=Kind.PREFERENCE, value="Short answers", evidence=(evidence,))
    door.retrieval.answer = SearchAnswer(preferences=(SearchItem(record=liked, relativity=0.5),))
    asked = {"query": "x", "user_id": "u1", "context_format": "sources"}
    (item,) = (await door.ok("/search/memory", asked))["preference_detail_list"]
    assert item["preference"] == "Keep it short, please"


async def test_other_places_of_the_same_text_are_named(door: Door) -> None:
    other = Place(
        memory_id=uuid4(),
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id="base2"),
        anchor=DocumentAnchor(
            document_id="d2", document_name="b.md", heading_path=("Caps",), page_first=2
        ),
        title="Copy",
    )
    said = Place(memory_id=uuid4(), owner=Owner(type=OwnerType.USER, id="u1"), conversation_id="c7")
    door.retrieval.answer = SearchAnswer(
        memories=(SearchItem(record=passage(), relativity=0.5, also_in=(other, said)),)
    )
    data = await door.ok("/search/memory", {"query": "x", "user_id": "u1"})
    assert data["memory_detail_list"][0]["also_in"] == [
        {
            "id": str(other.memory_id),
            "knowledgebase_id": "base2",
            "title": "Copy",
            "document_id": "d2",
            "document_name": "b.md",
            "pages": [2, 2],
            "heading_path": ["Copy", "Caps"],
        },
        {"id": str(said.memory_id), "conversation_id": "c7"},
    ]
