"""The search over gRPC: what goes in and out is what the models say."""

from collections.abc import AsyncIterator

import grpc
import pytest

from services.kernel.adapters.grpc_wire import ErrorInterceptor
from services.kernel.adapters.retrieval_grpc import GrpcRetrieval
from services.kernel.contracts.errors import DependencyUnavailable, Unauthorized
from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.contracts.scope import Clause, Clauses, RemovedOwner, Scope
from services.retriever.servicer import adder
from tests.support.searching import BASE, PROJECT, World, identifier, passage, said

TOKEN = "service-token"


class Door:
    """A server on loopback over one world, and its address."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    world = World()
    server = grpc.aio.server(interceptors=[ErrorInterceptor(token=TOKEN)])
    adder(world.handler)(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield Door(world, f"127.0.0.1:{port}")
    await server.stop(None)


def request(query: str, **fields: object) -> SearchRequest:
    scope = Scope(
        project_id=PROJECT,
        subject=Owner(type=OwnerType.USER, id="u1"),
        knowledgebase_ids=("kb1",),
        include_public=False,
        hidden_documents=("kb1/gone.md",),
        hidden_records=(identifier("hidden"),),
        removed_owners=(RemovedOwner(owner=Owner(type=OwnerType.USER, id="u9"), removed_at=BASE),),
        knowledgebase_filter=Clauses(
            clauses=(Clause(field="created_at", operator="gte", values=(BASE - 1,)),)
        ),
    )
    base = {"scope": scope, "query": query, "now": BASE, "explain": True}
    return SearchRequest.model_validate({**base, **fields})


async def test_the_wire_changes_nothing(door: Door) -> None:
    await door.world.put(
        [
            passage("Lamb food for puppies.", document="a.md", headings=["Food"]),
            passage("Lamb of yesterday.", document="gone.md"),
            said("My puppy eats lamb", kind=Kind.FACT, info={"scene": 3, "deep": {"x": [1, "a"]}}),
            said("Answer briefly about lamb", kind=Kind.PREFERENCE),
        ]
    )
    asked = request("lamb for my puppy")
    async with grpc.aio.insecure_channel(door.address) as channel:
        there = await GrpcRetrieval(channel, token=TOKEN).search(asked)
    assert there == await door.world.handler.search(asked)
    assert {item.record.kind for item in there.memories} == {Kind.FACT, Kind.PASSAGE}
    assert all(item.scores for item in there.memories)
    assert [item.record.kind for item in there.preferences] == [Kind.PREFERENCE]


async def test_no_kinds_is_an_empty_answer(door: Door) -> None:
    await door.world.put([passage("Lamb food", document="a.md")])
    async with grpc.aio.insecure_channel(door.address) as channel:
        answer = await GrpcRetrieval(channel, token=TOKEN).search(request("lamb", kinds=()))
    assert answer == SearchAnswer()


async def test_a_call_without_the_token_is_refused(door: Door) -> None:
    async with grpc.aio.insecure_channel(door.address) as channel:
        with pytest.raises(Unauthorized):
            await GrpcRetrieval(channel).search(request("lamb"))


async def test_a_dead_server_is_a_dependency_that_is_down() -> None:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        with pytest.raises(DependencyUnavailable):
            await GrpcRetrieval(channel, timeout=1).search(request("lamb"))
