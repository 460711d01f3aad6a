"""Any OpenAI-compatible `/chat/completions`, answering in JSON that satisfies a schema."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import openai
import orjson
from jsonschema import Draft202012Validator
from openai import AsyncOpenAI
from pydantic import JsonValue

from services.kernel.adapters.openai_errors import openai_errors, says_too_long
from services.kernel.contracts.errors import InvalidInput
from services.kernel.ports.models import Completion

_TRIES: Final = 2
_FENCE: Final = re.compile(r"```(?:json)?\s*+(.*?)```", re.DOTALL)
_THOUGHT: Final = re.compile(r"<think>.*?</think>", re.DOTALL)
_NAME: Final = re.compile(r"[^A-Za-z0-9_-]+")
_SHOWN: Final = 300
_MOST_REPEATED: Final = 4_000


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    prompt_tokens: int
    completion_tokens: int


class _Nonsense(Exception):
    """The answer is no JSON, or does not satisfy the schema; the message says where."""


class OpenAIChat:
    """`ChatModel` over one endpoint and model.

    The client, with URL, key, retries (429, 5xx, broken connections; `Retry-After` honoured) and
    time-out of a try, stays the caller's to close. seconds: for one answer, repair included.
    A server that knows no JSON schemas is asked for plain JSON with the schema in the prompt.
    """

    def __init__(
        self,
        client: AsyncOpenAI,
        model: str,
        *,
        concurrency: int = 4,
        seconds: float = 120.0,
        temperature: float | None = 0.0,
        max_tokens: int | None = None,
    ) -> None:
        self._client = client
        self._model = model
        self._slots = asyncio.Semaphore(concurrency)
        self._seconds = seconds
        self._options: dict[str, Any] = {}
        if temperature is not None:
            self._options["temperature"] = temperature
        if max_tokens is not None:
            self._options["max_tokens"] = max_tokens
        self._knows_schemas = True

    @property
    def identity(self) -> str:
        return self._model

    async def complete_json(
        self, *, system: str, user: str, schema: Mapping[str, JsonValue], name: str
    ) -> Completion:
        validator = Draft202012Validator(dict(schema))
        shown = orjson.dumps(dict(schema)).decode()
        messages: list[dict[str, str]] = [
            {"role": "system", "content": f"{system}\n\nAnswer in JSON of this schema:\n{shown}"},
            {"role": "user", "content": user},
        ]
        prompt_tokens = completion_tokens = 0
        wrong = ""
        async with self._slots:
            with openai_errors(self._named):
                async with asyncio.timeout(self._seconds):
                    for call in range(1, _TRIES + 1):
                        answer = await self._ask_json(messages, dict(schema), name)
                        prompt_tokens += answer.prompt_tokens
                        completion_tokens += answer.completion_tokens
                        try:
                            value = _checked(answer.text, validator)
                        except _Nonsense as error:
                            wrong = str(error)
                            messages = [*messages[:2], *_repair(answer.text, wrong)]
                        else:
                            return Completion(value, prompt_tokens, completion_tokens, call)
        raise InvalidInput(f"{self._named} answered nonsense twice ({wrong}).")

    async def complete_text(self, *, messages: Sequence[Mapping[str, str]]) -> Completion:
        async with self._slots:
            with openai_errors(self._named):
                async with asyncio.timeout(self._seconds):
                    answer = await self._ask([dict(message) for message in messages], {})
        if not answer.text.strip():
            raise InvalidInput(f"{self._named} answered nothing.")
        return Completion(answer.text, answer.prompt_tokens, answer.completion_tokens)

    @property
    def _named(self) -> str:
        return f"The chat model {self._model!r}"

    async def _ask_json(
        self, messages: list[dict[str, str]], schema: dict[str, JsonValue], name: str
    ) -> _Answer:
        if self._knows_schemas:
            try:
                return await self._ask(messages, _by_schema(schema, name))
            except openai.BadRequestError as error:
                if says_too_long(error) or not _refuses_format(error):
                    raise
                self._knows_schemas = False
        return await self._ask(messages, {"response_format": {"type": "json_object"}})

    async def _ask(self, messages: list[dict[str, str]], extra: dict[str, Any]) -> _Answer:
        # The SDK types each role apart; ours are plain role and content.
        create: Any = self._client.chat.completions.create
        answer = await create(model=self._model, messages=messages, **self._options, **extra)
        text = answer.choices[0].message.content if answer.choices else ""
        usage = answer.usage
        return _Answer(
            text or "",
            usage.prompt_tokens or 0 if usage else 0,
            usage.completion_tokens or 0 if usage else 0,
        )


def _by_schema(schema: dict[str, JsonValue], name: str) -> dict[str, Any]:
    asked: dict[str, Any] = {"name": _NAME.sub("_", name)[:64] or "answer", "schema": schema}
    if _is_strict(schema):
        asked["strict"] = True
    return {"response_format": {"type": "json_schema", "json_schema": asked}}


def _is_strict(schema: JsonValue) -> bool:
    """Whether the schema keeps to what strict mode allows: every object closed, all required
    (https://platform.openai.com/docs/guides/structured-outputs).
    """
    if isinstance(schema, list):
        return all(_is_strict(entry) for entry in schema)
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if isinstance(properties, dict):
        required = schema.get("required")
        listed = set(required) if isinstance(required, list) else set()
        if schema.get("additionalProperties") is not False or listed != set(properties):
            return False
    return all(_is_strict(entry) for entry in schema.values())


def _refuses_format(error: openai.BadRequestError) -> bool:
    said = f"{error.param} {error.code} {error.message}".casefold()
    return any(word in said for word in ("response_format", "json_schema", "schema"))


def _repair(answer: str, wrong: str) -> list[dict[str, str]]:
    return [
        {"role": "assistant", "content": answer[:_MOST_REPEATED] or "(nothing)"},
        {
            "role": "user",
            "content": f"That is wrong: {wrong}. Answer again, with the corrected JSON alone.",
        },
    ]


def _checked(text: str, validator: Draft202012Validator) -> JsonValue:
    value = _parsed(_THOUGHT.sub("", text).strip())
    error = next(
        iter(sorted(validator.iter_errors(value), key=lambda found: found.json_path)), None
    )
    if error is not None:
        raise _Nonsense(f"{error.json_path}: {error.message[:_SHOWN]}")
    return value


def _parsed(text: str) -> JsonValue:
    """The JSON of an answer, also inside a code fence or between words."""
    candidates = [text, *_FENCE.findall(text)]
    first = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
    if first >= 0:
        candidates.append(text[first : max(text.rfind("}"), text.rfind("]")) + 1])
    for candidate in candidates:
        try:
            value: JsonValue = orjson.loads(candidate)
        except orjson.JSONDecodeError:
            continue
        return value
    raise _Nonsense("it is no JSON")
