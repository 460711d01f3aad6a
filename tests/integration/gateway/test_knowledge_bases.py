"""Knowledge bases as resources: pages, edits, links, shares."""

from typing import Any

import httpx
import pytest

from services.kernel.contracts.events import DocumentRemoved, OwnerRemoved
from tests.support.gateway import Door

BASES = "/api/v1/knowledge-bases"


async def other_project(door: Door, name: str = "other") -> Door:
    _, key = await door.gateway.access.create_key(project=name, plan="pro")
    return door.as_key(key)


async def send(door: Door, method: str, path: str, body: Any = None) -> httpx.Response:
    return await door.http.request(method, path, json=body, headers=door.headers)


async def pages(door: Door, path: str, name: str, limit: int) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        answer = (await door.get(f"{path}?limit={limit}&cursor={cursor}")).json()
        assert len(answer[name]) <= limit
        found += answer[name]
        cursor = answer["next_cursor"]
        if not cursor:
            return found


async def test_pages_are_whole_and_stable_while_others_come_and_go(door: Door) -> None:
    made = [await door.create_kb(f"kb {number}") for number in range(7)]
    await (await other_project(door)).create_kb("foreign")
    assert [base["id"] for base in await pages(door, BASES, "knowledge_bases", 3)] == made
    first = (await door.get(f"{BASES}?limit=3")).json()
    await send(door, "DELETE", f"{BASES}/{made[0]}")
    late = await door.create_kb("late")
    rest = await door.get(f"{BASES}?limit=100&cursor={first['next_cursor']}")
    assert [base["id"] for base in rest.json()["knowledge_bases"]] == [*made[3:], late]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "WzEsMl0", "WyJhIiwiYiJd", "WzEsIlx1MDAwMCJd"])
async def test_a_wrong_cursor_is_refused(door: Door, cursor: str) -> None:
    answer = await door.get(f"{BASES}?cursor={cursor}")
    assert answer.status_code == 400
    assert "next_cursor" in answer.json()["detail"]


async def test_create_look_rename_delete(door: Door) -> None:
    made = await send(door, "POST", BASES, {"name": "财务", "description": "报销"})
    assert made.status_code == 201
    path = f"{BASES}/{made.json()['id']}"
    (file,) = await door.upload(made.json()["id"], ("a.md", b"# a"))
    await door.progress(file["id"], outcome="completed", passages=3, memories=2, size=3)
    shown = await door.get(path)
    assert shown.json()["counts"] == {
        "documents": 1,
        "processing": 0,
        "completed": 1,
        "failed": 0,
        "passages": 3,
        "memories": 2,
        "corrections": 0,
    }
    assert shown.json()["bytes"] == 3
    assert shown.json()["last_activity"] >= made.json()["create_time"]
    renamed = await send(door, "PATCH", path, {"name": " Finance "})
    assert (renamed.json()["name"], renamed.json()["description"]) == ("Finance", "报销")
    assert (await send(door, "PATCH", path, {})).status_code == 400
    assert (await send(door, "PATCH", path, {"name": "  "})).status_code == 400
    gone = await send(door, "DELETE", path)
    assert gone.json()["success"] is True
    assert (await door.get(path)).status_code == 404
    removed = (await door.events())[-2:]
    assert {type(event) for event in removed} == {DocumentRemoved, OwnerRemoved}


async def test_an_edit_of_what_changed_meanwhile_is_refused(door: Door) -> None:
    path = f"{BASES}/{await door.create_kb()}"
    read = (await door.get(path)).headers["etag"]
    holding = door.with_headers(if_match=read)
    first = await send(holding, "PATCH", path, {"name": "one"})
    assert first.status_code == 200
    late = await send(holding, "PATCH", path, {"name": "two"})
    assert (late.status_code, late.json()["code"]) == (412, 40094)
    assert (await send(holding, "DELETE", path)).status_code == 412
    again = door.with_headers(if_match=first.headers["etag"])
    await door.upload(path.rsplit("/", 1)[1], ("a.md", b"# a"))  # a count is no edit
    assert (await send(again, "PATCH", path, {"name": "two"})).status_code == 200
    anyhow = door.with_headers(if_match="*")
    assert (await send(anyhow, "PATCH", path, {"name": "three"})).status_code == 200


async def test_an_unlinked_one_is_linked_again(door: Door) -> None:
    kb = await door.create_kb()
    for _ in range(2):
        assert (await send(door, "POST", f"{BASES}/{kb}/unlink")).json()["success"] is True
        assert (await door.get(f"{BASES}/{kb}")).json()["linked"] is False
    assert (await send(door, "POST", f"{BASES}/{kb}/link")).json() == {"success": True}
    assert (await door.get(f"{BASES}/{kb}")).json()["linked"] is True


