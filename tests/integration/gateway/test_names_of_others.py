"""An id that a caller names leads only to what is the caller's: no name reaches another project."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc

from services.gateway.domain.documents import files_of
from services.kernel.adapters.public_grpc import PublicGrpcServer
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.runtime.grpc_server import CODE_TRAILER
from tests.support.gateway import API, Door, opened_door

UNKNOWN = 50120
SECRET = b"# Merger\n\nThe price is 40 million."
TEXT = {"name": "merger.md", "content": base64.b64encode(SECRET).decode()}
OWN = files_of("default", Owner(type=OwnerType.USER, id="u1"))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened_door(tmp_path) as opened:
        yield opened


async def other_project(door: Door) -> Door:
    _, key = await door.gateway.access.create_key(project="other", plan="pro")
    return door.as_key(key)


def message(**extra: Any) -> dict[str, Any]:
    return {"user_id": "u1", "messages": [{"role": "user", "content": "hello"}], **extra}


@pytest.mark.parametrize("name", ["all", "ALL", OWN, "own", "default", "*", "%", ""])
async def test_no_write_takes_a_name_that_is_no_linked_knowledge_base(
    door: Door, name: str
) -> None:
    await door.create_kb()
    uploaded = await door.post(
        "/add/knowledgebase-file", {"knowledgebase_id": name, "file": [TEXT]}
    )
    form = await door.http.post(
        API + "/add/knowledgebase-file",
        params={"knowledgebase_id": name},
        files={"file": ("merger.md", SECRET, "text/markdown")},
        headers=door.headers,
    )
    part = {"type": "file", "file": {"file_data": TEXT["content"], "filename": "merger.md"}}
    carried = await door.post(
        "/add/message",
        {
            "user_id": "u1",
            "allow_knowledgebase_ids": [name],
            "messages": [{"role": "user", "content": [part]}],
        },
    )
    said = await door.post("/add/message", message(allow_knowledgebase_ids=[name]))
    feedback = await door.post(
        "/add/feedback",
        {"user_id": "u1", "feedback_content": "600, not 800", "allow_knowledgebase_ids": [name]},
    )
    deleted = await door.post("/delete/knowledgebase", {"knowledgebase_id": name})
    listed = await door.post("/get/knowledgebase-file", {"knowledgebase_id": name})
    for answer in (uploaded, form.json(), carried, said, feedback, deleted, listed):
        assert answer["code"] in ({UNKNOWN} if name else {40002, UNKNOWN}), answer
    assert await door.events() == []


@pytest.mark.parametrize("name", ["all", OWN])
async def test_our_own_routes_take_no_such_name_either(door: Door, name: str) -> None:
    await door.create_kb()
    base = f"/api/v1/knowledge-bases/{name}"
    for path in (base, f"{base}/documents", f"{base}/corrections"):
        answer = await door.get(path)
        assert answer.status_code == 404, answer.text
    for path in (f"{base}/link", f"{base}/corrections", f"{base}/corrections/x/undo"):
        answer = await door.http.post(path, json={"content": "no"}, headers=door.headers)
        assert answer.status_code == 404, answer.text


async def test_grpc_uploads_take_no_such_name(door: Door) -> None:
    server = PublicGrpcServer(
        door.gateway.grpc, services=door.gateway.grpc_services, address="127.0.0.1:0"
    )
    await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            api = memloom_pb2_grpc.MemloomStub(channel)
            for name in ("all", OWN):
                with pytest.raises(grpc.aio.AioRpcError) as caught:
                    await api.AddKnowledgebaseFile(
                        pb.AddKnowledgebaseFileRequest(
                            knowledgebase_id=name, file=[pb.FileEntry(name="a.md", data=SECRET)]
                        ),
                        metadata=(("authorization", f"Token {door.key}"),),
                    )
                trailers: dict[str, Any] = dict(caught.value.trailing_metadata() or ())  # type: ignore[arg-type] # the stubs' type is no pair
                assert caught.value.code() is grpc.StatusCode.NOT_FOUND
                assert int(trailers[CODE_TRAILER]) == UNKNOWN
    finally:
        await server.stop(0)


async def test_the_same_bytes_are_known_within_the_project_only(door: Door) -> None:
    """Even in one knowledge base that both may use."""
    kb = await door.create_kb()
    (ours,) = await door.upload(kb, ("merger.md", SECRET))
    other = await other_project(door)
    project = (await other.get("/api/v1/plan")).json()["project"]["id"]
    async with door.database.write() as tx:
        await door.gateway.cases.documents._catalogue.link(tx, project, kb, 1)
    # Whoever may only search it learns nothing of what it holds.
    body = {
        "knowledgebase_id": kb,
        "file": [{"name": "renamed.md", "content": base64.b64encode(SECRET).decode()}],
    }
    refused = await other.post("/add/knowledgebase-file", body)
    assert refused["code"] != 0
    assert ours["id"] not in str(refused)
    own = await other.create_kb()
    (theirs,) = await other.upload(own, ("renamed.md", SECRET))
    assert theirs["id"] != ours["id"]
    assert theirs["name"] == "renamed.md"
    assert (await door.file(ours["id"]))["name"] == "merger.md"


async def test_all_is_a_name_of_searches(door: Door) -> None:
    kb = await door.create_kb()
    await door.ok(
        "/search/memory", {"user_id": "u1", "query": "price", "knowledgebase_ids": ["all"]}
    )
    assert door.retrieval.asked[-1].scope.knowledgebase_ids == (kb,)
    mixed = await door.post(
        "/search/memory", {"user_id": "u1", "query": "price", "knowledgebase_ids": ["all", kb]}
    )
    assert mixed["code"] == UNKNOWN
    assert "alone" in mixed["message"]
