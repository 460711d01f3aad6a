"""Users, agents, conversations, memories and tasks as resources."""

from typing import Any
from uuid import UUID, uuid4

import httpx

from services.kernel.contracts.events import OwnerRemoved, TaskProgressed
from services.kernel.contracts.records import DocumentAnchor, Kind, Owner, OwnerType, Status
from tests.support.gateway import Door, record

V1 = "/api/v1"


async def send(door: Door, method: str, path: str, body: Any = None) -> httpx.Response:
    return await door.http.request(method, V1 + path, json=body, headers=door.headers)


async def say(door: Door, conversation: str, *texts: str, **subject: str) -> str:
    answer = await door.ok(
        "/add/message",
        {
            "conversation_id": conversation,
            "messages": [{"role": "user", "content": text} for text in texts],
            **(subject or {"user_id": "u1"}),
        },
    )
    task: str = answer["task_id"]
    return task


async def everything(door: Door, path: str, name: str, limit: int = 2) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        mark = "&" if "?" in path else "?"
        page = (await send(door, "GET", f"{path}{mark}limit={limit}&cursor={cursor}")).json()
        found += page[name]
        cursor = page["next_cursor"]
        if not cursor:
            return found


async def other_project(door: Door) -> Door:
    _, key = await door.gateway.access.create_key(project="other", plan="pro")
    return door.as_key(key)


async def test_users_and_agents_are_listed_with_counts(door: Door) -> None:
    for user in ("u3", "u1", "用户", "u2"):
        await say(door, "c1", "一", "二", user_id=user)
    await say(door, "c2", "three", user_id="u1")
    await say(door, "c1", "x", agent_id="bot")
    await say(await other_project(door), "c1", "x", user_id="foreign")
    door.records.put(record())
    door.records.put(record(id=uuid4(), kind=Kind.PREFERENCE))
    users = await everything(door, "/users", "users")
    assert [user["id"] for user in users] == ["u1", "u2", "u3", "用户"]
    counts = {name: users[0][name] for name in ("messages", "conversations", "memories")}
    assert counts == {"messages": 3, "conversations": 2, "memories": 2}
    assert users[0]["last_activity"] >= users[0]["create_time"] > 0
    assert [one["id"] for one in await everything(door, "/agents", "agents")] == ["bot"]
    assert (await send(door, "GET", "/users/用户")).json()["messages"] == 2
    missing = await send(door, "GET", "/users/nobody")
    assert (missing.status_code, missing.json()["code"]) == (404, 40308)


async def test_conversations_are_listed_and_read_page_by_page(door: Door) -> None:
    for number in range(3):
        await say(door, f"c{number}", *(f"{number}-{line}" for line in range(5)))
    await say(door, "c0", "late")
    listed = await everything(door, "/users/u1/conversations", "conversations")
    assert [(one["id"], one["messages"]) for one in listed] == [("c2", 5), ("c1", 5), ("c0", 6)]
    read = await everything(door, "/users/u1/conversations/c0/messages", "messages")
    assert [one["content"] for one in read] == ["0-0", "0-1", "0-2", "0-3", "0-4", "late"]
    assert {one["role"] for one in read} == {"user"}
    foreign = await send(await other_project(door), "GET", "/users/u1/conversations/c0/messages")
    unknown = await send(door, "GET", "/users/u1/conversations/none/messages")
    assert foreign.status_code == unknown.status_code == 404


async def test_memories_are_listed_by_kind_and_status(door: Door) -> None:
    for number in range(5):
        kind = Kind.FACT if number % 2 else Kind.PREFERENCE
        door.records.put(record(id=UUID(int=number), kind=kind, created_at=number))
    door.records.put(record(id=UUID(int=9), status=Status.ARCHIVED, created_at=9))
    listed = await everything(door, "/users/u1/memories", "memories")
    assert [UUID(one["id"]).int for one in listed] == [4, 3, 2, 1, 0]
    facts = await everything(door, "/users/u1/memories?kind=fact", "memories")
    assert [UUID(one["id"]).int for one in facts] == [3, 1]
    archived = await everything(door, "/users/u1/memories?status=archived", "memories")
    assert [UUID(one["id"]).int for one in archived] == [9]
    for wrong in ("kind=message", "kind=x", "status=x"):
        assert (await send(door, "GET", f"/users/u1/memories?{wrong}")).status_code == 400
    other = await other_project(door)
    assert await everything(other, "/users/u1/memories", "memories") == []


