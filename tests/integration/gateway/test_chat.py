"""Chat: one answer, or server-sent events that the public client reads."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.kernel.contracts.errors import Code, DependencyUnavailable, MemloomError
from tests.support.chat import PlayedModel
from tests.support.gateway import API, Door, opened_door

ASKED = {"user_id": "u1", "conversation_id": "c1", "query": "What may I spend?"}


@pytest.fixture
def model() -> PlayedModel:
    return PlayedModel()


@pytest.fixture
async def door(tmp_path: Path, model: PlayedModel) -> AsyncIterator[Door]:
    async with opened_door(tmp_path, chat_model=model) as opened:
        yield opened


async def streamed(door: Door, **more: Any) -> list[dict[str, Any]]:
    """The data of each event, read as the public client reads them."""
    answer = await door.raw("/chat", {**ASKED, "stream": True, **more})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-request-id"]
    blocks = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    assert all(block[0] == "event: message" and len(block) == 2 for block in blocks)
    return [json.loads(block[1].removeprefix("data:")) for block in blocks]


async def test_an_answer_is_streamed_and_ends(door: Door) -> None:
    assert await streamed(door) == [
        {"type": "text", "data": "600 yuan"},
        {"type": "end", "data": ""},
    ]
    assert await door.ok("/chat", ASKED) == {"response": "600 yuan"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"query": ""}, Code.FIELD_MISSING),
        ({"query": "word " * 40_000}, Code.INPUT_TOO_LONG),
        ({"knowledgebase_ids": ["nowhere"]}, Code.KNOWLEDGE_BASE_NOT_FOUND),
        ({"filter": {"odd": []}}, Code.WRONG_PARAMETERS),
    ],
)
async def test_refusals_are_events_of_a_stream(
    door: Door, more: dict[str, Any], code: Code
) -> None:
    error, end = await streamed(door, **more)
    plain = await door.post("/chat", {**ASKED, **more})
    assert plain["code"] == code
    assert error == {"type": "error", "data": plain["message"], "code": int(code)}
    assert end == {"type": "end", "data": ""}


async def test_a_failure_of_the_model_is_an_event(door: Door, model: PlayedModel) -> None:
    model.error = DependencyUnavailable("the model is down")
    error, _ = await streamed(door)
    assert (error["type"], error["data"]) == ("error", "the model is down")
    assert (await door.raw("/chat", ASKED)).status_code == 503
    model.error = MemloomError("nothing to say", code=Code.OPERATION_FAILED)
    assert (await streamed(door))[0]["code"] == Code.OPERATION_FAILED


async def test_keys_are_checked_before_a_stream_begins(door: Door) -> None:
    answer = await door.as_key("mpg-wrong").raw("/chat", {**ASKED, "stream": True})
    assert answer.status_code == 401
    assert answer.json()["code"] == Code.KEY_INVALID
    answer = await door.http.post(f"{API}/chat", json={**ASKED, "stream": True})
    assert (answer.status_code, answer.json()["code"]) == (401, Code.KEY_REQUIRED)


async def test_without_a_model_a_stream_says_so(tmp_path: Path) -> None:
    async with opened_door(tmp_path / "bare") as bare:
        error, end = await streamed(bare)
    assert error["type"] == "error"
    assert "no chat model is configured" in error["data"]
    assert end["type"] == "end"
