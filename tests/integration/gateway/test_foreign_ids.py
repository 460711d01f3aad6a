"""What belongs to another project is to a caller as if it were not there: every route, every id."""

import re
from typing import Any

import httpx
import pytest

from services.gateway.routes.operations import operations
from services.gateway.routes.resources import resources
from services.gateway.routes.resources.table import Resource
from tests.support.gateway import Door

# By operation: bodies with an id in the place of `ID`. A new operation is to be added here.
BODIES: dict[str, list[dict[str, Any]]] = {
    "/create/knowledgebase": [],
    "/delete/knowledgebase": [
        {"knowledgebase_id": "ID"},
        {"knowledgebase_id": "ID", "delete_all": True},
    ],
    "/get/knowledgebase-file": [{"knowledgebase_id": "ID"}, {"file_ids": ["ID"]}],
    "/delete/knowledgebase-file": [{"file_ids": ["ID"]}],
    "/add/message": [
        {
            "user_id": "b",
            "allow_knowledgebase_ids": ["ID"],
            "messages": [{"role": "user", "content": "x"}],
        }
    ],
    "/get/message": [{"user_id": "anna", "conversation_id": "ID"}],
    "/get/status": [{"task_id": "ID"}],
    "/search/memory": [{"user_id": "b", "query": "x", "knowledgebase_ids": ["ID"]}],
    "/get/memory": [{"user_id": "ID"}],
    "/update/memory": [{"memory_id": "ID", "content": "mine"}],
    "/delete/memory": [{"memory_ids": ["ID"]}, {"user_id": "ID"}],
    "/add/feedback": [
        {"user_id": "b", "feedback_content": "A is B.", "allow_knowledgebase_ids": ["ID"]}
    ],
    "/extract/memory": [],
    "/add/profile_template": [],
    "/list/profile_template": [],
    "/get/profile_template": [{"profile_template_id": "ID"}],
    "/update/profile_template": [{"profile_template_id": "ID", "name": "n", "metadata": {}}],
    "/delete/profile_template": [{"profile_template_id": "ID"}],
    "/bind/profile_template": [{"bind_list": [{"user_id": "b", "profile_template_id": "ID"}]}],
    "/edit/profile": [
        {"profile_template_id": "ID", "user_id": "anna", "remove_fields": ["Taste.drink"]}
    ],
    "/delete/profile": [{"profile_template_id": "ID", "user_id": "anna"}],
}
TREE = {"Taste": {"drink": {"value": "tea", "algorithm_updatable": True}}}


async def _theirs(door: Door) -> dict[str, str]:
    """Ids of all kinds, of the first project."""
    kb = await door.create_kb("secret base")
    (file,) = await door.upload(kb, ("secret.md", b"# secret words"))
    gone = await door.create_kb("gone")
    deleted = await door.ok("/delete/knowledgebase", {"knowledgebase_id": gone, "delete_all": True})
    message = {"id": "m-secret", "role": "user", "content": "I live in Oslo."}
    body = {"user_id": "anna", "conversation_id": "c-secret", "messages": [message]}
    task = await door.ok("/add/message", body)
    key = (await _made(door, "/api/v1/keys", {"name": "till"})).json()
    hook = {"url": "https://example.com/hook", "events": ["task.completed"]}
    webhook = (await _made(door, "/api/v1/webhooks", hook)).json()
    template = await door.ok("/add/profile_template", {"name": "guests", "metadata": TREE})
    bind = {"user_id": "anna", "profile_template_id": template["profile_template_id"]}
    await door.ok("/bind/profile_template", {"bind_list": [bind]})
    return {
        "knowledge base": kb,
        "deleted base": gone,
        "document": file["id"],
        "deletion": deleted["deletion_id"],
        "task": task["task_id"],
        "key": key["id"],
        "webhook": webhook["id"],
        "template": template["profile_template_id"],
        "user": "anna",
        "conversation": "c-secret",
    }


async def _made(door: Door, path: str, body: dict[str, Any]) -> httpx.Response:
    answer = await door.http.post(path, headers=door.headers, json=body)
    assert answer.is_success, answer.text
    return answer