async def test_a_share_is_offered_accepted_and_revoked(door: Door) -> None:
    kb = await door.create_kb("rules")
    other = await other_project(door)
    offered = await send(door, "POST", f"{BASES}/{kb}/shares", {"project": "other"})
    assert (offered.status_code, offered.json()["status"]) == (201, "offered")
    again = await send(door, "POST", f"{BASES}/{kb}/shares", {"project": "other"})
    assert again.json()["id"] == offered.json()["id"]
    # Nothing enters the other project before it accepts.
    assert (await other.get(f"{BASES}/{kb}")).status_code == 404
    (offer,) = (await other.get("/api/v1/offers")).json()["offers"]
    assert (offer["name"], offer["owner"], offer["linked"]) == ("rules", "default", False)
    assert (await send(other, "POST", f"{BASES}/{kb}/link")).status_code == 200
    shown = (await other.get(f"{BASES}/{kb}")).json()
    assert (shown["linked"], shown["owned"]) == (True, False)
    search = {"query": "x", "user_id": "u", "knowledgebase_ids": [kb]}
    await other.ok("/search/memory", search)
    scope = door.retrieval.asked[-1].scope
    assert (scope.knowledgebase_ids, scope.lenders) == ((kb,), ("default",))
    await other.ok("/search/memory", search | {"knowledgebase_ids": ["all"]})
    assert door.retrieval.asked[-1].scope.lenders == ("default",)
    (share,) = (await door.get(f"{BASES}/{kb}/shares")).json()["shares"]
    assert share["status"] == "accepted"
    revoked = await send(door, "DELETE", f"{BASES}/{kb}/shares/{share['id']}")
    assert revoked.json() == {"success": True}
    assert (await other.post("/search/memory", search))["code"] == 50120
    assert (await send(other, "POST", f"{BASES}/{kb}/link")).status_code == 404


async def test_a_share_grants_a_link_and_nothing_else(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    other = await other_project(door)
    await send(door, "POST", f"{BASES}/{kb}/shares", {"project": "other"})
    await send(other, "POST", f"{BASES}/{kb}/link")
    for method, path, body in (
        ("PATCH", f"{BASES}/{kb}", {"name": "mine"}),
        ("DELETE", f"{BASES}/{kb}", None),
        ("GET", f"{BASES}/{kb}/shares", None),
        ("POST", f"{BASES}/{kb}/shares", {"project": "third"}),
    ):
        answer = await send(other, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, 50123), path
    entry = {"knowledgebase_id": kb, "file": [{"name": "b.md", "content": "QUJD"}]}
    assert (await other.post("/add/knowledgebase-file", entry))["code"] == 50123
    feedback = {"user_id": "u", "feedback_content": "x", "allow_knowledgebase_ids": [kb]}
    assert (await other.post("/add/feedback", feedback))["code"] == 50123
    assert (await other.get(f"/api/v1/documents/{file['id']}")).status_code == 404
    await door.ok("/delete/knowledgebase-file", {"file_ids": [file["id"]]})
    for ids in ([kb], ["all"]):
        await other.ok("/search/memory", {"query": "x", "user_id": "u", "knowledgebase_ids": ids})
        assert door.retrieval.asked[-1].scope.hidden_documents == (file["id"],)


async def test_offers_tell_nobody_which_projects_there_are(door: Door) -> None:
    kb = await door.create_kb()
    await other_project(door)
    answers = [
        (await send(door, "POST", f"{BASES}/{kb}/shares", {"project": name})).json()
        for name in ("other", "nobody")
    ]
    assert sorted(answers[0]) == sorted(answers[1])
    assert {answer["status"] for answer in answers} == {"offered"}
    late = await other_project(door, "nobody")
    assert (await late.get("/api/v1/offers")).json() == {"offers": []}
    assert (await send(late, "POST", f"{BASES}/{kb}/link")).status_code == 404
    own = await send(door, "POST", f"{BASES}/{kb}/shares", {"project": "default"})
    assert own.status_code == 400


async def test_unknown_and_foreign_knowledge_bases_answer_alike(door: Door) -> None:
    kb = await door.create_kb()
    other = await other_project(door)
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/link", None),
        ("POST", "/unlink", None),
        ("GET", "/shares", None),
        ("POST", "/shares", {"project": "x"}),
        ("DELETE", "/shares/1", None),
        ("GET", "/documents", None),
        ("GET", "/corrections", None),
        ("POST", "/corrections", {"content": "x"}),
    ):
        foreign, unknown = [
            await send(other, method, f"{BASES}/{identifier}{path}", body)
            for identifier in (kb, "base-unknown")
        ]
        assert (foreign.status_code, foreign.json()["code"]) == (404, 50120), path
        assert foreign.json()["detail"].replace(kb, "base-unknown") == unknown.json()["detail"]
