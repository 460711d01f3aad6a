"""Feedback at the door: its last exchange, its task, its log, its dry run."""

from uuid import UUID, uuid4

from services.kernel.contracts.events import (
    Decision,
    FeedbackGiven,
    MemoryChange,
    TaskProgressed,
)
from services.kernel.contracts.records import (
    Kind,
    Owner,
    OwnerType,
)
from tests.support.gateway import Door, record


async def test_feedback_carries_the_last_exchange_and_reaches_the_log(door: Door) -> None:
    kb = await door.create_kb()
    for text in ("一", "二", "三", "四"):
        turn = [{"role": "user", "content": text}, {"role": "assistant", "content": f"答{text}"}]
        await door.ok(
            "/add/message", {"user_id": "boss", "conversation_id": "1212", "messages": turn}
        )
    task = await door.ok(
        "/add/feedback",
        {
            "user_id": "boss",
            "conversation_id": "1212",
            "feedback_content": "上限是600元，而不是800元。",
            "feedback_time": "2025年6月10日 下午3点",
            "allow_knowledgebase_ids": [kb],
        },
    )
    assert (task["success"], task["status"]) == (True, "running")
    *_, event = await door.events()
    assert isinstance(event, FeedbackGiven)
    assert [message.text for message in event.recent_messages] == [
        "二",
        "答二",
        "三",
        "答三",
        "四",
        "答四",
    ]
    assert event.knowledgebase_ids == (kb,)
    assert event.feedback_time == 1_749_538_800_000
    decision = Decision(
        id=uuid4(),
        kind="replace_value",
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb),
        text="用户确认上限是600元",
        old="800元",
        new="600元",
    )
    done = TaskProgressed(
        project_id="default",
        task_id=task["task_id"],
        status="completed",
        changes=(MemoryChange(memory_id=decision.id, kind=Kind.CORRECTION, change="added"),),
        feedback_id=event.feedback_id,
        decisions=(decision,),
    )
    await door.deliver(done)
    await door.deliver(done)
    status = await door.ok("/get/status", {"task_id": task["task_id"]})
    assert status["memory_views"]["detail_factual"]["memory_ids"] == [str(decision.id)]
    door.records.put(
        record(id=decision.id, kind=Kind.CORRECTION, owner=decision.owner, value=decision.text)
    )
    log = (await door.get(f"/api/v1/knowledge-bases/{kb}/corrections")).json()
    (line,) = log["corrections"]
    assert (line["words"], line["user_id"], line["state"]) == (
        "上限是600元，而不是800元。",
        "boss",
        "active",
    )
    assert (line["old"], line["new"]) == ("800元", "600元")
    path = f"/api/v1/knowledge-bases/{kb}/corrections/{decision.id}"
    undone = await door.http.post(path + "/undo", headers=door.headers)
    assert undone.json()["state"] == "undone"
    again = await door.http.post(path + "/redo", headers=door.headers)
    assert again.json()["state"] == "active"
    assert door.records.switched == [(decision.id, False), (decision.id, True)]
    odd = await door.http.post(
        path.replace(str(decision.id), str(UUID(int=1))) + "/undo", headers=door.headers
    )
    assert (odd.status_code, odd.headers["content-type"]) == (404, "application/problem+json")


async def test_a_dry_run_changes_nothing(door: Door) -> None:
    kb = await door.create_kb()
    before = len(await door.events())
    answer = await door.http.post(
        f"/api/v1/knowledge-bases/{kb}/corrections",
        json={"content": "600, not 800", "dry_run": True},
        headers=door.headers,
    )
    assert answer.json() == {"dry_run": True, "reason": "nothing to correct", "decisions": []}
    assert len(await door.events()) == before


async def test_a_correction_is_shown_and_is_no_proposal(door: Door) -> None:
    kb = await door.create_kb()
    feedback = {"user_id": "boss", "feedback_content": "x", "allow_knowledgebase_ids": [kb]}
    task = await door.ok("/add/feedback", feedback)
    *_, event = await door.events()
    assert isinstance(event, FeedbackGiven)
    decision = Decision(
        id=uuid4(),
        kind="replace_value",
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb),
        text="上限是600元",
        before="上限是800元",
        after="上限是600元",
    )
    await door.deliver(
        TaskProgressed(
            project_id="default",
            task_id=task["task_id"],
            status="completed",
            feedback_id=event.feedback_id,
            decisions=(decision,),
        )
    )
    door.records.put(
        record(id=decision.id, kind=Kind.CORRECTION, owner=decision.owner, value=decision.text)
    )
    path = f"/api/v1/knowledge-bases/{kb}/corrections/{decision.id}"
    shown = (await door.get(path)).json()
    assert (shown["before"], shown["after"]) == ("上限是800元", "上限是600元")
    for verb in ("accept", "reject"):
        answer = await door.http.post(f"{path}/{verb}", headers=door.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, 40095)
        assert "no proposal" in answer.json()["detail"]
        unknown = await door.http.post(
            f"/api/v1/knowledge-bases/{kb}/corrections/{uuid4()}/{verb}", headers=door.headers
        )
        assert unknown.status_code == 404
