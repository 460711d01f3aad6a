"""The public gRPC port: the same keys, calls and codes."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc, probe_pb2, probe_pb2_grpc

from services.gateway.domain.model import Role
from services.gateway.handlers.access import KeyTerms
from services.kernel.adapters.public_grpc import PublicGrpcServer
from services.kernel.contracts.errors import DependencyUnavailable
from services.kernel.contracts.events import DocumentSubmitted, MessagesRecorded
from services.kernel.contracts.records import Kind, MemoryRecord, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchAnswer, SearchItem
from services.kernel.runtime.grpc_server import CODE_TRAILER
from tests.support.gateway import KEY, Door, opened_door, record
from tests.support.skills import SKILL_MD

METADATA = (("authorization", f"Token {KEY}"),)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with opened_door(tmp_path) as opened:
        yield opened


@pytest.fixture
async def channel(door: Door) -> AsyncIterator[grpc.aio.Channel]:
    server = PublicGrpcServer(
        door.gateway.grpc, services=door.gateway.grpc_services, address="127.0.0.1:0"
    )
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as opened:
        yield opened
    await server.stop(0)


async def refused(call: Any) -> tuple[grpc.StatusCode, int]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    trailers: dict[str, Any] = dict(caught.value.trailing_metadata() or ())  # type: ignore[arg-type] # the stubs' type is no pair
    return caught.value.code(), int(trailers[CODE_TRAILER])


async def test_a_story_over_grpc(door: Door, channel: grpc.aio.Channel) -> None:
    api = memloom_pb2_grpc.MemloomStub(channel)
    kb = await api.CreateKnowledgebase(
        pb.CreateKnowledgebaseRequest(knowledgebase_name="rules"), metadata=METADATA
    )
    added = await api.AddKnowledgebaseFile(
        pb.AddKnowledgebaseFileRequest(
            knowledgebase_id=kb.id,
            file=[
                pb.FileEntry(name="a.md", data=b"# a"),
                pb.FileEntry(name="b.md", content="IyBi"),
            ],
        ),
        metadata=METADATA,
    )
    assert [(file.name, file.status) for file in added.files] == [
        ("a.md", "PROCESSING"),
        ("b.md", "PROCESSING"),
    ]
    assert added.files[0].size_mb > 0
    first, second = await door.events()
    assert isinstance(first, DocumentSubmitted)
    assert isinstance(second, DocumentSubmitted)
    await door.progress(added.files[0].id, outcome="completed", passages=1)
    seen = await api.GetKnowledgebaseFile(
        pb.GetKnowledgebaseFileRequest(knowledgebase_id=kb.id), metadata=METADATA
    )
    assert (seen.total, seen.file_detail_list[1].status) == (2, "COMPLETED")
    said = await api.AddMessage(
        pb.AddMessageRequest(
            user_id="u",
            messages=[pb.MessageIn(role="user", content="hi", chat_time="2025-06-10 09:00")],
        ),
        metadata=METADATA,
    )
    assert (said.success, said.status) == (True, "running")
    state = await api.GetStatus(pb.GetStatusRequest(task_id=said.task_id), metadata=METADATA)
    assert state.status == "running"
    door.retrieval.answer = SearchAnswer(
        memories=(
            SearchItem(
                record=MemoryRecord(
                    id="5d9c7a52-0c3e-4a57-9f0f-5b7a0de0c6a1",
                    project_id="default",
                    owner=Owner(type=OwnerType.USER, id="u"),
                    kind=Kind.FACT,
                    value="用户是设计师",
                    created_at=1_765_525_947_718,
                    updated_at=2,
                ),
                relativity=0.0,
            ),
        )
    )
    query = pb.SearchMemoryRequest(
        query="x", user_id="u", knowledgebase_ids=[kb.id], memory_limit_number=0, relativity=0.0
    )
    query.filter.update({"user": {"and": [{"scene": "chat"}]}})
    found = await api.SearchMemory(query, metadata=METADATA)
    (item,) = found.memory_detail_list
    assert (item.memory_value, item.create_time) == ("用户是设计师", 1_765_525_947_718)
    assert item.HasField("relativity")
    asked = door.retrieval.asked[-1]
    assert (asked.memory_limit, asked.threshold) == (0, 0.0)
    assert asked.scope.subject_filter.clauses[0].field == "info.scene"
    feedback = pb.AddFeedbackRequest(
        user_id="u", feedback_content="600, not 800", allow_knowledgebase_ids=[kb.id]
    )
    assert (await api.AddFeedback(feedback, metadata=METADATA)).task_id
    removed = await api.DeleteKnowledgebaseFile(
        pb.DeleteKnowledgebaseFileRequest(file_ids=[added.files[0].id]), metadata=METADATA
    )
    assert removed.success
    page = await api.GetMemory(pb.GetMemoryRequest(user_id="u"), metadata=METADATA)
    assert (page.total, page.current) == (0, 1)


BIG = 9_007_199_254_740_993


async def test_integers_are_exact_over_grpc(door: Door, channel: grpc.aio.Channel) -> None:
    api = memloom_pb2_grpc.MemloomStub(channel)
    hello = pb.MessageIn(role="user", content="hi")
    exact = pb.AddMessageRequest(
        user_id="u", messages=[hello], info_json=f'{{"order":{BIG},"n":1,"share":0.5}}'
    )
    loose = pb.AddMessageRequest(user_id="u", messages=[hello])
    loose.info.update({"n": 3})
    for request in (exact, loose):
        assert (await api.AddMessage(request, metadata=METADATA)).success
    recorded, plain = [one for one in await door.events() if isinstance(one, MessagesRecorded)]
    assert recorded.info == {"order": BIG, "n": 1, "share": 0.5}
    assert type(recorded.info["n"]) is int
    assert (plain.info, type(plain.info["n"])) == ({"n": 3}, int)
    stored = door.records.put(record(owner=Owner(type=OwnerType.USER, id="u"), info=recorded.info))
    page = await api.GetMemory(pb.GetMemoryRequest(user_id="u"), metadata=METADATA)
    (item,) = page.memory_detail_list
    assert (item.id, json.loads(item.info_json)) == (str(stored.id), recorded.info)
    assert item.info["share"] == 0.5
    query = pb.SearchMemoryRequest(
        query="x", user_id="u", filter_json=f'{{"and":[{{"order":{BIG}}}]}}'
    )
    await api.SearchMemory(query, metadata=METADATA)
    (clause,) = door.retrieval.asked[-1].scope.subject_filter.clauses
    assert clause.values == (BIG,)
    broken = pb.AddMessageRequest(user_id="u", messages=[hello], info_json="{")
    assert await refused(api.AddMessage(broken, metadata=METADATA)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        40000,
    )
    listed = pb.AddMessageRequest(user_id="u", messages=[hello], info_json="[1]")
    assert await refused(api.AddMessage(listed, metadata=METADATA)) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        40000,
    )


async def test_errors_over_grpc(door: Door, channel: grpc.aio.Channel) -> None:
    api = memloom_pb2_grpc.MemloomStub(channel)
    assert door.key == KEY
    query = pb.SearchMemoryRequest(query="x", user_id="u")
    status = grpc.StatusCode
    assert await refused(api.SearchMemory(query)) == (status.UNAUTHENTICATED, 40100)
    wrong = (("authorization", "Token wrong"),)
    assert await refused(api.SearchMemory(query, metadata=wrong)) == (status.UNAUTHENTICATED, 40132)
    empty = pb.SearchMemoryRequest(user_id="u")
    assert await refused(api.SearchMemory(empty, metadata=METADATA)) == (
        status.INVALID_ARGUMENT,
        40002,
    )
    unknown = pb.SearchMemoryRequest(query="x", user_id="u", knowledgebase_ids=["nothing"])
    assert await refused(api.SearchMemory(unknown, metadata=METADATA)) == (status.NOT_FOUND, 50120)
    nothing = pb.AddKnowledgebaseFileRequest()
    assert await refused(api.AddKnowledgebaseFile(nothing, metadata=METADATA)) == (
        status.INVALID_ARGUMENT,
        40002,
    )


async def test_skills_over_grpc(door: Door, channel: grpc.aio.Channel) -> None:
    api = memloom_pb2_grpc.MemloomStub(channel)
    kb = await door.create_kb()
    entry = pb.FileEntry(name="review.md", data=SKILL_MD.encode(), type="skill")
    asked = pb.AddKnowledgebaseFileRequest(knowledgebase_id=kb, file=[entry])
    (file,) = (await api.AddKnowledgebaseFile(asked, metadata=METADATA)).files
    assert (file.type, file.status) == ("skill", "PROCESSING")
    (event,) = await door.events()
    assert isinstance(event, DocumentSubmitted)
    assert event.document_type == "skill"
    found = record(
        owner=Owner(type=OwnerType.KNOWLEDGE_BASE, id=kb),
        kind=Kind.SKILL,
        key="review",
        value="Check invoices.",
        detail={"skill": {"name": "review", "description": "Check invoices."}},
    )
    door.retrieval.answer = SearchAnswer(skills=(SearchItem(record=found, relativity=0.5),))
    search = pb.SearchMemoryRequest(
        query="x", user_id="u", knowledgebase_ids=[kb], include_skill=True, skill_limit_number=3
    )
    (item,) = (await api.SearchMemory(search, metadata=METADATA)).skill_detail_list
    assert item.skill_value["description"] == "Check invoices."
    assert (item.id, item.relativity) == (str(found.id), 0.5)
    assert door.retrieval.asked[-1].skill_limit == 3


async def test_health(channel: grpc.aio.Channel) -> None:
    health = health_pb2_grpc.HealthStub(channel)
    for name in ("", "memloom.v1.Memloom"):
        answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def _listed(channel: grpc.aio.Channel) -> list[str]:
    """The services that reflection names."""
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    reflection = reflection_pb2_grpc.ServerReflectionStub(channel)
    async for answer in reflection.ServerReflectionInfo(iter([asked])):
        return [service.name for service in answer.list_services_response.service]
    return []


async def test_reflection_is_off_where_it_was_not_asked_for(channel: grpc.aio.Channel) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await _listed(channel)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_reflection_lists_the_services(door: Door) -> None:
    server = PublicGrpcServer(
        door.gateway.grpc,
        services=door.gateway.grpc_services,
        address="127.0.0.1:0",
        reflecting=True,
    )
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        assert "memloom.v1.Memloom" in await _listed(channel)
    await server.stop(0)


@pytest.mark.parametrize("details", [False, True])
async def test_why_a_dependency_is_down_is_read_by_setting(*, details: bool) -> None:
    class Down(probe_pb2_grpc.ProbeServicer):
        async def Probe(self, request: Any, context: Any) -> Any:  # noqa: N802 - the proto's name
            raise DependencyUnavailable("no answer from 10.0.0.7:5432")

    server = PublicGrpcServer(
        [lambda s: probe_pb2_grpc.add_ProbeServicer_to_server(Down(), s)],
        services=(),
        address="127.0.0.1:0",
        details=details,
    )
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await probe_pb2_grpc.ProbeStub(channel).Probe(probe_pb2.ProbeRequest(), timeout=5)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert ("10.0.0.7" in str(caught.value.details())) is details
    await server.stop(0)


async def test_grpc_calls_are_in_the_audit_log(door: Door, channel: grpc.aio.Channel) -> None:
    api = memloom_pb2_grpc.MemloomStub(channel)
    request = pb.CreateKnowledgebaseRequest(knowledgebase_name="x")
    await api.CreateKnowledgebase(request, metadata=METADATA)
    made = await door.http.post("/api/v1/keys", json={"role": "read"}, headers=door.headers)
    weak = (("authorization", f"Token {made.json()['key']}"),)
    _, code = await refused(api.CreateKnowledgebase(request, metadata=weak))
    assert code == 40103
    listed = (await door.get("/api/v1/audit?operation=create/knowledgebase")).json()["entries"]
    assert [(entry["result"], entry["code"]) for entry in listed] == [("refused", 40103), ("ok", 0)]
    assert all("127.0.0.1" in entry["address"] for entry in listed)


async def test_a_reading_key_may_call_what_only_reads(
    door: Door, channel: grpc.aio.Channel
) -> None:
    terms = KeyTerms(role=Role.READ)
    _, key = await door.gateway.access.create_key(name="reader", terms=terms)
    metadata = (("authorization", f"Token {key}"),)
    api = memloom_pb2_grpc.MemloomStub(channel)
    service = pb.DESCRIPTOR.services_by_name["Memloom"]
    denied = set()
    for method in service.methods:
        message = getattr(pb, method.input_type.name)()
        try:
            await getattr(api, method.name)(message, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.PERMISSION_DENIED:
                denied.add(method.name)
    reading = {"GetKnowledgebaseFile", "GetStatus", "SearchMemory", "GetMemory"}
    assert denied == {method.name for method in service.methods} - reading
