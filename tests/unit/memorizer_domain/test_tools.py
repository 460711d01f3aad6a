# ruff: noqa: E501 - sentences stand on one line
"""Tool memories: trajectories, outcomes, schemas."""

from typing import cast

from pydantic import JsonValue

from services.kernel.contracts.events import Message
from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import MemoryDraft, extract
from tests.support.dialogues import call, event, said


def tool_drafts(*messages: Message) -> list[MemoryDraft]:
    return [one for one in extract(event(messages)) if one.kind is Kind.TOOL]


def only_status(draft: MemoryDraft) -> dict[str, JsonValue]:
    (status,) = cast("list[dict[str, JsonValue]]", draft.detail["tool_used_status"])
    return status


def test_a_call_with_its_result_is_one_memory() -> None:
    (draft,) = tool_drafts(
        said("查一下 7 月 5 日去青岛的航班", at=0),
        said("", at=1, role="assistant", tool_calls=[call("search_flights", '{"to":"青岛"}')]),
        said(
            '{"flights":[{"no":"MU5511","depart":"08:20"}]}', at=2, role="tool", tool_call_id="c1"
        ),
        said("最早 MU5511，08:20 起飞。", at=3, role="assistant"),
    )
    for part in ("青岛", "search_flights", "MU5511", "08:20"):
        assert part in draft.value
    assert draft.detail["tool_type"] == "ToolTrajectoryMemory"
    status = only_status(draft)
    assert status["used_tool"] == "search_flights"
    assert status["success_rate"] == 1.0
    assert {one.message_id for one in draft.evidence} == {"m0-0", "m0-1", "m0-2", "m0-3"}


def test_a_failure_is_a_lesson() -> None:
    (draft,) = tool_drafts(
        said("Restart the billing pod", at=0),
        said("", at=1, role="assistant", tool_calls=[call("restart", '{"pod":"billing"}')]),
        said('{"error":"permission denied","ok":false}', at=2, role="tool", tool_call_id="c1"),
    )
    status = only_status(draft)
    assert status["success_rate"] == 0.0
    assert "permission denied" in str(status["error_type"])
    assert "permission denied" in str(draft.detail["experience"])


def test_half_of_two_calls_failing_is_a_rate_of_one_half() -> None:
    (draft,) = tool_drafts(
        said("Compare both hosts", at=0),
        said("", at=1, role="assistant",
             tool_calls=[call("ping", '{"h":"a"}', "c1"), call("ping", '{"h":"b"}', "c2")]),
        said("12 ms", at=2, role="tool", tool_call_id="c1"),
        said("Error: host unreachable", at=3, role="tool", tool_call_id="c2"),
    )  # fmt: skip
    status = only_status(draft)
    assert status["success_rate"] == 0.5


def test_schemas_in_a_system_message() -> None:
    text = (
        '<tool_schema>[{"type":"function","function":{"name":"convert","description":"Convert units",'
        '"parameters":{"type":"object","properties":{"value":{},"unit":{}}}}}]</tool_schema>'
    )
    (draft,) = tool_drafts(said(text, role="system"))
    assert draft.value == "convert(value, unit): Convert units"
    assert draft.detail["tool_type"] == "ToolSchema"


def test_what_is_no_json_is_no_schema() -> None:
    assert tool_drafts(said("<tool_schema>nonsense</tool_schema>", role="system")) == []


def test_what_was_found_by_a_tool_is_a_fact_too() -> None:
    drafts = extract(
        event(
            [
                said("Why is the queue slow?", at=0),
                said("", at=1, role="assistant", tool_calls=[call("stats", "{}")]),
                said('{"lag": 90210}', at=2, role="tool", tool_call_id="c1"),
                said("The lag is 90210 because one consumer is stuck.", at=3, role="assistant"),
            ]
        )
    )
    assert any("90210" in one.value and one.kind is Kind.FACT for one in drafts)
