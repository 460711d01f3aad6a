"""Logs: one JSON object a line on standard error, with trace ids; libraries' lines too."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog
from opentelemetry import trace

# Chatty below WARNING, and nothing that an operator of ours needs.
QUIET: Final = (
    "aiokafka",
    "aiosqlite",
    "alembic",
    "asyncio",
    "grpc",
    "httpx",
    "httpcore",
    "urllib3",
)


def setup(
    service: str, *, level: str = "INFO", json: bool = True, to: TextIO | None = None
) -> None:
    """Configure structlog and the standard library's logging; once in a process."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Service(service),
        _add_trace,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    last: list[Any] = (
        [
            # Locals may hold keys and users' words: a trace shows places only.
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
        if json
        else [
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True


class _Service:
    """Names the service, unless the line already does."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, _: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
        line.setdefault("service", self._service)
        return line


def _add_trace(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        line["trace_id"] = f"{span.trace_id:032x}"
        line["span_id"] = f"{span.span_id:016x}"
    return line
