"""What a key of each role may do, at every route and method."""

from dataclasses import replace
from typing import Any

import pytest

from services.gateway.domain.model import Role
from services.gateway.routes.operations import operations
from services.gateway.routes.resources import resources
from tests.support.gateway import API, Door


def with_role(door: Door, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    access = door.gateway.access
    authenticate = access.authenticate

    async def authenticated(header: str | None) -> Any:
        return replace(await authenticate(header), role=role)

    monkeypatch.setattr(access, "authenticate", authenticated)


@pytest.mark.parametrize("role", [Role.READ, Role.WRITE])
async def test_a_key_is_refused_what_its_role_may_not(
    door: Door, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    with_role(door, monkeypatch, role)
    for resource in resources(door.gateway.cases):
        path = "/api/v1" + resource.path
        for name in resource.parameters:
            path = path.replace(f"{{{name}}}", "nothing")
        answer = await door.http.request(resource.method, path, headers=door.headers, json={})
        refused = answer.status_code == 403 and answer.json()["code"] == 40103
        assert refused == (not role.includes(resource.needs)), (resource.method, path)
        if refused:
            assert f"`{resource.needs}`" in answer.json()["detail"]
    for operation in operations(door.gateway.cases):
        code = (await door.post(operation.path, {}))["code"]
        assert (code == 40103) == (not role.includes(operation.needs)), operation.path


async def test_special_routes_need_their_role(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    kb = await door.create_kb()
    with_role(door, monkeypatch, Role.READ)
    upload = {"knowledgebase_id": kb, "file": [{"content": "QUJD", "name": "a.md"}]}
    refused = await door.post("/add/knowledgebase-file", upload)
    assert (refused["code"], refused["data"]) == (40103, [])
    turn = {"user_id": "u", "conversation_id": "c", "query": "x"}
    assert (await door.post("/chat", turn))["code"] == 40103
    assert (await door.post("/chat", turn | {"add_message_on_answer": False}))["code"] != 40103
    assert (await door.get(API + "/get/memory/x")).json()["code"] == 40001


def test_roles_are_ordered() -> None:
    assert [[a.includes(b) for b in Role] for a in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
