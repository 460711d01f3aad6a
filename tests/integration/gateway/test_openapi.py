"""The OpenAPI document: valid, complete, true; and the page that shows it."""

import re
from typing import Any
from uuid import uuid4

import httpx
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from services.gateway.routes.operations import operations
from services.gateway.routes.resources import resources
from services.kernel.contracts.records import Kind
from tests.support.gateway import API, Door, record


async def described(door: Door) -> dict[str, Any]:
    found: dict[str, Any] = (await door.http.get("/openapi.json")).json()
    return found


async def test_the_document_is_valid_and_names_every_route(door: Door) -> None:
    document = await described(door)
    validate(document)
    names: list[str] = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("summary"), (method, path)
            names.append(operation["operationId"])
    assert len(names) == len(set(names))
    for resource in resources(door.gateway.cases):
        operation = document["paths"]["/api/v1" + resource.path][resource.method.lower()]
        statuses = set(operation["responses"])
        assert {str(int(resource.status)), "400", "401", "403", "429"} <= statuses
        assert {str(int(status)) for status in resource.problems} <= statuses
    for special in operations(door.gateway.cases):
        assert "post" in document["paths"][API + special.path]


async def test_the_page_loads_nothing_from_outside(door: Door) -> None:
    page = await door.http.get("/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"https?://|<script>|\son\w+=", page.text)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        answer = await door.http.get(path)
        assert (answer.status_code, bool(answer.content)) == (200, True), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    bundle = (await door.http.get("/docs/assets/swagger-ui-bundle.js")).text
    assert "SwaggerUIBundle" in bundle
    for other in ("core.py", "..%2f__init__.py"):
        assert (await door.http.get(f"/docs/assets/{other}")).status_code == 404


def check(document: dict[str, Any], method: str, path: str, answer: httpx.Response) -> None:
    """Fail where an answer is none that the document describes."""
    operation = document["paths"][path][method]
    described = operation["responses"][str(answer.status_code)]
    kind = answer.headers["content-type"].partition(";")[0]
    schema = described["content"][kind]["schema"]
    whole = {**schema, "components": document["components"]}
    found = sorted(
        error.message for error in Draft202012Validator(whole).iter_errors(answer.json())
    )
    assert found == [], (method, path, found)


async def test_real_answers_of_openmem_are_described(door: Door) -> None:
    document = await described(door)
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    door.records.put(record())
    memory = door.records.put(record(id=uuid4(), kind=Kind.PREFERENCE))
    turn = {"user_id": "u1", "conversation_id": "c", "messages": [{"role": "user", "content": "x"}]}
    task = await door.ok("/add/message", turn)
    bodies: dict[str, dict[str, Any]] = {
        "/create/knowledgebase": {"knowledgebase_name": "x"},
        "/get/knowledgebase-file": {"file_ids": [file["id"]]},
        "/add/knowledgebase-file": {
            "knowledgebase_id": kb,
            "file": [{"name": "b.md", "content": "QUJD"}],
        },
        "/add/message": turn,
        "/get/message": {"user_id": "u1", "conversation_id": "c"},
        "/get/status": {"task_id": task["task_id"]},
        "/search/memory": {"user_id": "u1", "query": "x"},
        "/get/memory": {"user_id": "u1"},
        "/update/memory": {"memory_id": str(memory.id), "content": "y"},
        "/add/feedback": {"user_id": "u1", "feedback_content": "x"},
        "/extract/memory": {"messages": [{"role": "user", "content": "x"}]},
        "/delete/memory": {"memory_ids": [str(memory.id)]},
        "/delete/knowledgebase-file": {"file_ids": [file["id"]]},
        "/delete/knowledgebase": {"knowledgebase_id": kb, "delete_all": True},
    }
    for path, body in bodies.items():
        check(document, "post", API + path, await door.raw(path, body))
        check(document, "post", API + path, await door.raw(path, {}))
        wrong = await door.as_key("wrong").raw(path, body)
        check(document, "post", API + path, wrong)


async def test_real_answers_of_resources_are_described(door: Door) -> None:
    document = await described(door)
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    memory = door.records.put(record())
    turn = {"user_id": "u1", "conversation_id": "c", "messages": [{"role": "user", "content": "x"}]}
    task = await door.ok("/add/message", turn)
    named = {
        "/knowledge-bases": kb,
        "/documents": file["id"],
        "/memories": str(memory.id),
        "/users": "u1",
        "/tasks": task["task_id"],
    }
    checked = 0
    for resource in resources(door.gateway.cases):
        if resource.produces:
            continue
        template = "/api/v1" + resource.path
        first = "/" + resource.path.split("/")[1]
        path = template.replace("{id}", named.get(first, "none")).replace("{conversation_id}", "c")
        path = re.sub(r"\{\w+\}", "none", path)
        method = resource.method.lower()
        if method == "get":
            answer = await door.get(path)
            if resource.response is not None or answer.status_code != 200:
                check(document, method, template, answer)
                checked += 1
        refused = await door.as_key("wrong").http.request(resource.method, path)
        check(document, method, template, refused)
    assert checked > 20