async def test_memories_of_a_knowledge_base_leave_out_deleted_documents(door: Door) -> None:
    kb = await door.create_kb()
    files = [(await door.upload(kb, (f"{n}.md", f"# {n}".encode())))[0] for n in range(2)]
    owner = Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb)
    for number, file in enumerate(files):
        anchor = DocumentAnchor(knowledgebase_id=kb, document_id=file["id"])
        identifier = UUID(int=number)
        door.records.put(record(id=identifier, owner=owner, kind=Kind.PASSAGE, anchor=anchor))
    path = f"/knowledge-bases/{kb}/memories"
    assert len(await everything(door, path, "memories")) == 2
    await send(door, "DELETE", f"/documents/{files[0]['id']}")
    (kept,) = await everything(door, path, "memories")
    assert kept["document_id"] == files[1]["id"]
    assert (await send(await other_project(door), "GET", path)).status_code == 404


async def test_a_memory_is_edited_archived_and_deleted(door: Door) -> None:
    path = f"/memories/{door.records.put(record()).id}"
    read = await send(door, "GET", path)
    holding = door.with_headers(if_match=read.headers["etag"])
    edited = await send(holding, "PATCH", path, {"content": "用户有两只金毛"})
    assert (edited.status_code, edited.json()["content"]) == (200, "用户有两只金毛")
    for method, tail, body in (
        ("PATCH", "", {"title": "x"}),
        ("POST", "/archive", None),
        ("DELETE", "", None),
    ):
        late = await send(holding, method, path + tail, body)
        assert (late.status_code, late.json()["code"]) == (412, 40094), method
    assert (await send(door, "POST", path + "/archive")).json()["status"] == "archived"
    back = await send(door, "PATCH", path, {"status": "activated"})
    assert back.json()["status"] == "activated"
    assert len((await send(door, "GET", path + "/history")).json()["history"]) == 1
    for wrong in ({}, {"status": "deleted"}, {"content": " "}):
        assert (await send(door, "PATCH", path, wrong)).status_code == 400
    assert (await send(door, "DELETE", path)).json()["success"] is True


async def test_foreign_and_unknown_memories_answer_alike(door: Door) -> None:
    kept = door.records.put(record())
    other = await other_project(door)
    for method, tail, body in (
        ("GET", "", None),
        ("PATCH", "", {"content": "x"}),
        ("POST", "/archive", None),
        ("DELETE", "", None),
        ("GET", "/history", None),
    ):
        foreign = await send(other, method, f"/memories/{kept.id}{tail}", body)
        unknown = await send(other, method, f"/memories/{UUID(int=5)}{tail}", body)
        wrong = await send(other, method, f"/memories/none{tail}", body)
        assert foreign.status_code == unknown.status_code == wrong.status_code == 404
        assert foreign.json()["code"] == unknown.json()["code"]


async def test_a_user_is_deleted_with_all_that_was_said(door: Door) -> None:
    await say(door, "c1", "x")
    assert (await send(door, "DELETE", "/users/u1")).json()["success"] is True
    assert isinstance((await door.events())[-1], OwnerRemoved)
    assert await everything(door, "/users", "users") == []
    assert (await send(door, "GET", "/users/u1")).status_code == 404
    assert (await send(door, "DELETE", "/users/nobody")).status_code == 404


async def test_tasks_are_listed_by_state(door: Door) -> None:
    tasks = [await say(door, "c1", f"{number}") for number in range(5)]
    for number in (0, 3):
        await door.deliver(
            TaskProgressed(project_id="default", task_id=tasks[number], status="completed")
        )
    listed = await everything(door, "/tasks", "tasks")
    assert sorted(one["task_id"] for one in listed) == sorted(tasks)
    done = await everything(door, "/tasks?status=completed", "tasks", limit=1)
    assert {one["task_id"] for one in done} == {tasks[0], tasks[3]}
    assert {one["kind"] for one in listed} == {"message"}
    shown = await send(door, "GET", f"/tasks/{tasks[0]}")
    assert shown.json()["status"] == "completed"
    other = await other_project(door)
    assert await everything(other, "/tasks", "tasks") == []
    assert (await send(other, "GET", f"/tasks/{tasks[0]}")).status_code == 404
    assert (await send(door, "GET", "/tasks?status=x")).status_code == 400
