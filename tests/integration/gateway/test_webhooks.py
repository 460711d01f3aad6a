"""Webhooks: signed, told once, tried again, disabled with a reason, and never a way inside."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.gateway.domain.webhooks import EVENT_TYPES, wait_ms
from services.gateway.handlers.webhooks import WebhookDispatcher
from services.kernel.contracts.events import TaskProgressed
from tests.support.clock import ManualClock
from tests.support.gateway import Door, opened_door
from tests.support.receiver import Received, Receiver, receiving

LOOPBACK = ["127.0.0.0/8"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def door(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Door]:
    async with opened_door(
        tmp_path, clock=clock, webhook_private_cidrs=LOOPBACK, webhook_failures=4
    ) as opened:
        yield opened


async def send(door: Door, method: str, path: str, body: Any = None) -> httpx.Response:
    return await door.http.request(method, "/api/v1" + path, json=body, headers=door.headers)


async def register(door: Door, url: str, *events: str) -> dict[str, Any]:
    answer = await send(
        door, "POST", "/webhooks", {"url": url, "events": list(events or EVENT_TYPES)}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def deliveries(door: Door, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await door.get(f"/api/v1/webhooks/{webhook['id']}/deliveries")
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def check_signed(received: Received, secret: str) -> None:
    parts = dict(part.split("=", 1) for part in received.headers["memloom-signature"].split(","))
    signed = parts["t"].encode() + b"." + received.body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert parts["v1"] == expected


async def test_a_document_that_ends_is_told_signed_and_once(door: Door, receiver: Receiver) -> None:
    hook = await register(door, receiver.url)
    kb = await door.create_kb()
    good, bad = await door.upload(kb, ("a.md", b"# a secret text"), ("b.md", b"# b"))
    for _ in range(2):
        await door.progress(good["id"], outcome="completed", passages=3)
        await door.progress(bad["id"], outcome="failed", error_code=50173, error_message="no text")
    assert await door.gateway.dispatcher.once() == 2
    assert await door.gateway.dispatcher.once() == 0
    told = {json.loads(one.body)["type"]: one for one in receiver.received}
    assert set(told) == {"document.completed", "document.failed"}
    for one in receiver.received:
        check_signed(one, hook["secret"])
        body = json.loads(one.body)
        assert one.headers["memloom-delivery"] == body["id"]
        assert one.headers["memloom-event"] == body["type"]
        assert body["project_id"] == "default"
    completed = json.loads(told["document.completed"].body)["data"]
    assert (completed["document_id"], completed["passages"]) == (good["id"], 3)
    assert json.loads(told["document.failed"].body)["data"]["error_code"] == 50173
    assert b"secret text" not in b"".join(one.body for one in receiver.received)
    assert {one["status"] for one in await deliveries(door, hook)} == {"delivered"}
    listed = (await door.get("/api/v1/webhooks")).json()["webhooks"]
    assert "secret" not in listed[0]


async def test_only_the_events_that_were_asked_for(door: Door, receiver: Receiver) -> None:
    await register(door, receiver.url, "document.failed")
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.progress(file["id"], outcome="completed")
    assert await door.gateway.dispatcher.once() == 0
    wrong = await send(door, "POST", "/webhooks", {"url": receiver.url, "events": ["memory.x"]})
    assert (wrong.status_code, "document.completed" in wrong.json()["detail"]) == (400, True)


async def test_a_task_is_told_when_all_its_parts_have_ended(door: Door, receiver: Receiver) -> None:
    await register(door, receiver.url, "task.completed", "task.failed")
    message = {"role": "user", "content": "hi"}
    group = await door.ok("/add/message", {"user_id": ["a", "b"], "messages": [message]})
    task = group["task_id"]

    async def ends(part: str, status: Any, code: int = 0) -> None:
        await door.deliver(
            TaskProgressed(project_id="default", task_id=part, status=status, error_code=code)
        )

    await ends(f"{task}.0", "completed")
    assert await door.gateway.dispatcher.once() == 0
    await ends(f"{task}.1", "failed", 50143)
    await ends(f"{task}.1", "failed", 50143)
    assert await door.gateway.dispatcher.once() == 1
    (told,) = receiver.received
    body = json.loads(told.body)
    assert (body["type"], body["data"]["task_id"]) == ("task.failed", task)
    assert body["data"]["error_code"] == 50143


async def test_a_task_with_files_ends_with_its_last_file(door: Door, receiver: Receiver) -> None:
    await register(door, receiver.url, "task.completed")
    part = {"type": "file", "file": {"file_data": "IyBh", "filename": "a.md"}}
    body = {"user_id": "u", "messages": [{"role": "user", "content": [part]}]}
    added = await door.ok("/add/message", body)
    await door.deliver(
        TaskProgressed(project_id="default", task_id=added["task_id"], status="completed")
    )
    assert await door.gateway.dispatcher.once() == 0
    await door.progress(added["file_ids"][0], outcome="completed")
    assert await door.gateway.dispatcher.once() == 1
    assert json.loads(receiver.received[0].body)["data"]["task_id"] == added["task_id"]


async def test_a_failed_attempt_is_tried_again_with_back_off(
    door: Door, receiver: Receiver, clock: ManualClock
) -> None:
    hook = await register(door, receiver.url)
    await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    receiver.status = 503
    assert await door.gateway.dispatcher.once() == 1
    (waiting,) = await deliveries(door, hook)
    assert (waiting["status"], waiting["answer_status"]) == ("pending", 503)
    assert waiting["next_attempt_at"] == clock.now_ms() + wait_ms(1)
    assert await door.gateway.dispatcher.once() == 0
    await clock.advance(wait_ms(1) / 1000)
    receiver.status = 200
    assert await door.gateway.dispatcher.once() == 1
    (done,) = await deliveries(door, hook)
    assert (done["status"], done["attempts"]) == ("delivered", 2)
    first, second = receiver.received
    assert first.body == second.body
    assert first.headers["memloom-delivery"] == second.headers["memloom-delivery"]
    again = await send(door, "POST", f"/webhooks/{hook['id']}/deliveries/{done['id']}/redeliver")
    assert again.json()["status"] == "pending"
    assert await door.gateway.dispatcher.once() == 1
    assert receiver.received[2].body == first.body


def test_the_waits_grow_to_six_hours() -> None:
    waits = [wait_ms(attempt) for attempt in range(1, 30)]
    assert waits[:4] == [10_000, 30_000, 90_000, 270_000]
    assert waits == sorted(waits)
    assert waits[-1] == 6 * 3_600_000


async def test_many_failures_disable_it_with_a_reason(
    door: Door, receiver: Receiver, clock: ManualClock
) -> None:
    hook = await register(door, receiver.url)
    receiver.status = 500
    await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    for attempt in range(1, 5):
        assert await door.gateway.dispatcher.once() == 1
        await clock.advance(wait_ms(attempt) / 1000)
    assert await door.gateway.dispatcher.once() == 0
    (shown,) = (await door.get("/api/v1/webhooks")).json()["webhooks"]
    assert shown["active"] is False
    assert "4 failed attempts" in shown["disabled_reason"]
    assert "500" in shown["disabled_reason"]
    refused = await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    assert (refused.status_code, "active: true" in refused.json()["detail"]) == (409, True)
    # Switched on again, what waits is sent.
    receiver.status = 200
    on = await send(door, "PATCH", f"/webhooks/{hook['id']}", {"active": True})
    assert (on.json()["active"], on.json()["failures"]) == (True, 0)
    assert await door.gateway.dispatcher.once() == 1


async def test_a_delivery_fails_after_its_last_attempt(tmp_path: Path, receiver: Receiver) -> None:
    clock = ManualClock()
    async with opened_door(
        tmp_path, clock=clock, webhook_private_cidrs=LOOPBACK, webhook_attempts=2
    ) as door:
        hook = await register(door, receiver.url)
        receiver.status = 404
        await send(door, "POST", f"/webhooks/{hook['id']}/ping")
        await door.gateway.dispatcher.once()
        await clock.advance(3600)
        await door.gateway.dispatcher.once()
        (failed,) = await deliveries(door, hook)
        assert (failed["status"], failed["attempts"]) == ("failed", 2)
        assert "404" in failed["error"]
        await clock.advance(31 * 86_400)
        await door.gateway.dispatcher.prune()
        assert await deliveries(door, hook) == []


async def test_private_addresses_are_never_asked(tmp_path: Path, receiver: Receiver) -> None:
    async with opened_door(tmp_path) as door:
        for url in ("ftp://example.org/x", "http://user:pw@example.org/", "http://2130706433/"):
            refused = await send(door, "POST", "/webhooks", {"url": url, "events": ["task.failed"]})
            assert refused.status_code == 400, url
        hook = await register(door, receiver.url)
        await send(door, "POST", f"/webhooks/{hook['id']}/ping")
        assert await door.gateway.dispatcher.once() == 1
        assert receiver.received == []
        (tried,) = await deliveries(door, hook)
        assert "private address" in tried["error"]
        assert "MEMLOOM_GATEWAY__WEBHOOK_PRIVATE_CIDRS" in tried["error"]


async def test_a_redirect_is_not_followed(door: Door, receiver: Receiver) -> None:
    hook = await register(door, receiver.url)
    receiver.status, receiver.location = 307, receiver.url + "/elsewhere"
    await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    await door.gateway.dispatcher.once()
    assert [one.path for one in receiver.received] == ["/hook"]
    (tried,) = await deliveries(door, hook)
    assert (tried["status"], tried["answer_status"]) == ("pending", 307)


async def test_several_gateways_share_the_deliveries(door: Door, receiver: Receiver) -> None:
    hook = await register(door, receiver.url)
    for _ in range(20):
        await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    ours = door.gateway.dispatcher
    others = [
        WebhookDispatcher(
            database=ours._database,
            store=ours._store,
            sender=ours._sender,
            clock=ours._clock,
            policy=ours._policy,
        )
        for _ in range(2)
    ]
    counts = await asyncio.gather(*(each.once() for each in (ours, *others)))
    assert sum(counts) == 20
    ids = [one.headers["memloom-delivery"] for one in receiver.received]
    assert len(ids) == len(set(ids)) == 20


async def test_what_a_dead_gateway_had_leased_is_sent_later(
    door: Door, receiver: Receiver, clock: ManualClock
) -> None:
    hook = await register(door, receiver.url)
    await send(door, "POST", f"/webhooks/{hook['id']}/ping")
    dispatcher = door.gateway.dispatcher
    async with door.database.write() as tx:
        now = clock.now_ms()
        claimed = await dispatcher._store.claim(tx, now, until=now + 60_000, limit=10)
    assert len(claimed) == 1
    assert await dispatcher.once() == 0
    await clock.advance(60)
    assert await dispatcher.once() == 1
    assert len(receiver.received) == 1


async def test_webhooks_of_others_are_as_unknown_ones(door: Door, receiver: Receiver) -> None:
    hook = await register(door, receiver.url)
    _, key = await door.gateway.access.create_key(project="shop")
    shop = door.as_key(key)
    for method, path, body in (
        ("PATCH", "", {"active": False}),
        ("DELETE", "", None),
        ("POST", "/ping", None),
        ("GET", "/deliveries", None),
        ("POST", "/deliveries/x/redeliver", None),
    ):
        foreign = await send(shop, method, f"/webhooks/{hook['id']}{path}", body)
        unknown = await send(shop, method, f"/webhooks/{'0' * 32}{path}", body)
        assert foreign.status_code == unknown.status_code == 404, (method, path)
        neutral = foreign.json()["detail"].replace(hook["id"], "0" * 32)
        assert neutral == unknown.json()["detail"]
    assert (await shop.get("/api/v1/webhooks")).json() == {"webhooks": []}
    operations = {line["operation"] for line in (await door.get("/api/v1/audit")).json()["entries"]}
    assert "webhook.create" in operations
    assert (await send(door, "DELETE", f"/webhooks/{hook['id']}")).json() == {"success": True}
    assert (await door.get("/api/v1/webhooks")).json() == {"webhooks": []}