def _unlike(identifier: str) -> str:
    """An id of the same shape that nobody has."""
    turned = re.sub(
        r"[0-9a-f]", lambda found: "0f1e2d3c4b5a6978"[int(found.group(), 16)], identifier
    )
    return turned if turned != identifier else f"{identifier}x"


def _filled(body: Any, identifier: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, identifier) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, identifier) for value in body]
    return identifier if body == "ID" else body


def _bare(text: str, identifier: str) -> str:
    """An answer without the id that was asked for, and without what differs in any two answers."""
    plain = text.replace(identifier, "ID")
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}|\b1\d{12}\b", "…", plain)


async def _other(door: Door) -> Door:
    _, key = await door.gateway.access.create_key(project="strangers", plan="pro")
    return door.as_key(key)


async def test_no_operation_tells_foreign_from_unknown(door: Door) -> None:
    theirs = await _theirs(door)
    stranger = await _other(door)
    paths = {operation.path for operation in operations(door.gateway.cases)}
    assert paths == set(BODIES), "say here which ids each operation takes"
    for path, bodies in BODIES.items():
        for body in bodies:
            for kind, identifier in theirs.items():
                unknown = _unlike(identifier)
                foreign = await stranger.post(path, _filled(body, identifier))
                absent = await stranger.post(path, _filled(body, unknown))
                assert _bare(str(foreign), identifier) == _bare(str(absent), unknown), (path, kind)
                assert "secret" not in str(foreign).replace(identifier, "")
    await _untouched(door, theirs)


def _paths(resource: Resource, identifier: str) -> list[str]:
    path = "/api/v1" + resource.path
    for name in resource.parameters:
        path = path.replace(f"{{{name}}}", identifier)
    return [path]


async def test_no_resource_tells_foreign_from_unknown(door: Door) -> None:
    theirs = await _theirs(door)
    stranger = await _other(door)
    checked = 0
    for resource in resources(door.gateway.cases):
        if not resource.parameters or resource.operator:
            continue
        bodies = [*resource.examples.values(), {}]
        body = bodies[0].get("value", bodies[0]) if isinstance(bodies[0], dict) else {}
        for kind, identifier in theirs.items():
            unknown = _unlike(identifier)
            answers = []
            for one in (identifier, unknown):
                (path,) = _paths(resource, one)
                answer = await stranger.http.request(
                    resource.method, path, headers=stranger.headers, json=body
                )
                answers.append((answer.status_code, _bare(answer.text, one)))
            assert answers[0] == answers[1], (resource.method, resource.path, kind)
            assert "secret" not in answers[0][1], (resource.method, resource.path, kind)
            checked += 1
    assert checked > 200
    await _untouched(door, theirs)


@pytest.mark.parametrize("name", ["all", "*", "default", "%2e%2e", "files"])
async def test_odd_names_open_nothing(door: Door, name: str) -> None:
    await _theirs(door)
    stranger = await _other(door)
    for resource in resources(door.gateway.cases):
        if not resource.parameters or resource.method != "GET" or resource.operator:
            continue
        (path,) = _paths(resource, name)
        answer = await stranger.get(path)
        assert answer.status_code < 500, path
        assert "secret" not in answer.text, path


async def _untouched(door: Door, theirs: dict[str, str]) -> None:
    """Nothing of the first project was changed by the strangers."""
    files = await door.ok("/get/knowledgebase-file", {"knowledgebase_id": theirs["knowledge base"]})
    assert [file["name"] for file in files["file_detail_list"]] == ["secret.md"]
    assert (await door.ok("/get/status", {"task_id": theirs["task"]}))["status"] == "running"
    talk = {"user_id": "anna", "conversation_id": "c-secret"}
    assert (await door.ok("/get/message", talk))["message_detail_list"]
    keys = (await door.get("/api/v1/keys")).json()["keys"]
    assert {key["id"]: key["revoke_time"] for key in keys}[theirs["key"]] is None
    hooks = (await door.get("/api/v1/webhooks")).json()["webhooks"]
    assert [hook["id"] for hook in hooks] == [theirs["webhook"]]
    template = {"profile_template_id": theirs["template"]}
    found = (await door.ok("/get/profile_template", template))["profile_template"]
    assert found["name"] == "guests"
