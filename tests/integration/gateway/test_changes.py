"""The stream of what changes in a project."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from services.gateway.domain.model import Change
from services.kernel.contracts.errors import TooManyRequests
from tests.support.gateway import Door, opened_door

EVENTS = "/api/v1/events"


def read(text: str) -> list[tuple[int, str, dict[str, Any]]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")
        )
        if "event" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


async def test_the_stream_tells_of_documents_and_tasks_of_the_project_alone(door: Door) -> None:
    _, key = await door.gateway.access.create_key(project="other", plan="pro")
    other = door.as_key(key)
    await other.upload(await other.create_kb(), ("foreign.md", b"# f"))
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    await door.progress(file["id"], outcome="completed", passages=2)
    message = {"user_id": "u", "messages": [{"role": "user", "content": "x"}]}
    task = await door.ok("/add/message", message)
    answer = await door.with_headers(last_event_id="1").get(EVENTS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = read(answer.text)
    assert [(kind, state["id"]) for _, kind, state in told if kind == "document"] == [
        ("document", file["id"])
    ]
    (done,) = [state for _, kind, state in told if kind == "document"]
    assert (done["status"], done["passages"]) == ("COMPLETED", 2)
    assert [state["task_id"] for _, kind, state in told if kind == "task"] == [task["task_id"]]


async def test_a_stream_resumes_after_its_last_event(door: Door) -> None:
    kb = await door.create_kb()
    (file,) = await door.upload(kb, ("a.md", b"# a"))
    first = read((await door.with_headers(last_event_id="1").get(EVENTS)).text)
    late = str(first[-1][0] + 3_600_000)
    assert read((await door.with_headers(last_event_id=late).get(EVENTS)).text) == []
    await door.progress(file["id"], outcome="failed", error_code=50174, error_message="x")
    resumed = read((await door.with_headers(last_event_id=str(first[-1][0])).get(EVENTS)).text)
    assert resumed[-1][2]["status"] == "FAILED"
    for wrong in ("x", "-1", "1" * 30):
        assert (await door.with_headers(last_event_id=wrong).get(EVENTS)).status_code == 400


async def test_streams_are_bounded_and_leave_no_trace(tmp_path: Path) -> None:
    async with opened_door(
        tmp_path, event_streams=2, event_poll_seconds=0.02, event_stream_seconds=600
    ) as door:
        call = await door.gateway.access.authenticate(f"Token {door.key}")
        changes = door.gateway.cases.changes
        streams = [changes.stream(call, "") for _ in range(2)]
        assert [await anext(stream) for stream in streams] == [None, None]
        with pytest.raises(TooManyRequests):
            changes.stream(call, "")
        refused = await door.get(EVENTS)
        assert (refused.status_code, "retry-after" in refused.headers) == (429, True)

        async def first_change() -> Change | None:
            return await anext(streams[0])

        waiting = asyncio.create_task(first_change())
        kb = await door.create_kb()
        await door.upload(kb, ("a.md", b"# a"))
        change = await asyncio.wait_for(waiting, 30)
        assert change is not None
        assert change.kind == "document"
        await streams[0].aclose()  # type: ignore[attr-defined] # a generator behind the port
        assert await anext(changes.stream(call, "")) is None
