"""Keys, projects, plans, and the walls between projects; the door's own manners."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from services.gateway.settings import GatewaySettings
from services.gateway.store.tables import KEYS
from services.kernel.contracts.errors import NotFound
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType
from tests.support.clock import ManualClock
from tests.support.gateway import API, KEY, Door, opened_door


async def other_project(door: Door, plan: str = "pro") -> Door:
    _, key = await door.gateway.access.create_key(project="other", plan=plan)
    return door.as_key(key)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, 40100),
        ("", 40100),
        ("Token", 40100),
        ("Token wrong", 40132),
        ("Bearer wrong", 40132),
        ("Basic dXNlcjpwYXNz", 40132),
    ],
)
async def test_a_bad_key_is_401_with_the_envelope(
    door: Door, header: str | None, code: int
) -> None:
    headers = {} if header is None else {"authorization": header}
    for content in (b"{}", b"{broken", b"x" * 100):
        answer = await door.http.post(API + "/search/memory", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("scheme", ["Token {}", "Bearer {}", "token {}", "{}"])
async def test_all_forms_of_a_key(door: Door, scheme: str) -> None:
    answer = await door.http.post(
        API + "/search/memory",
        json={"query": "x", "user_id": "u"},
        headers={"authorization": scheme.format(KEY)},
    )
    assert answer.json()["code"] == 0


@pytest.mark.parametrize("mount", ["/api/openmem/v1", "/platform/api/openmem/v1", "/openmem/v1"])
async def test_all_mounts(door: Door, mount: str) -> None:
    answer = await door.http.post(
        mount + "/search/memory", json={"query": "x", "user_id": "u"}, headers=door.headers
    )
    assert answer.json()["message"] == "ok"
    for ping in ("/ping", "/ping/"):
        assert (await door.http.get(mount + ping)).status_code == 200


async def test_keys_are_kept_as_hashes_only(door: Door) -> None:
    entry, key = await door.gateway.access.create_key(name="ci")
    assert key.startswith("mpg-")
    async with door.database.read() as tx:
        rows = await tx.all(select(KEYS))
    assert len(rows) == 2
    assert not any(key in str(value) or KEY in str(value) for row in rows for value in row.values())
    assert key.endswith(entry.hint.lstrip("…"))


async def test_a_revoked_key_is_refused_at_once(door: Door) -> None:
    made = await door.http.post("/api/v1/keys", json={"name": "ci"}, headers=door.headers)
    assert made.status_code == 201
    second = door.as_key(made.json()["key"])
    assert (await second.get("/api/v1/plan")).status_code == 200
    revoked = await door.http.delete(f"/api/v1/keys/{made.json()['id']}", headers=door.headers)
    assert revoked.json() == {"success": True}
    assert (await second.get("/api/v1/plan")).status_code == 401
    listed = (await door.get("/api/v1/keys")).json()["keys"]
    assert [bool(key["revoke_time"]) for key in listed] == [False, True]
    with pytest.raises(NotFound):
        await door.gateway.access.revoke_key(made.json()["id"])


async def test_the_first_start_makes_a_key_once(tmp_path: Path) -> None:
    async with opened_door(tmp_path, bootstrap_key=None) as door:
        assert await door.gateway.bootstrap() is None
        (key,) = await door.gateway.access.list_keys()
        assert key.name == "bootstrap"


async def test_a_short_bootstrap_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 16 characters"):
        GatewaySettings.model_validate({"bootstrap_key": "short"})


async def test_projects_see_nothing_of_each_other(door: Door) -> None:
    other = await other_project(door)
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    task = await door.ok(
        "/add/message",
        {"user_id": "u", "conversation_id": "c", "messages": [{"role": "user", "content": "hi"}]},
    )
    memory = door.records.put(
        MemoryRecord(
            id=uuid4(),
            project_id="default",
            owner=Owner(type=OwnerType.USER, id="u"),
            kind=Kind.FACT,
            value="x",
            created_at=1,
            updated_at=1,
        )
    )
    refused: list[tuple[str, dict[str, Any], int]] = [
        ("/get/knowledgebase-file", {"file_ids": [file["id"]]}, 40001),
        ("/get/knowledgebase-file", {"knowledgebase_id": kb}, 50120),
        ("/delete/knowledgebase-file", {"file_ids": [file["id"]]}, 40001),
        ("/delete/knowledgebase", {"knowledgebase_id": kb}, 50120),
        ("/delete/knowledgebase", {"knowledgebase_id": kb, "delete_all": True}, 50120),
        ("/search/memory", {"query": "x", "user_id": "u", "knowledgebase_ids": [kb]}, 50120),
        (
            "/add/feedback",
            {"user_id": "u", "feedback_content": "x", "allow_knowledgebase_ids": [kb]},
            50120,
        ),
        (
            "/add/knowledgebase-file",
            {"knowledgebase_id": kb, "file": [{"content": "QUJD", "name": "a.md"}]},
            50120,
        ),
        ("/get/status", {"task_id": task["task_id"]}, 50131),
        ("/update/memory", {"memory_id": str(memory.id), "content": "y"}, 40307),
        ("/delete/memory", {"memory_ids": [str(memory.id)]}, 40307),
        ("/delete/memory", {"user_id": "u"}, 40308),
    ]
    for path, body, code in refused:
        assert (await other.post(path, body))["code"] == code, path
    history = await other.ok("/get/message", {"user_id": "u", "conversation_id": "c"})
    assert history["message_detail_list"] == []
    assert (await other.get(f"{API}/get/memory/{memory.id}")).json()["code"] == 40001
    for path in (
        f"/api/v1/documents/{file['id']}",
        f"/api/v1/knowledge-bases/{kb}",
        f"/api/v1/knowledge-bases/{kb}/corrections",
    ):
        assert (await other.get(path)).status_code in (403, 404), path
    await other.ok("/search/memory", {"query": "x", "user_id": "u", "knowledgebase_ids": ["all"]})
    assert door.retrieval.asked[-1].scope.project_id != "default"
    assert door.retrieval.asked[-1].scope.knowledgebase_ids == ()
    assert (await other.get("/api/v1/knowledge-bases")).json() == {
        "knowledge_bases": [],
        "next_cursor": None,
    }


async def test_a_plan_limits_knowledge_bases(door: Door) -> None:
    free = await other_project(door, "free")
    made = [await free.create_kb(f"kb {number}") for number in range(10)]
    refused = await free.post("/create/knowledgebase", {"knowledgebase_name": "one more"})
    assert (refused["code"], refused["data"]) == (40304, {"id": ""})
    assert "free" in refused["message"]
    await free.ok("/delete/knowledgebase", {"knowledgebase_id": made[0], "delete_all": True})
    await free.create_kb("one more")


async def test_after_a_downgrade_nothing_is_deleted_and_nothing_added(door: Door) -> None:
    other = await other_project(door, "starter")
    made = [await other.create_kb(f"kb {number}") for number in range(11)]
    await door.gateway.access.set_plan("other", "free")
    listed = (await other.get("/api/v1/knowledge-bases")).json()["knowledge_bases"]
    assert len(listed) == 11
    entry = {"knowledgebase_id": made[0], "file": [{"name": "a.md", "content": "QUJD"}]}
    assert (await other.post("/add/knowledgebase-file", entry))["code"] == 40304
    await other.ok("/search/memory", {"query": "x", "user_id": "u", "knowledgebase_ids": made})
    await other.ok("/delete/knowledgebase", {"knowledgebase_id": made[10], "delete_all": True})
    assert (await other.post("/add/knowledgebase-file", entry))["code"] == 0


async def test_storage_is_reserved_settled_and_refused(door: Door) -> None:
    free = await other_project(door, "free")
    kb = await free.create_kb()
    # Unknown lengths reserve 100 MB each: ten fit into 1 GB, eleven do not.
    files = [{"content": f"https://example.org/{n}.pdf"} for n in range(10)]
    found = await free.ok("/add/knowledgebase-file", {"knowledgebase_id": kb, "file": files})
    more = {"knowledgebase_id": kb, "file": [{"content": "https://example.org/more.pdf"}]}
    assert (await free.post("/add/knowledgebase-file", more))["code"] == 40304
    await free.progress(found[0]["id"], stage="stored", size=1000)
    assert (await free.post("/add/knowledgebase-file", more))["code"] == 0


async def test_manners(door: Door) -> None:
    broken = await door.http.post(
        API + "/search/memory", content=b'{"query": ', headers=door.headers
    )
    assert (broken.status_code, broken.json()["code"]) == (200, 40000)
    assert broken.headers["x-request-id"]
    for body in (b"[1]", b'"x"', b"null", b"7"):
        answer = await door.http.post(API + "/search/memory", content=body, headers=door.headers)
        assert answer.json()["code"] == 40000
    deep = b'{"query":' + b"[" * 5000 + b"]" * 5000 + b"}"
    answer = await door.http.post(API + "/search/memory", content=deep, headers=door.headers)
    assert answer.json()["code"] == 40000
    assert (await door.http.post(API + "/no/such", headers=door.headers)).status_code == 404
    assert (await door.http.get(API + "/search/memory")).status_code == 405
    nul = await door.ok(
        "/add/message", {"user_id": "u", "messages": [{"role": "user", "content": "a\0b"}]}
    )
    assert nul["success"]


async def test_a_large_body_is_413(tmp_path: Path) -> None:
    async with opened_door(tmp_path, max_body_bytes=2048) as door:
        answer = await door.raw("/search/memory", {"query": "x" * 3000, "user_id": "u"})
        assert (answer.status_code, answer.json()["data"]) == (413, {})


async def test_too_many_requests_are_429(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, requests_per_second=2, request_burst=2) as door:
        body = {"query": "x", "user_id": "u"}
        statuses = [(await door.raw("/search/memory", body)).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert (await door.raw("/search/memory", body)).headers["retry-after"] == "1"
        await clock.advance(1)
        assert (await door.raw("/search/memory", body)).status_code == 200


async def test_health_and_description(door: Door) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/health/startup"):
        assert (await door.http.get(path)).status_code == 200
    described = (await door.http.get("/openapi.json")).json()
    assert f"{API}/search/memory" in described["paths"]
    assert described["components"]["schemas"]["SearchMemory"]["properties"]["query"]
    await door.database.close()


async def test_documents_with_passages_for_people(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    listed = (await door.get(f"/api/v1/knowledge-bases/{kb}/documents")).json()
    assert [entry["id"] for entry in listed["documents"]] == [file["id"]]
    (one,) = (await door.get("/api/v1/knowledge-bases")).json()["knowledge_bases"]
    assert (one["documents"], one["bytes"]) == (1, 3)
    odd = await door.get(f"/api/v1/knowledge-bases/{kb}/documents?limit=0")
    assert (odd.status_code, odd.json()["status"]) == (400, 400)
