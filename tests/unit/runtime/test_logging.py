"""One JSON object a line, with trace ids, for our lines and the libraries'."""

import io
import json
import logging as standard
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.kernel.runtime import logging, tracing


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = standard.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logging.setup("parser", to=stream)
    yield stream
    root.handlers, root.level = before
    structlog.reset_defaults()


def _parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_carry_context_and_trace(lines: io.StringIO) -> None:
    provider = tracing.setup("parser")
    tracer = provider.get_tracer("test")
    with (
        tracer.start_as_current_span("work") as span,
        structlog.contextvars.bound_contextvars(document_id="d1"),
    ):
        structlog.get_logger("x").info("报销", count=3)
    (line,) = _parsed(lines)
    assert (line["event"], line["count"], line["document_id"]) == ("报销", 3, "d1")
    assert (line["service"], line["level"]) == ("parser", "info")
    assert line["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    assert line["timestamp"]


def test_a_traceback_shows_no_values(lines: io.StringIO) -> None:
    def fail(secret: str) -> None:
        raise ValueError(len(secret))

    try:
        fail("sesame")
    except ValueError as error:
        structlog.get_logger("x").error("failed", exc_info=error)
    assert "ValueError" in lines.getvalue()
    assert "sesame" not in lines.getvalue().replace('fail(\\"sesame\\")', "")


def test_library_lines_and_errors_are_json_too(lines: io.StringIO) -> None:
    try:
        int("inside")
    except ValueError:
        standard.getLogger("library").exception("it %s", "broke")
    standard.getLogger("aiosqlite").info("chatter")
    (line,) = _parsed(lines)
    assert (line["event"], line["level"], line["logger"]) == ("it broke", "error", "library")
    assert line["exception"][0]["exc_type"] == "ValueError"
