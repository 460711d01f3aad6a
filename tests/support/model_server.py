"""A deterministic model server: `/chat/completions`, `/embeddings`, `/rerank` on loopback.

Its answers depend on the request alone. `POST /admin {"mode": ..., "times": n, "seconds": s}`
makes it misbehave, for the next n requests or (without `times`) until told otherwise; `GET /admin`
counts what was asked. In a test process use `ModelServer()`; alone:

    python -m tests.support.model_server --port 9100
"""

import argparse
import asyncio
import json
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from types import TracebackType
from typing import Any, Literal, Self, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

DIMENSION = 32
Mode = Literal[
    "ok",
    "slow",  # answers after `seconds`
    "failing",  # 500
    "limited",  # 429 with Retry-After: `seconds`
    "nonsense",  # an answer that is no JSON, vectors and scores that are none
    "wrong_schema",  # JSON that breaks the schema
    "garbage",  # a body that is not the protocol's
    "too_long",  # 400 context_length_exceeded
    "no_schemas",  # 400 for response_format json_schema
    "unauthorized",  # 401
    "wrong_dimension",  # vectors one longer than promised
]
Answer = Callable[[str, str, dict[str, Any]], Any]


@dataclass
class State:
    """How it behaves now, and what it was asked."""

    mode: Mode = "ok"
    times: int | None = None
    seconds: float = 0.0
    longest: int | None = None  # characters of a text before it is too long
    counts: Counter[str] = field(default_factory=Counter)
    running: int = 0
    most_at_once: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    answer: Answer | None = None  # made by the test: (system, user, schema) -> value
    words: str | None = None  # said as they are, to everybody

    def next_mode(self) -> Mode:
        mode = self.mode
        if self.times is not None:
            self.times -= 1
            if self.times <= 0:
                self.mode, self.times = "ok", None
        return mode


