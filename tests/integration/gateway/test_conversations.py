"""Messages, tasks, search and memories."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.kernel.contracts.events import (
    MemoryChange,
    MessagesRecorded,
    OwnerRemoved,
    TaskProgressed,
)
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MessageEvidence,
    Owner,
    OwnerType,
)
from services.kernel.contracts.retrieval import SearchAnswer, SearchItem
from services.kernel.contracts.topics import DAY_MS
from tests.support.chat import PlayedModel
from tests.support.clock import ManualClock
from tests.support.gateway import USER, Door, opened_door, record
from tests.support.waiting import until


async def test_messages_become_one_event_with_times_and_ids(door: Door) -> None:
    data = await door.ok(
        "/add/message",
        {
            "user_id": "u1",
            "conversation_id": "c1",
            "app_id": "app",
            "agent_id": "agent",
            "tags": ["pets"],
            "info": {"scene": "chat"},
            "source": "SDK",
            "allow_knowledgebase_ids": None,
            "messages": [
                {
                    "id": "m1",
                    "role": "user",
                    "content": "我有一只金毛",
                    "chat_time": "2025-06-10 09:00:00",
                },
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "t1",
                            "type": "function",
                            "function": {"name": "weather", "arguments": '{"city":"苏州"}'},
                        }
                    ],
                },
                {"role": "tool", "tool_call_id": "t1", "content": [{"type": "text", "text": "晴"}]},
            ],
        },
    )
    assert (data["success"], data["status"], data["conversation_id"]) == (True, "running", "c1")
    assert data["message_ids"][0] == "m1"
    (event,) = await door.events()
    assert isinstance(event, MessagesRecorded)
    assert (event.owner, event.task_id) == (USER, data["task_id"])
    assert (event.app_id, event.agent_id, event.tags) == ("app", "agent", ("pets",))
    assert event.info == {"scene": "chat"}
    assert event.allow_memory_view is None
    first, second, third = event.messages
    assert first.chat_time == 1_749_517_200_000
    assert second.tool_calls[0].name == "weather"
    assert (third.text, third.tool_call_id) == ("晴", "t1")
    history = await door.ok("/get/message", {"user_id": "u1", "conversation_id": "c1"})
    assert [entry["role"] for entry in history["message_detail_list"]] == ["user", "assistant"]
    assert history["message_detail_list"][0]["create_time"] == 1_749_517_200_000


async def test_a_group_is_one_event_a_subject_and_done_when_all_are(door: Door) -> None:
    data = await door.ok(
        "/add/message",
        {"user_id": ["a", "b"], "messages": [{"role": "user", "content": "hi", "role_id": "a"}]},
    )
    events = [event for event in await door.events() if isinstance(event, MessagesRecorded)]
    assert [event.owner.id for event in events] == ["a", "b"]
    status = {"task_id": data["task_id"]}
    for event, expected in zip(events, ("running", "completed"), strict=True):
        change = MemoryChange(memory_id=uuid4(), kind=Kind.FACT, change="added")
        await door.deliver(
            TaskProgressed(
                project_id="default",
                task_id=event.task_id,
                status="completed",
                changes=(change,),
            )
        )
        assert (await door.ok("/get/status", status))["status"] == expected
    views = (await door.ok("/get/status", status))["memory_views"]
    assert (views["added"], len(views["detail_factual"]["memory_ids"])) == (2, 2)


async def test_sync_mode_waits_for_the_projection(door: Door) -> None:
    body = {
        "user_id": "u1",
        "async_mode": False,
        "messages": [{"role": "user", "content": "hello there"}],
    }
    asking = asyncio.ensure_future(door.ok("/add/message", body))

    async def recorded() -> bool:
        return bool(await door.events())

    await until(recorded)
    assert not asking.done()
    (event,) = await door.events()
    assert isinstance(event, MessagesRecorded)
    await door.deliver(
        TaskProgressed(project_id="default", task_id=event.task_id, status="completed")
    )
    assert (await asking)["status"] == "completed"


async def test_sync_mode_gives_up_in_time(tmp_path: Path) -> None:
    async with opened_door(tmp_path, sync_wait=0.05) as door:
        body = {
            "user_id": "u1",
            "async_mode": False,
            "messages": [{"role": "user", "content": "hello"}],
        }
        assert (await door.ok("/add/message", body))["status"] == "running"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"messages": []}, 40003),
        ({"messages": [{"role": "user", "content": "x" * 170_000}]}, 40013),
        ({"messages": [{"role": "user", "content": "汉" * 40_001}]}, 40013),
        ({"messages": [{"role": "user", "content": "x", "chat_time": "whenever"}]}, 40000),
        ({"messages": [{"role": "user", "content": [{"type": "smell"}]}]}, 40000),
        ({"messages": [{"role": "user", "content": ""}]}, 40002),
        ({"messages": [{"role": "user"}], "conversation_id": "c" * 101}, 40011),
        ({"messages": "x"}, 40000),
        ({"messages": [{"role": "user", "content": "x"}], "allow_memory_view": ["odd"]}, 40000),
        ({"messages": [{"role": "user", "content": "x"}], "allow_knowledgebase_ids": ["b"]}, 50120),
    ],
)
async def test_bad_messages(door: Door, body: dict[str, Any], code: int) -> None:
    refused = await door.post("/add/message", {"user_id": "u1", **body})
    assert refused["code"] == code
    assert refused["data"] == {"success": False, "task_id": "", "status": "failed"}
    assert await door.events() == []


async def test_a_search_passes_limits_views_and_filters(door: Door) -> None:
    kb = await door.create_kb()
    await door.ok(
        "/search/memory",
        {
            "query": "which food?",
            "user_id": "u1",
            "conversation_id": "c1",
            "knowledgebase_ids": ["all"],
            "memory_limit_number": 3,
            "preference_limit_number": 4,
            "include_tool_memory": True,
            "tool_memory_limit_number": 5,
            "relativity": 0.2,
            "include_memory_view": None,
            "filter": {
                "user": {"and": [{"scene": "chat"}]},
                "knowledgebase": {"or": [{"tags": {"contains": "policy"}}, {"app_id": "x"}]},
            },
        },
    )
    asked = door.retrieval.asked[-1]
    assert asked.scope.project_id == "default"
    assert asked.scope.subject == USER
    assert asked.scope.knowledgebase_ids == (kb,)
    assert (asked.memory_limit, asked.preference_limit, asked.tool_limit) == (3, 4, 5)
    assert asked.threshold == 0.2
    assert Kind.TOOL in asked.kinds
    assert asked.scope.subject_filter.clauses[0].field == "info.scene"
    assert asked.scope.knowledgebase_filter.mode == "or"
    assert asked.scope.public_filter.clauses == ()


async def test_defaults_of_a_search(door: Door) -> None:
    await door.create_kb()
    await door.ok("/search/memory", {"query": "x", "user_id": "u1"})
    asked = door.retrieval.asked[-1]
    assert asked.scope.knowledgebase_ids == ()
    assert (asked.memory_limit, asked.threshold) == (9, None)
    assert Kind.PREFERENCE in asked.kinds
    assert Kind.TOOL not in asked.kinds
    await door.ok(
        "/search/memory", {"query": "x", "user_id": "u1", "include_memory_view": ["tool_memory"]}
    )
    assert door.retrieval.asked[-1].kinds == (Kind.TOOL,)
    refused = await door.post(
        "/search/memory", {"query": "x", "user_id": "u1", "include_memory_view": ["skill"]}
    )
    assert refused["code"] == 50002
    assert len(door.retrieval.asked) == 2


async def test_items_carry_the_contracts_fields_and_ours(door: Door) -> None:
    correction_id, passage_id = uuid4(), uuid4()
    passage = record(
        id=passage_id,
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id="base1"),
        kind=Kind.PASSAGE,
        key="总则",
        value="办公类 800 元",
        detail={"title": "采购制度"},
        anchor=DocumentAnchor(
            knowledgebase_id="base1",
            document_id="d1",
            document_name="a.pdf",
            page_first=1,
            page_last=2,
            heading_path=("总则",),
            start=5,
            end=20,
        ),
    )
    correction = record(
        id=correction_id,
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id="base1"),
        kind=Kind.CORRECTION,
        value="用户确认上限是 600 元",
        conversation_id="1212",
    )
    fact = record(
        evidence=(MessageEvidence(message_id="m1", conversation_id="c", text="我有一只金毛"),)
    )
    preference = record(
        kind=Kind.PREFERENCE,
        value="用户偏好简短回答",
        detail={"preference_type": "implicit_preference", "reasoning": "多次要求"},
    )
    door.retrieval.answer = SearchAnswer(
        memories=(
            SearchItem(record=correction, relativity=0.9, scores={"sparse": 1.0}),
            SearchItem(record=passage, relativity=0.8, corrected_by=(str(correction_id),)),
            SearchItem(record=fact, relativity=0.0),
        ),
        preferences=(SearchItem(record=preference, relativity=0.5),),
    )
    data = await door.ok("/search/memory", {"query": "x", "user_id": "u1", "explain": True})
    corrected, found, known = data["memory_detail_list"]
    assert corrected["memory_type"] == "WorkingMemory"
    assert corrected["corrects"] == [str(passage_id)]
    assert corrected["conversation_id"] == "1212"
    assert corrected["scores"] == {"sparse": 1.0}
    expected = {
        "id": str(passage_id),
        "memory_key": "采购制度",
        "memory_value": "办公类 800 元",
        "memory_type": "LongTermMemory",
        "conversation_id": "default_session",
        "status": "activated",
        "create_time": 1000,
        "update_time": 1000,
        "confidence": 0.99,
        "tags": [],
        "relativity": 0.8,
        "kind": "passage",
        "knowledgebase_id": "base1",
        "document_id": "d1",
        "document_name": "a.pdf",
        "pages": [1, 2],
        "heading_path": ["采购制度", "总则"],
        "section": "总则",
        "start": 5,
        "end": 20,
        "corrected_by": [str(correction_id)],
        "scores": {},
    }
    assert found == expected
    assert known["evidence"][0]["text"] == "我有一只金毛"
    assert known["kind"] == "fact"
    assert "knowledgebase_id" not in known
    (liked,) = data["preference_detail_list"]
    assert liked["preference"] == "用户偏好简短回答"
    assert liked["preference_type"] == "implicit_preference"
    assert liked["reasoning"] == "多次要求"
    assert "偏好" in data["preference_note"]


async def test_a_memory_is_working_memory_for_a_day(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock) as door:
        now = clock.now_ms()
        fresh = door.records.put(record(created_at=now, updated_at=now))
        data = await door.ok("/get/memory", {"user_id": "u1"})
        assert data["memory_detail_list"][0]["memory_type"] == "WorkingMemory"
        await clock.advance(DAY_MS / 1000)
        data = await door.ok("/get/memory", {"user_id": "u1"})
        assert data["memory_detail_list"][0]["memory_type"] == "LongTermMemory"
        assert data["memory_detail_list"][0]["id"] == str(fresh.id)


async def test_memories_are_paged_by_kind(door: Door) -> None:
    for number in range(12):
        door.records.put(record(created_at=number, updated_at=number))
    door.records.put(record(kind=Kind.PREFERENCE, value="likes tea"))
    data = await door.ok("/get/memory", {"user_id": "u1", "current": 2, "size": 5})
    assert len(data["memory_detail_list"]) == 5
    assert (data["total"], data["size"], data["current"], data["pages"]) == (12, 5, 2, 3)
    assert data["preference_detail_list"] == []
    data = await door.ok("/get/memory", {"user_id": "u1", "include_memory_view": ["preference"]})
    assert (data["total"], len(data["preference_detail_list"])) == (1, 1)
    assert data["preference_note"].startswith("# Note")


async def test_one_memory_by_id_edit_and_delete(door: Door) -> None:
    kept = door.records.put(record(evidence=(MessageEvidence(message_id="m1"),)))
    one = (await door.get(f"/api/openmem/v1/get/memory/{kept.id}")).json()["data"]
    assert (one["memory_view"], one["content"], one["user_id"]) == (
        "detail_factual",
        "用户有一只金毛",
        "u1",
    )
    assert one["message_ids"] == ["m1"]
    await door.ok("/update/memory", {"memory_id": str(kept.id), "content": "用户有两只金毛"})
    one = (await door.get(f"/api/openmem/v1/get/memory/{kept.id}")).json()["data"]
    assert one["content"] == "用户有两只金毛"
    gone = {"memory_ids": [str(kept.id)], "user_ids": ["u1"]}
    assert (await door.ok("/delete/memory", gone))["success"] is True
    unknown = {"memory_ids": [str(uuid4())]}
    assert (await door.post("/delete/memory", unknown))["code"] == 40307
    assert (await door.get("/api/openmem/v1/get/memory/a%2Fb")).json()["code"] == 40001
    mixed = {"memory_ids": ["x"], "user_id": "u1"}
    assert (await door.post("/delete/memory", mixed))["code"] == 40000
    assert (await door.post("/delete/memory", {"knowledgebase_id": "x"}))["code"] == 40000
    assert (await door.post("/delete/memory", {}))["code"] == 40002


async def test_a_deleted_user_is_hidden_until_the_purge_is_confirmed(door: Door) -> None:
    assert (await door.post("/delete/memory", {"user_id": "u1"}))["code"] == 40308
    said = {
        "user_id": "u1",
        "conversation_id": "c",
        "messages": [{"role": "user", "content": "hi"}],
    }
    await door.ok("/add/message", said)
    removal = await door.ok("/delete/memory", {"user_id": "u1"})
    *_, event = await door.events()
    assert isinstance(event, OwnerRemoved)
    await door.ok("/search/memory", {"query": "x", "user_id": "u1"})
    (hidden,) = door.retrieval.asked[-1].scope.removed_owners
    assert (hidden.owner, hidden.sequence) == (USER, event.sequence)
    # What u1's messages gave to all is hidden from everybody.
    await door.ok("/search/memory", {"query": "x", "user_id": "u2"})
    assert door.retrieval.asked[-1].scope.removed_owners == (hidden,)
    await door.ok("/get/memory", {"user_id": "u1"})
    assert door.records.where is not None
    assert door.records.where.clauses[-1].values == (event.sequence,)
    history = await door.ok("/get/message", {"user_id": "u1", "conversation_id": "c"})
    assert history["message_detail_list"] == []
    await door.deliver(
        TaskProgressed(project_id="default", task_id=removal["task_id"], status="completed")
    )
    await door.ok("/search/memory", {"query": "x", "user_id": "u1"})
    assert not door.retrieval.asked[-1].scope.removed_owners


async def test_what_needs_a_model_says_so(door: Door) -> None:
    body = {"user_id": "u1", "conversation_id": "c", "query": "hi"}
    refused = await door.post("/chat", body)
    assert (refused["code"], refused["data"]) == (50002, {"response": ""})
    assert "chat model" in refused["message"]
    assert (await door.post("/rerank", {"query": "a", "documents": ["b"]}))["code"] == 50002


async def say(door: Door, text: str, **more: Any) -> MessagesRecorded:
    """Send a message with the id m1 of one conversation; the event that it became."""
    sent = {"id": "m1", "role": "user", "content": text, **more}
    body = {"user_id": "u1", "conversation_id": "c1", "messages": [sent]}
    await door.ok("/add/message", body)
    event = (await door.events())[-1]
    assert isinstance(event, MessagesRecorded)
    return event


async def test_a_known_message_with_other_words_is_an_edit(door: Door) -> None:
    first = (await say(door, "I live in Oslo")).messages[0]
    await door.ok(
        "/add/message",
        {
            "user_id": "u1",
            "conversation_id": "c1",
            "messages": [{"id": "m2", "role": "assistant", "content": "Nice"}],
        },
    )
    edited = (await say(door, "I live in Rome")).messages[0]
    assert (first.edition, edited.text) == (0, "I live in Rome")
    assert edited.edition > first.sequence > 0
    assert (edited.sequence, edited.chat_time) == (first.sequence, first.chat_time)
    history = await door.ok("/get/message", {"user_id": "u1", "conversation_id": "c1"})
    told = history["message_detail_list"]
    assert [entry["content"] for entry in told] == ["I live in Rome", "Nice"]
    assert told[0]["create_time"] == first.chat_time <= told[0]["update_time"]
    again = (await say(door, "I live in Rome", role="user")).messages[0]
    assert again == edited
    back = (await say(door, "I live in Oslo")).messages[0]
    assert (back.text, back.edition > edited.edition) == ("I live in Oslo", True)
    other = {"id": "m1", "role": "user", "content": "elsewhere"}
    await door.ok("/add/message", {"user_id": "u1", "messages": [other]})
    event = (await door.events())[-1]
    assert isinstance(event, MessagesRecorded)
    assert event.messages[0].edition == 0


async def test_one_request_edits_a_message_once(door: Door) -> None:
    twice = [{"id": "m1", "role": "user", "content": text} for text in ("a", "b")]
    refused = await door.post("/add/message", {"user_id": "u1", "messages": twice})
    assert refused["code"] == 40000
    assert "m1" in refused["message"]


async def test_prompts_for_a_model_need_one(door: Door, tmp_path: Path) -> None:
    body = {
        "user_id": "u1",
        "messages": [{"role": "user", "content": "hi"}],
        "custom_extract_prompt": {"preference": "Only food."},
    }
    refused = await door.post("/add/message", body)
    assert (refused["code"], refused["data"]["status"]) == (50002, "failed")
    assert "chat model" in refused["message"]
    assert await door.events() == []
    async with opened_door(tmp_path / "with", chat_model=PlayedModel()) as able:
        await able.ok("/add/message", body)
        (event,) = await able.events()
        assert isinstance(event, MessagesRecorded)
        assert event.custom_extract_prompt == {"preference": "Only food."}
        odd = body | {"custom_extract_prompt": {"image": "What colours?"}}
        refused = await able.post("/add/message", odd)
        assert refused["code"] == 40000
        assert "image" in refused["message"]
