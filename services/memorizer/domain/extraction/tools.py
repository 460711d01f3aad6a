# ruff: noqa: E501 - a pattern is read as one line, however long
"""Tool memories: what was called for which wish, how it went, what was learnt; and tool schemas."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from services.kernel.contracts.events import Message, ToolCall
from services.memorizer.domain.extraction.language import is_chinese

_LONGEST_RESULT = 1200
_FIRST_HTTP_ERROR = 400
_SCHEMA = re.compile(r"<tool_schema>(.*?)(?:</tool_schema>|\Z)", re.DOTALL)
_ERROR_TEXT = re.compile(
    r"^\s*(?:error|exception|traceback|failed|failure|fatal|错误|失败|异常|超时|timeout|timed out|unauthorized"
    r"|forbidden|not found|permission denied|无权限|未找到)",
    re.IGNORECASE,
)
_BAD_STATUS = frozenset(
    ["error", "failed", "failure", "fail", "timeout", "denied", "rejected", "失败", "错误", "超时"]
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call and its result; error "" where it went well, result None where none came."""

    call: ToolCall
    result: Message | None
    error: str


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The calls that one wish of the user led to; answer: the assistant's words after them."""

    wish: Message | None
    caller: Message
    outcomes: tuple[Outcome, ...]
    answer: Message | None


def trajectories(messages: Sequence[Message]) -> list[Trajectory]:
    """One for every assistant message that calls tools and has a result."""
    found: list[Trajectory] = []
    results = {message.tool_call_id: message for message in messages if message.role == "tool"}
    for at, message in enumerate(messages):
        if message.role != "assistant" or not message.tool_calls:
            continue
        outcomes = tuple(_outcome(call, results) for call in message.tool_calls)
        wish = next((one for one in reversed(messages[:at]) if one.role == "user"), None)
        answer = _answer(messages[at + 1 :])
        found.append(Trajectory(wish, message, outcomes, answer))
    return found


def _answer(later: Sequence[Message]) -> Message | None:
    for message in later:
        if message.role == "user" or message.tool_calls:
            return None
        if message.role == "assistant" and message.text:
            return message
    return None


def _outcome(call: ToolCall, results: dict[str, Message]) -> Outcome:
    result = results.get(call.id)
    return Outcome(call, result, error_of(result.text) if result else "")


def error_of(result: str) -> str:
    """The kind of error that a tool's result tells of, "" for none."""
    try:
        value = json.loads(result)
    except ValueError:
        return result.strip().splitlines()[0][:80] if _ERROR_TEXT.match(result) else ""
    if not isinstance(value, dict):
        return ""
    for name in ("error", "errors", "exception", "error_type", "error_message", "err"):
        if value.get(name):
            return _flat(value[name])[:80]
    status = str(value.get("status", value.get("state", ""))).casefold()
    if status in _BAD_STATUS or value.get("ok") is False or value.get("success") is False:
        return (_flat(value.get("message") or value.get("reason")) or status or "failed")[:80]
    code = value.get("status_code", value.get("statusCode"))
    return str(code) if isinstance(code, int) and code >= _FIRST_HTTP_ERROR else ""


def _flat(value: JsonValue) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_flat(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "; ".join(_flat(one) for one in value)
    return "" if value is None else str(value)


def plain(text: str) -> str:
    """JSON as `name=value, …`, any other text as it is; cut where it is very long."""
    try:
        flat = _flat(json.loads(text))
    except ValueError:
        flat = text.strip()
    return flat if len(flat) <= _LONGEST_RESULT else flat[:_LONGEST_RESULT] + "…"


def describe(trajectory: Trajectory) -> str:
    """The trajectory as text."""
    wish = trajectory.wish.text.strip() if trajectory.wish else ""
    chinese = is_chinese(wish or (trajectory.answer.text if trajectory.answer else ""))
    lines = []
    if wish:
        lines.append(f"用户请求：{wish}" if chinese else f"The user asked: {wish}")
    for outcome in trajectory.outcomes:
        call = f"{outcome.call.name}({plain(outcome.call.arguments)})"
        result = plain(outcome.result.text) if outcome.result else ""
        label = ("失败" if outcome.error else "结果") if chinese else (
            "failed" if outcome.error else "result")  # fmt: skip
        lines.append(
            f"{'调用' if chinese else 'called'} {call}"
            + (f" → {label}: {result}" if result else "")
        )
    return "\n".join(lines)


def used_status(trajectory: Trajectory) -> list[JsonValue]:
    """`tool_used_status` of the API: one entry a tool."""
    entries: list[JsonValue] = []
    names = dict.fromkeys(outcome.call.name for outcome in trajectory.outcomes)
    for name in names:
        of_tool = [outcome for outcome in trajectory.outcomes if outcome.call.name == name]
        known = [outcome for outcome in of_tool if outcome.result is not None]
        bad = [outcome for outcome in known if outcome.error]
        rate = (len(known) - len(bad)) / len(known) if known else 0.0
        entries.append({
            "used_tool": name,
            "error_type": bad[-1].error if bad else "",
            "success_rate": round(rate, 3),
            "tool_experience": _lesson(of_tool, bad),
        })  # fmt: skip
    return entries


def _lesson(outcomes: Sequence[Outcome], bad: Sequence[Outcome]) -> str:
    name = outcomes[0].call.name
    if bad:
        return f"{name}({plain(bad[-1].call.arguments)}) failed: {bad[-1].error}"
    known = [outcome for outcome in outcomes if outcome.result is not None]
    if not known:
        return f"{name}: no result seen"
    return f"{name} worked with {plain(known[-1].call.arguments)}"


def experience(trajectory: Trajectory) -> str:
    """What to do the next time, in one line."""
    return "; ".join(
        _lesson([outcome], [outcome] if outcome.error else []) for outcome in trajectory.outcomes
    )


def schemas(text: str) -> list[tuple[str, str, JsonValue]]:
    """(name, description with parameters, schema) of the tools declared in a system message."""
    found: list[tuple[str, str, JsonValue]] = []
    for match in _SCHEMA.finditer(text):
        try:
            declared = json.loads(match.group(1))
        except ValueError:
            continue
        for one in declared if isinstance(declared, list) else [declared]:
            tool = one.get("function", one) if isinstance(one, dict) else {}
            if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                found.append((tool["name"], _signature(tool), tool))
    return found


def _signature(tool: dict[str, JsonValue]) -> str:
    parameters = tool.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    names = ", ".join(properties) if isinstance(properties, dict) else ""
    return f"{tool['name']}({names}): {tool.get('description') or ''}".rstrip(": ")
