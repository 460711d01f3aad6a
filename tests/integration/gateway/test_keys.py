"""Keys: roles, expiry, rotation, last use, and who may change which."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.gateway.domain.model import Role
from services.gateway.handlers.access import KeyTerms
from tests.support.clock import ManualClock
from tests.support.gateway import Door, opened_door

DAY_MS = 86_400_000


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def timed(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, clock=clock) as opened:
        yield opened


async def made(door: Door, **terms: Any) -> tuple[str, Door]:
    answer = await door.http.post("/api/v1/keys", json=terms, headers=door.headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], door.as_key(answer.json()["key"])


async def send(door: Door, method: str, path: str, body: Any = None) -> httpx.Response:
    return await door.http.request(method, "/api/v1" + path, json=body, headers=door.headers)


async def works(door: Door) -> bool:
    answer = await door.get("/api/v1/plan")
    assert answer.status_code in (200, 401), answer.text
    if answer.status_code == 401:
        assert answer.json()["code"] == 40132
    return answer.status_code == 200


async def test_each_role_may_do_what_it_says(door: Door) -> None:
    _, writer = await made(door, name="till", role="write")
    _, reader = await made(door, name="screen", role="read")
    kb = await writer.create_kb()
    refused = await reader.post("/create/knowledgebase", {"knowledgebase_name": "x"})
    assert refused["code"] == 40103
    assert "`write`" in refused["message"]
    assert (await reader.get(f"/api/v1/knowledge-bases/{kb}")).status_code == 200
    for lesser in (writer, reader):
        answer = await send(lesser, "POST", "/keys", {"role": "read"})
        assert (answer.status_code, answer.json()["code"]) == (403, 40103)
        assert (await lesser.get("/api/v1/keys")).status_code == 403
    wrong = await send(door, "POST", "/keys", {"role": "root"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, 40000)


async def test_only_an_operators_key_sees_all_projects(door: Door) -> None:
    _, admin = await made(door, role="admin")
    assert (await door.get("/api/v1/projects")).status_code == 200
    refused = await admin.get("/api/v1/projects")
    assert (refused.status_code, refused.json()["code"]) == (403, 40103)
    assert "operator" in refused.json()["detail"]
    for method, path, body in (
        ("POST", "/projects", {"name": "shop"}),
        ("PATCH", "/projects/default", {"plan": "free"}),
    ):
        assert (await send(admin, method, path, body)).status_code == 403
    shop = await send(door, "POST", "/projects", {"name": "shop", "plan": "starter"})
    assert shop.status_code == 201
    assert await works(door.as_key(shop.json()["key"]))
    assert (await send(door, "POST", "/projects", {"name": "shop"})).status_code == 409
    path = f"/projects/{shop.json()['id']}"
    changed = await send(door, "PATCH", path, {"plan": "free", "name": "till"})
    assert (changed.json()["plan"], changed.json()["name"]) == ("free", "till")
    assert (await send(door, "PATCH", path, {"plan": "gold"})).json()["code"] == 40000
    assert (await send(door, "PATCH", "/projects/none", {"plan": "free"})).status_code == 404
    # The flag is an operator's to give, at the command line.
    _, other = await made(door, role="admin", operator=True)
    assert (await other.get("/api/v1/projects")).status_code == 403


async def test_an_admin_cannot_take_over_an_operators_key(door: Door) -> None:
    _, admin = await made(door, role="admin")
    listed = (await door.get("/api/v1/keys")).json()["keys"]
    (bootstrap,) = [key for key in listed if key["operator"]]
    for method, path, body in (
        ("POST", "/rotate", {}),
        ("DELETE", "", None),
        ("PATCH", "", {"name": "mine"}),
    ):
        answer = await send(admin, method, f"/keys/{bootstrap['id']}{path}", body)
        assert answer.status_code == 403, (method, path)
    assert await works(door)


async def test_an_expired_key_is_refused_in_words(timed: Door, clock: ManualClock) -> None:
    until = clock.now_ms() + 1500
    _, key = await made(timed, role="write", expires_at=until)
    assert await works(key)
    await clock.advance(1.4)
    assert await works(key)
    await clock.advance(0.1)
    answer = await key.get("/api/v1/plan")
    assert (answer.status_code, answer.json()["code"]) == (401, 40132)
    assert "expired" in answer.json()["detail"]
    public = await key.raw("/search/memory", {"query": "x", "user_id": "u"})
    assert (public.status_code, public.json()["code"]) == (401, 40132)
    past = await send(timed, "POST", "/keys", {"expires_at": clock.now_ms() - 1})
    assert (past.status_code, "future" in past.json()["detail"]) == (400, True)


async def test_a_rotated_key_has_two_secrets_for_a_while(timed: Door, clock: ManualClock) -> None:
    identifier, old = await made(timed, role="write")
    assert await works(old)
    answer = await send(timed, "POST", f"/keys/{identifier}/rotate", {"overlap_seconds": 60})
    new = timed.as_key(answer.json()["key"])
    assert answer.json()["id"] == identifier
    assert await works(old)
    assert await works(new)
    await clock.advance(60)
    assert not await works(old)
    told = (await old.get("/api/v1/plan")).json()["detail"]
    assert "replaced" in told
    assert await works(new)
    # Without an overlap the old one ends at once, and one that was replaced before stays out.
    answer = await send(timed, "POST", f"/keys/{identifier}/rotate", {"overlap_seconds": 0})
    assert not await works(new)
    assert not await works(old)
    assert await works(timed.as_key(answer.json()["key"]))
    listed = (await timed.get("/api/v1/keys")).json()["keys"]
    assert len(listed) == 2


async def test_the_old_secret_works_for_a_day_by_default(timed: Door, clock: ManualClock) -> None:
    identifier, old = await made(timed)
    answer = await send(timed, "POST", f"/keys/{identifier}/rotate", {})
    assert answer.json()["previous_secret_until"] == clock.now_ms() + DAY_MS
    await clock.advance(DAY_MS / 1000 - 1)
    assert await works(old)
    await clock.advance(1)
    assert not await works(old)


async def test_a_key_may_rotate_itself_and_no_other(door: Door) -> None:
    own, writer = await made(door, role="write")
    other, _ = await made(door, role="write")
    assert (await send(writer, "POST", f"/keys/{other}/rotate", {})).status_code == 403
    answer = await send(writer, "POST", f"/keys/{own}/rotate", {"overlap_seconds": 0})
    assert answer.status_code == 200
    assert await works(door.as_key(answer.json()["key"]))


async def test_the_last_use_is_written_in_the_background(timed: Door, clock: ManualClock) -> None:
    identifier, key = await made(timed)
    await clock.advance(5)
    used = clock.now_ms()
    assert await works(key)

    async def kept() -> Any:
        async with timed.database.read() as tx:
            row = await tx.first(
                text("SELECT last_used_at FROM api_keys WHERE id = :id").bindparams(id=identifier)
            )
        assert row is not None
        return row["last_used_at"]

    assert await kept() is None
    await timed.gateway.access.flush_use()
    assert await kept() == used
    await clock.advance(5)
    assert await works(key)
    listed = (await timed.get("/api/v1/keys")).json()["keys"]
    assert {entry["last_used_at"] for entry in listed} == {used + 5000}


async def test_the_last_admin_key_is_not_revoked_by_accident(door: Door) -> None:
    _, first = await door.gateway.access.create_key(project="shop")
    shop = door.as_key(first)
    (entry,) = (await shop.get("/api/v1/keys")).json()["keys"]
    await made(shop, role="write")
    await made(shop, role="admin")
    ids = [key["id"] for key in (await shop.get("/api/v1/keys")).json()["keys"]]
    admins = [ids[0], ids[2]]
    answers = await asyncio.gather(
        *(send(shop, "DELETE", f"/keys/{identifier}") for identifier in admins)
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    left = [
        key
        for key in await door.gateway.access.list_keys()
        if key.project_id != "default" and key.revoked_at is None and key.role is Role.ADMIN
    ]
    assert len(left) == 1
    assert entry["id"] in ids
    await door.gateway.access.revoke_key(left[0].id, force=True)


async def test_revoking_the_only_admin_key_says_what_to_do(door: Door) -> None:
    (entry,) = (await door.get("/api/v1/keys")).json()["keys"]
    await made(door, role="write")
    answer = await send(door, "DELETE", f"/keys/{entry['id']}")
    assert answer.status_code == 409
    assert "--force" in answer.json()["detail"]
    # One that expires is a successor as long as it is active.
    await made(door, role="admin", expires_at=1 << 42)
    assert (await send(door, "DELETE", f"/keys/{entry['id']}")).status_code == 200


async def test_keys_of_another_project_are_as_unknown_ones(door: Door) -> None:
    _, key = await door.gateway.access.create_key(project="shop")
    shop = door.as_key(key)
    (ours,) = (await door.get("/api/v1/keys")).json()["keys"]
    for method, path, body in (
        ("DELETE", "", None),
        ("PATCH", "", {"name": "x"}),
        ("POST", "/rotate", {}),
    ):
        foreign = await send(shop, method, f"/keys/{ours['id']}{path}", body)
        unknown = await send(shop, method, f"/keys/{'0' * 16}{path}", body)
        assert foreign.status_code == unknown.status_code == 404
        neutral = foreign.json()["detail"].replace(ours["id"], "0" * 16)
        assert neutral == unknown.json()["detail"]


async def test_renaming_keeps_the_secret(door: Door) -> None:
    identifier, key = await made(door, name="a")
    answer = await send(door, "PATCH", f"/keys/{identifier}", {"name": " b "})
    assert answer.json()["name"] == "b"
    assert await works(key)


async def test_keys_of_older_installations_are_admin_keys(door: Door) -> None:
    await door.database.downgrade("0005")
    insert = (
        "INSERT INTO api_keys (id, project_id, hash, name, hint, created_at) "
        "VALUES ('old', 'default', 'digest', 'old', '…abcd', 1)"
    )
    async with door.database.write() as tx:
        await tx.execute(text(insert))
    await door.database.migrate()
    found = {key.id: key for key in await door.gateway.access.list_keys()}
    assert (found["old"].role, found["old"].operator) == (Role.ADMIN, False)
    assert found["old"].expires_at is None
    # The given bootstrap key becomes an operator's again at the next start.
    assert not any(key.operator for key in found.values())
    await door.gateway.bootstrap()
    door.gateway.access.forget()
    assert (await door.get("/api/v1/projects")).status_code == 200


async def test_a_key_with_the_plan_of_another_is_not_made(door: Door) -> None:
    access = door.gateway.access
    await access.create_key(project="shop", plan="free", terms=KeyTerms(role=Role.WRITE))
    await access.create_key(project="shop", plan="free")
    before = len(await access.list_keys())
    with pytest.raises(Exception, match="memloom plans set shop pro"):
        await access.create_key(project="shop", plan="pro")
    assert len(await access.list_keys()) == before
