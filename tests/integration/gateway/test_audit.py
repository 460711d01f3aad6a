"""The audit log: who did what, kept with the write, shown to administrators."""

from pathlib import Path
from typing import Any

from services.gateway.domain.audit import Actor
from services.kernel.contracts.errors import Forbidden
from tests.support.clock import ManualClock
from tests.support.gateway import Door, opened_door


async def entries(door: Door, query: str = "") -> list[dict[str, Any]]:
    answer = await door.get(f"/api/v1/audit{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["entries"]
    return found


async def test_writes_are_logged_with_who_what_and_which(door: Door) -> None:
    named = door.with_headers(x_request_id="req-1")
    kb = await named.create_kb("secret plans")
    (file,) = await named.upload(kb, ("a.md", b"# words that nobody logs"))
    await named.ok("/delete/knowledgebase-file", {"file_ids": [file["id"]]})
    await named.ok(
        "/add/message",
        {"user_id": "u", "messages": [{"role": "user", "content": "words that nobody logs"}]},
    )
    found = {entry["operation"]: entry for entry in await entries(door)}
    assert f"kb:{kb}" in found["create/knowledgebase"]["targets"]
    assert f"document:{file['id']}" in found["add/knowledgebase-file"]["targets"]
    assert f"document:{file['id']}" in found["delete/knowledgebase-file"]["targets"]
    assert found["add/message"]["targets"][0].startswith("conversation:user:u/")
    for entry in found.values():
        assert (entry["key_name"], entry["role"]) == ("bootstrap", "operator")
        assert (entry["request_id"], entry["result"]) == ("req-1", "ok")
        assert entry["address"]
    shown = str(await entries(door))
    assert "words that nobody logs" not in shown
    assert "secret plans" not in shown


async def test_a_repeated_write_is_logged_once(door: Door) -> None:
    for _ in range(3):
        await door.ok("/create/knowledgebase", {"knowledgebase_name": "once"})
    assert len(await entries(door, "?operation=create/knowledgebase")) == 1


async def test_changes_of_keys_and_refusals_are_logged(door: Door) -> None:
    made = await door.http.post(
        "/api/v1/keys", json={"role": "read", "name": "screen"}, headers=door.headers
    )
    key = made.json()
    reader = door.as_key(key["key"])
    await reader.post("/create/knowledgebase", {"knowledgebase_name": "x"})
    await reader.get("/api/v1/audit")
    await door.http.delete(f"/api/v1/keys/{key['id']}", headers=door.headers)
    assert (await reader.get("/api/v1/plan")).status_code == 401
    (created,) = await entries(door, "?operation=key.create")
    assert created["targets"] == [f"key:{key['id']}"]
    (revoked,) = await entries(door, "?operation=key.revoke")
    assert revoked["key_name"] == "bootstrap"
    refused = await entries(door, "?result=refused")
    assert {(entry["operation"], entry["code"]) for entry in refused} == {
        ("create/knowledgebase", 40103),
        ("GET /audit", 40103),
        ("authenticate", 40132),
    }
    assert {entry["key_name"] for entry in refused} == {"screen"}
    assert key["key"] not in str(await entries(door))
    assert len(await entries(door, f"?key_id={key['id']}")) == 3


async def test_a_refusal_for_the_plan_is_logged(door: Door) -> None:
    _, key = await door.gateway.access.create_key(project="shop", plan="free")
    shop = door.as_key(key)
    for number in range(11):
        await shop.post("/create/knowledgebase", {"knowledgebase_name": f"kb {number}"})
    (refused,) = await entries(shop, "?result=refused")
    assert (refused["operation"], refused["code"]) == ("create/knowledgebase", 40304)


async def test_the_log_is_paged_by_a_cursor(door: Door) -> None:
    made = [await door.create_kb(f"kb {number}") for number in range(7)]
    seen: list[str] = []
    query = "?operation=create/knowledgebase&limit=3"
    cursor = ""
    for _ in range(3):
        answer = (await door.get(f"/api/v1/audit{query}{cursor}")).json()
        seen += [entry["targets"][0].removeprefix("kb:") for entry in answer["entries"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == made[::-1]
    assert (await door.get("/api/v1/audit?cursor=x")).status_code == 400
    assert (await door.get("/api/v1/audit?limit=0")).status_code == 400


async def test_each_project_sees_its_own_log(door: Door) -> None:
    await door.create_kb()
    _, key = await door.gateway.access.create_key(project="shop")
    shop = door.as_key(key)
    assert {entry["operation"] for entry in await entries(shop)} == {
        "key.create",
        "project.create",
    }


async def test_the_log_is_kept_for_so_long(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, audit_days=1) as door:
        await door.create_kb("old")
        await clock.advance(86_400)
        await door.create_kb("new")
        await clock.advance(1)
        await door.gateway.cases.audit.prune()
        assert len(await entries(door)) == 1


async def test_a_refusal_of_odd_characters_stops_no_other(door: Door) -> None:
    audit = door.gateway.cases.audit
    for name in ("a\x00b", "\ud800", "x" * 10_000):
        audit.refuse("default", Actor(), name, Forbidden(name))
    found = await entries(door, "?result=refused")
    assert [entry["detail"][:2] for entry in found] == ["xx", "?", "ab"]