class ModelServer:
    """The server in a thread of this process; `with ModelServer() as server: server.url`."""

    def __init__(self, port: int = 0) -> None:
        self.state = State()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(make_app(self.state), log_level="warning", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True
        )

    @property
    def url(self) -> str:
        """For OpenAI clients."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def rerank_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/rerank"

    def be(self, mode: Mode, *, times: int | None = None, seconds: float = 0.0) -> None:
        """Behave so from now on, or for so many requests."""
        self.state.times, self.state.seconds, self.state.mode = times, seconds, mode

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 20
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the model server does not start")
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=10)
        self._socket.close()


def make_app(state: State) -> Starlette:
    """The application over this state."""

    async def handle(request: Request, name: str, reply: Callable[..., Any]) -> Response:
        body = await request.json()
        state.counts[name] += 1
        state.requests.append({"path": request.url.path, "body": body})
        state.running += 1
        state.most_at_once = max(state.most_at_once, state.running)
        try:
            mode = state.next_mode()
            refusal = await _misbehave(state, mode, body)
            return refusal if refusal is not None else JSONResponse(reply(state, mode, body))
        finally:
            state.running -= 1

    async def chat(request: Request) -> Response:
        return await handle(request, "chat", _chat)

    async def embeddings(request: Request) -> Response:
        return await handle(request, "embeddings", _embeddings)

    async def rerank(request: Request) -> Response:
        return await handle(request, "rerank", _rerank)

    async def admin(request: Request) -> Response:
        if request.method == "POST":
            wanted = await request.json()
            state.mode = cast("Mode", wanted.get("mode", "ok"))
            state.times = wanted.get("times")
            state.seconds = float(wanted.get("seconds", 0))
            state.longest = wanted.get("longest", state.longest)
            if wanted.get("reset"):
                state.counts.clear()
                state.requests.clear()
        shown = {"mode": state.mode, "counts": state.counts, "most_at_once": state.most_at_once}
        return JSONResponse(shown)

    routes = [Route("/admin", admin, methods=["GET", "POST"])]
    for prefix in ("", "/v1"):
        routes += [
            Route(f"{prefix}/chat/completions", chat, methods=["POST"]),
            Route(f"{prefix}/embeddings", embeddings, methods=["POST"]),
            Route(f"{prefix}/rerank", rerank, methods=["POST"]),
        ]
    return Starlette(routes=routes)


async def _misbehave(state: State, mode: Mode, body: dict[str, Any]) -> Response | None:
    if mode == "slow":
        await asyncio.sleep(state.seconds)
    if mode == "garbage":
        return PlainTextResponse("<html>a proxy's page</html>")
    longest = max((len(text) for text in _texts(body)), default=0)
    if state.longest is not None and longest > state.longest:
        mode = "too_long"
    by_schema = body.get("response_format", {}).get("type") == "json_schema"
    if mode not in _ERRORS or (mode == "no_schemas" and not by_schema):
        return None
    reply = _error(*_ERRORS[mode])
    if mode == "limited":
        reply.headers["Retry-After"] = f"{state.seconds:g}"
    return reply


_ERRORS: dict[str, tuple[int, str, str]] = {
    "failing": (500, "internal", "Something broke."),
    "limited": (429, "rate_limit_exceeded", "Slow down."),
    "unauthorized": (401, "invalid_api_key", "Wrong key."),
    "too_long": (400, "context_length_exceeded", "Over the maximum context length."),
    "no_schemas": (400, "invalid_value", "response_format json_schema is not supported."),
}


def _error(status: int, code: str, message: str) -> JSONResponse:
    error = {"message": message, "type": "error", "code": code, "param": None}
    return JSONResponse({"error": error}, status_code=status)


def _texts(body: dict[str, Any]) -> list[str]:
    given = body.get("input", [])
    texts = [given] if isinstance(given, str) else list(given)
    return texts + [str(message.get("content", "")) for message in body.get("messages", [])]


def _chat(state: State, mode: Mode, body: dict[str, Any]) -> dict[str, Any]:
    system = "\n".join(m["content"] for m in body["messages"] if m["role"] == "system")
    user = next((m["content"] for m in body["messages"] if m["role"] == "user"), "")
    asked = body.get("response_format", {})
    schema = asked.get("json_schema", {}).get("schema")
    if schema is None and asked.get("type") == "json_object":
        schema = json.loads(system[system.index("schema:\n") + len("schema:\n") :])
    if state.words is not None:
        text = state.words
    elif mode == "nonsense":
        text = "As a model I would rather talk about the weather."
    elif mode == "wrong_schema":
        text = json.dumps({"unexpected": [user]})
    elif schema is None:
        text = f"You said: {_first_sentence(user)}"
    else:
        value = state.answer(system, user, schema) if state.answer else instance(schema, user)
        text = json.dumps(value, ensure_ascii=False)
    tokens = sum(len(message["content"]) for message in body["messages"]) // 4 + 1
    return {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": text},
            }
        ],
        "usage": {
            "prompt_tokens": tokens,
            "completion_tokens": len(text) // 4 + 1,
            "total_tokens": tokens + len(text) // 4 + 1,
        },
    }


def instance(schema: dict[str, Any], source: str) -> Any:
    """The plainest value that satisfies the schema; its strings quote the source."""
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return instance(schema[choice][0], source)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object" or "properties" in schema:
        inner = schema.get("properties", {})
        return {name: instance(part, source) for name, part in inner.items()}
    if kind == "array":
        count = max(1, schema.get("minItems", 1))
        return [instance(schema.get("items", {"type": "string"}), source) for _ in range(count)]
    return _plain(str(kind), schema, source)


def _plain(kind: str, schema: dict[str, Any], source: str) -> Any:
    numbers = {"integer": 1, "number": 0.5}
    if kind in numbers:
        return max(numbers[kind], schema.get("minimum", numbers[kind]))
    if kind == "string":
        return _first_sentence(source)[: schema.get("maxLength", 2000)]
    return True if kind == "boolean" else None


def _first_sentence(text: str) -> str:
    match = re.match(r"\s*(.+?(?:[。！？!?]|\.(?=\s|$)|$))", text, re.DOTALL)
    return match.group(1).strip() if match else ""


def _grams(text: str) -> list[str]:
    squeezed = re.sub(r"\s+", " ", text.casefold())
    return [squeezed[at : at + 2] for at in range(len(squeezed) - 1)] or [squeezed]


def vector(text: str, dimension: int = DIMENSION) -> list[float]:
    """Hashed character bigrams, not normalised: texts that share words are near."""
    values = [0.0] * dimension
    for gram in _grams(text):
        digest = sha256(gram.encode()).digest()
        values[digest[0] % dimension] += 1.0 if digest[1] % 2 else -1.0
    return values if any(values) else [1.0] * dimension


def _embeddings(state: State, mode: Mode, body: dict[str, Any]) -> dict[str, Any]:
    given = [body["input"]] if isinstance(body["input"], str) else body["input"]
    length = DIMENSION + (mode == "wrong_dimension")
    data = [
        {"object": "embedding", "index": index, "embedding": vector(text, length)}
        for index, text in enumerate(given)
    ]
    if mode == "nonsense":
        data = data[1:]
    data.reverse()  # the index counts, not the order
    usage = {"prompt_tokens": sum(map(len, given)) // 4, "total_tokens": sum(map(len, given)) // 4}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def _rerank(state: State, mode: Mode, body: dict[str, Any]) -> Any:
    query = set(_grams(body["query"]))
    texts = body.get("texts", body.get("documents", []))
    scores = [len(query & set(_grams(text))) / max(1, len(query)) for text in texts]
    if mode == "nonsense":
        scores = scores[1:]
    ranked = sorted(enumerate(scores), key=lambda pair: (-pair[1], pair[0]))
    if "texts" in body:
        return [{"index": index, "score": score} for index, score in ranked]
    results = [{"index": index, "relevance_score": score} for index, score in ranked]
    return {"id": "rerank-1", "model": body["model"], "results": results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9100)
    options = parser.parse_args()
    uvicorn.run(make_app(State()), host="127.0.0.1", port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
