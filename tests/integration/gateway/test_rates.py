"""What one caller may take of the whole: rates of keys, failures of addresses, full queues."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc

from services.gateway.domain.buckets import Allowance
from services.gateway.domain.limits import SearchLimits
from services.gateway.handlers.rates import KeyFailures
from services.gateway.handlers.shedding import SearchTurns
from services.gateway.store.rates import SqlRateStore
from services.kernel.adapters.public_grpc import PublicGrpcServer
from services.kernel.adapters.system_clock import SystemClock
from services.kernel.contracts.errors import DependencyUnavailable, TooManyRequests
from services.kernel.ports.store import Transaction
from services.kernel.runtime.grpc_server import CODE_TRAILER, RETRY_TRAILER
from tests.support.clock import ManualClock
from tests.support.gateway import API, Door, opened_door

SEARCH = {"query": "x", "user_id": "u"}
RATE_EXCEEDED = 40309


def message(text: str, **extra: Any) -> dict[str, Any]:
    return {"user_id": "u", "messages": [{"role": "user", "content": text}], **extra}


async def admitted(door: Door, calls: int) -> int:
    """How many of so many searches were let in; the others were told when to come back."""
    passed = 0
    for _ in range(calls):
        answer = await door.raw("/search/memory", SEARCH)
        if answer.status_code == 429:
            assert answer.json()["code"] == RATE_EXCEEDED
            assert int(answer.headers["retry-after"]) >= 1
        else:
            assert answer.json()["code"] == 0
            passed += 1
    return passed


async def test_several_gateways_share_the_rate_of_a_key(tmp_path: Path) -> None:
    clock = ManualClock()
    async with AsyncExitStack() as stack:
        doors = [
            await stack.enter_async_context(
                opened_door(tmp_path, clock=clock, requests_per_second=10, request_burst=40)
            )
            for _ in range(3)
        ]
        first = sum(await asyncio.gather(*(admitted(door, 60) for door in doors)))
        # Each gateway lets 2 (a twentieth of the burst) pass by itself.
        assert 40 <= first <= 40 + 3 * 2
        await clock.advance(2)
        again = sum(await asyncio.gather(*(admitted(door, 60) for door in doors)))
        assert 20 <= again <= 20 + 3 * 2


async def test_another_key_has_a_rate_of_its_own(tmp_path: Path) -> None:
    async with opened_door(
        tmp_path, clock=ManualClock(), requests_per_second=1, request_burst=5
    ) as door:
        assert await admitted(door, 20) < 20
        _, key = await door.gateway.access.create_key(project="other", plan="pro")
        assert await admitted(door.as_key(key), 5) == 5


async def test_requests_are_counted_without_a_write_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = []
    take = SqlRateStore.take

    async def counted(self: SqlRateStore, *arguments: Any, **options: Any) -> tuple[float, float]:
        draws.append(arguments[1])
        return await take(self, *arguments, **options)

    monkeypatch.setattr(SqlRateStore, "take", counted)
    clock = ManualClock()
    async with opened_door(
        tmp_path, clock=clock, requests_per_second=100, request_burst=500
    ) as door:
        for _ in range(30):
            await clock.advance(1)
            assert await admitted(door, 2) == 2
        assert draws == [], "a quiet key costs no write"
        assert await admitted(door, 300) == 300
        assert len(draws) <= 7, draws
        refused = len(draws)
        assert await admitted(door, 700) < 700
        assert len(draws) - refused < 30, "a refusal costs no write either"


async def test_rates_hold_nobody_up_while_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: Any, **__: Any) -> tuple[float, float]:
        raise DependencyUnavailable("the disk is full")

    monkeypatch.setattr(SqlRateStore, "take", down)
    async with opened_door(
        tmp_path, clock=ManualClock(), requests_per_second=10, request_burst=40
    ) as door:
        assert 40 <= await admitted(door, 80) <= 42


async def test_idle_buckets_are_dropped(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, requests_per_second=10, request_burst=10) as door:
        await admitted(door, 5)
        await clock.advance(7200)
        async with door.database.write() as tx:
            await SqlRateStore().prune(tx, clock.now_ms() - 3_600_000)
        async with door.database.read() as tx:
            assert await _rows(tx) == 0


async def _rows(tx: Transaction) -> int:
    from sqlalchemy import select  # noqa: PLC0415 - of this check alone

    from services.gateway.store.tables import RATES  # noqa: PLC0415 - of this check alone

    return len(await tx.all(select(RATES)))


async def test_input_tokens_a_minute_are_bounded(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, input_tokens_per_minute=1000) as door:
        text = "x" * 1600  # 400 tokens
        statuses = [
            (await door.raw("/add/message", message(text + str(n)))).status_code for n in range(4)
        ]
        assert statuses == [200, 200, 429, 429]
        assert (await door.raw("/search/memory", SEARCH)).status_code == 200
        long_query = await door.raw("/search/memory", {**SEARCH, "query": text})
        assert long_query.json()["code"] == RATE_EXCEEDED
        feedback = {"user_id": "u", "feedback_content": text}
        assert (await door.raw("/add/feedback", feedback)).json()["code"] == RATE_EXCEEDED
        await clock.advance(60)
        assert (await door.raw("/add/message", message(text))).status_code == 200


async def test_a_message_to_several_users_counts_for_each(tmp_path: Path) -> None:
    async with opened_door(tmp_path, clock=ManualClock(), input_tokens_per_minute=1000) as door:
        group = message("x" * 1600) | {"user_id": ["a", "b"]}
        assert (await door.raw("/add/message", group)).status_code == 200
        assert (await door.raw("/add/message", message("y" * 1600))).status_code == 429


async def test_what_is_larger_than_a_minute_passes_when_nothing_else_came(tmp_path: Path) -> None:
    async with opened_door(tmp_path, clock=ManualClock(), input_tokens_per_minute=1000) as door:
        assert (await door.raw("/add/message", message("x" * 40_000))).status_code == 200
        assert (await door.raw("/add/message", message("y" * 4_000))).status_code == 429


async def test_who_has_no_key_is_told_to_come_back_and_good_keys_are_served(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with opened_door(tmp_path, clock=clock, key_failures_per_minute=30) as door:
        await door.ok("/search/memory", SEARCH)
        for headers in ({}, {"authorization": "Token wrong"}):
            statuses = [
                (await door.http.post(API + "/search/memory", headers=headers)).status_code
                for _ in range(20)
            ]
            assert statuses[-1] == 429
        assert statuses == [429] * 20
        refused = await door.http.get("/api/v1/plan", headers={"authorization": "Token other"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        await door.ok("/search/memory", SEARCH)
        await clock.advance(10)
        answer = await door.http.post(API + "/search/memory")
        assert answer.status_code == 401


def test_failures_are_kept_within_bounds() -> None:
    failures = KeyFailures(clock=ManualClock(), allowance=Allowance(1, 5))
    for number in range(50_000):
        failures.count(f"192.0.2.{number}")
    assert len(failures._buckets) <= 10_000


QUEUES = {
    "messages": ("memorizer.messages",),
    "documents": ("ingest.documents", "parser.documents", "memorizer.passages"),
    "feedback": ("feedback.feedback", "memorizer.corrections"),
}


@pytest.mark.parametrize("queue", QUEUES)
async def test_what_goes_into_a_full_queue_is_told_to_come_back(tmp_path: Path, queue: str) -> None:
    depth: dict[str, int] = {}
    async with opened_door(tmp_path, lag=lambda: depth, deepest_queue=100) as door:
        kb = await door.create_kb()
        calls = {
            "messages": ("/add/message", message("hello")),
            "documents": (
                "/add/knowledgebase-file",
                {"knowledgebase_id": kb, "file": [{"name": "a.md", "content": "IyBh"}]},
            ),
            "feedback": ("/add/feedback", {"user_id": "u", "feedback_content": "600, not 800"}),
        }
        for group in QUEUES[queue]:
            depth.clear()
            depth[group] = 101
            for name, (path, body) in calls.items():
                answer = await door.raw(path, body)
                assert answer.status_code == (429 if name == queue else 200), (group, name)
                if name == queue:
                    assert answer.headers["retry-after"]
            await door.ok("/search/memory", SEARCH)
        depth.clear()
        for path, body in calls.values():
            await door.ok(path, body)


class _Held:
    """A retrieval that answers when it is let."""

    def __init__(self, door: Door) -> None:
        self.answer = door.retrieval.answer
        self.running = 0
        self.most = 0
        self.let = asyncio.Event()
        self.full = asyncio.Event()

    async def search(self, _: Any) -> Any:
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == 2:
            self.full.set()
        await self.let.wait()
        self.running -= 1
        return self.answer


async def test_surplus_searches_are_told_to_come_back(tmp_path: Path) -> None:
    async with opened_door(tmp_path, searches_at_once=2, search_wait_seconds=0.2) as door:
        held = _Held(door)
        door.gateway.cases.search._retrieval = held
        tasks = [asyncio.create_task(door.raw("/search/memory", SEARCH)) for _ in range(20)]
        done, _ = await asyncio.wait(tasks, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        while len(done) < 18:
            more, _ = await asyncio.wait(
                set(tasks) - done, timeout=10, return_when=asyncio.FIRST_COMPLETED
            )
            assert more, "searches hang"
            done |= more
        assert {task.result().status_code for task in done} == {429}
        held.let.set()
        statuses = [answer.status_code for answer in await asyncio.gather(*tasks)]
        assert statuses.count(200) == 2
        assert held.most == 2
        await door.ok("/search/memory", SEARCH)


async def test_while_searches_queue_surplus_is_refused_before_anything_is_done(
    tmp_path: Path,
) -> None:
    async with opened_door(tmp_path, searches_at_once=1, search_wait_seconds=0.1) as door:
        turns = door.gateway.cases.search.turns

        async def search() -> None:
            async with turns.turn():
                pass

        async with turns.turn():
            with pytest.raises(TooManyRequests):
                await search()
            turns._alone = 100.0  # searches take long here, and so may one wait
            waiting = asyncio.create_task(search())
            await asyncio.sleep(0)
            # No key is asked for, and no body read.
            surplus = await door.http.post(API + "/search/memory", content=b"{")
            assert (surplus.status_code, surplus.json()["code"]) == (429, RATE_EXCEEDED)
            assert surplus.headers["retry-after"] == "1"
            await door.ok("/get/memory", {"user_id": "u"})
        await asyncio.wait_for(waiting, 10)
        await door.ok("/search/memory", SEARCH)


async def test_callers_that_go_away_free_their_places(tmp_path: Path) -> None:
    async with opened_door(tmp_path, searches_at_once=2, search_wait_seconds=5) as door:
        held = _Held(door)
        door.gateway.cases.search._retrieval = held
        tasks = [asyncio.create_task(door.raw("/search/memory", SEARCH)) for _ in range(10)]
        await asyncio.wait_for(held.full.wait(), 10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        held.let.set()
        answers = await asyncio.gather(*(door.raw("/search/memory", SEARCH) for _ in range(5)))
        assert [answer.status_code for answer in answers] == [200] * 5


async def test_a_place_given_up_in_the_moment_that_it_comes_is_nobodys_mistake() -> None:
    turns = SearchTurns(limits=SearchLimits(at_once=1, wait=10), clock=SystemClock())

    async def search() -> None:
        async with turns.turn():
            pass

    async with turns.turn():
        waiting = [asyncio.create_task(search()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    # Left while the first one's cancellation is still on its way to it.
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ended] == [asyncio.CancelledError, type(None), type(None)]
    await asyncio.wait_for(search(), 10)


async def test_grpc_refuses_alike(tmp_path: Path) -> None:
    async with opened_door(
        tmp_path,
        clock=ManualClock(),
        requests_per_second=1,
        request_burst=2,
        key_failures_per_minute=6,
    ) as door:
        server = PublicGrpcServer(
            door.gateway.grpc, services=door.gateway.grpc_services, address="127.0.0.1:0"
        )
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
                search = memloom_pb2_grpc.MemloomStub(channel).SearchMemory
                request = pb.SearchMemoryRequest(query="x", user_id="u")
                for key in (door.key, "wrong"):
                    metadata = (("authorization", f"Token {key}"),)
                    with pytest.raises(grpc.aio.AioRpcError) as caught:
                        await _until_refused(search, request, metadata)
                    trailers: dict[str, Any] = dict(caught.value.trailing_metadata() or ())  # type: ignore[arg-type] # the stubs' type is no pair
                    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
                    assert int(trailers[CODE_TRAILER]) == RATE_EXCEEDED
                    assert int(trailers[RETRY_TRAILER]) >= 1
        finally:
            await server.stop(0)


async def _until_refused(call: Any, request: Any, metadata: Any) -> None:
    """Call until something else is said than that the key is wrong."""
    for _ in range(10):
        try:
            await call(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise


async def test_the_door_of_a_refused_address_is_quick(tmp_path: Path) -> None:
    """A refusal asks no database."""
    async with opened_door(tmp_path, clock=ManualClock(), key_failures_per_minute=3) as door:
        headers = {"authorization": "Token wrong"}
        await door.http.post(API + "/search/memory", headers=headers)
        await door.http.post(API + "/search/memory", headers=headers)
        await door.database.close()
        answer = await door.http.post(API + "/search/memory", headers=headers)
        assert answer.status_code == 429
        with pytest.raises(TooManyRequests):
            await door.gateway.cases.auth.call("Token wrong", "127.0.0.1")
