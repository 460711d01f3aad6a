"""A chat model answers in JSON that satisfies the schema, or says whose fault it is."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from openai import AsyncOpenAI

from services.kernel.adapters.openai_chat import OpenAIChat
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput
from services.kernel.ports.models import ChatModel, Completion
from tests.support.model_server import ModelServer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["facts", "sure"],
    "properties": {
        "facts": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "sure": {"type": "boolean"},
    },
}
SAID = "我家有一只三个月大的金毛。它不吃鸡肉。"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as started:
        yield started


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[ChatModel]:
    client = AsyncOpenAI(base_url=server.url, api_key="k", max_retries=2, timeout=5)
    yield OpenAIChat(client, "made-up", concurrency=3, seconds=10)
    await client.close()


async def ask(model: ChatModel) -> Completion:
    return await model.complete_json(system="提取事实", user=SAID, schema=SCHEMA, name="facts")


async def test_an_answer_satisfies_the_schema_and_counts_its_tokens(
    model: ChatModel, server: ModelServer
) -> None:
    answer = await ask(model)

    assert answer.value == {"facts": ["我家有一只三个月大的金毛。"], "sure": True}
    assert (answer.calls, answer.cached) == (1, False)
    assert answer.prompt_tokens > 0
    assert answer.completion_tokens > 0
    assert model.identity == "made-up"
    sent = server.state.requests[0]["body"]
    assert sent["response_format"]["json_schema"]["schema"] == SCHEMA
    assert sent["response_format"]["json_schema"]["strict"] is True


async def test_plain_text(model: ChatModel) -> None:
    answer = await model.complete_text(messages=[{"role": "user", "content": "Hello there. Bye."}])
    assert answer.value == "You said: Hello there."


@pytest.mark.parametrize("mode", ["nonsense", "wrong_schema"])
async def test_one_wrong_answer_is_repaired(
    model: ChatModel, server: ModelServer, mode: Any
) -> None:
    server.be(mode, times=1)

    answer = await ask(model)

    assert answer.value == {"facts": ["我家有一只三个月大的金毛。"], "sure": True}
    assert answer.calls == 2
    repair = server.state.requests[1]["body"]["messages"]
    assert [message["role"] for message in repair] == ["system", "user", "assistant", "user"]
    assert "wrong" in repair[-1]["content"]


@pytest.mark.parametrize("mode", ["nonsense", "wrong_schema"])
async def test_nonsense_twice_is_given_up(model: ChatModel, server: ModelServer, mode: Any) -> None:
    server.be(mode)
    with pytest.raises(InvalidInput, match="nonsense twice"):
        await ask(model)
    assert server.state.counts["chat"] == 2


@pytest.mark.parametrize(
    "text",
    [
        'Here it is:\n```json\n{"facts": ["x"], "sure": true}\n```\nAnything else?',
        '<think>{"facts": 1} perhaps</think>{"facts": ["x"], "sure": true}',
        'Sure! {"facts": ["x"], "sure": true} Done.',
    ],
)
async def test_json_is_found_where_models_put_it(
    model: ChatModel, server: ModelServer, text: str
) -> None:
    server.state.words = text
    answer = await ask(model)
    assert answer.value == {"facts": ["x"], "sure": True}
    assert answer.calls == 1


async def test_a_server_without_schemas_is_asked_in_words(
    model: ChatModel, server: ModelServer
) -> None:
    server.be("no_schemas")
    first, second = await ask(model), await ask(model)
    assert first.value == second.value == {"facts": ["我家有一只三个月大的金毛。"], "sure": True}
    assert server.state.counts["chat"] == 3  # the refusal is remembered


@pytest.mark.parametrize("mode", ["failing", "limited"])
async def test_a_passing_failure_is_tried_again(
    model: ChatModel, server: ModelServer, mode: Any
) -> None:
    server.be(mode, times=1, seconds=1)
    start = time.monotonic()
    answer = await ask(model)
    assert answer.value == {"facts": ["我家有一只三个月大的金毛。"], "sure": True}
    assert server.state.counts["chat"] == 2
    if mode == "limited":
        assert time.monotonic() - start >= 1.0  # Retry-After is honoured


@pytest.mark.parametrize("mode", ["failing", "garbage", "unauthorized"])
async def test_a_lasting_failure_is_the_servers(
    model: ChatModel, server: ModelServer, mode: Any
) -> None:
    server.be(mode)
    with pytest.raises(DependencyUnavailable, match="made-up"):
        await ask(model)


async def test_a_rate_that_stays_is_the_servers(model: ChatModel, server: ModelServer) -> None:
    server.be("limited", seconds=0.1)
    with pytest.raises(DependencyUnavailable, match="429"):
        await ask(model)
    assert server.state.counts["chat"] == 3


async def test_who_is_too_slow_is_not_waited_for(server: ModelServer) -> None:
    server.be("slow", seconds=5)
    client = AsyncOpenAI(base_url=server.url, api_key="k", max_retries=2, timeout=30)
    model = OpenAIChat(client, "made-up", seconds=0.3)
    start = time.monotonic()
    with pytest.raises(DependencyUnavailable, match="too long"):
        await ask(model)
    assert time.monotonic() - start < 3
    await client.close()


async def test_a_server_that_is_not_there() -> None:
    client = AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0)
    with pytest.raises(DependencyUnavailable, match="does not answer"):
        await ask(OpenAIChat(client, "made-up"))
    await client.close()


async def test_an_input_that_is_too_long_is_the_inputs_fault(
    model: ChatModel, server: ModelServer
) -> None:
    server.be("too_long")
    with pytest.raises(InvalidInput) as error:
        await ask(model)
    assert error.value.code == Code.INPUT_TOO_LONG


async def test_no_more_calls_at_once_than_allowed(model: ChatModel, server: ModelServer) -> None:
    server.be("slow", seconds=0.05)
    answers = await asyncio.gather(*(ask(model) for _ in range(9)))
    assert len(answers) == 9
    assert server.state.most_at_once == 3
