"""The filter language of the API."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.gateway.domain.filters import Filters, parse_filter
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.scope import Clause, Clauses
from services.kernel.contracts.topics import DAY_MS

NOW = 1_800_000_000_000


def read(value: dict[str, Any] | None) -> Filters:
    return parse_filter(value, zone=ZoneInfo("Asia/Shanghai"), now_ms=NOW)


def clause(condition: dict[str, Any]) -> list[Clause]:
    return list(read({"and": [condition]}).user.clauses)


def test_a_global_filter_is_about_every_source() -> None:
    found = read({"or": [{"app_id": "a"}, {"scene": "chat"}]})
    expected = Clauses(
        mode="or",
        clauses=(
            Clause(field="app_id", operator="any_of", values=("a",)),
            Clause(field="info.scene", operator="any_of", values=("chat",)),
        ),
    )
    assert found == Filters(expected, expected, expected, expected)


def test_a_source_that_is_not_named_gets_nothing() -> None:
    found = read({"knowledgebase": {"and": [{"tags": {"contains": "policy"}}]}})
    assert found.knowledgebase.clauses == (
        Clause(field="tags", operator="any_of", values=("policy",)),
    )
    assert found.user == found.agent == found.public == Clauses()


def test_nothing_is_nothing() -> None:
    assert read(None) == read({}) == read({"user": None}) == Filters()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"tags": "x"}, [("tags", "any_of", ("x",))]),
        ({"tags": ["x", "y"]}, [("tags", "any_of", ("x", "y"))]),
        ({"related_id": ["u1", "a1"]}, [("related_id", "any_of", ("u1", "a1"))]),
        ({"conversation_id": "c1"}, [("conversation_id", "any_of", ("c1",))]),
        ({"order.state": "paid"}, [("info.order.state", "any_of", ("paid",))]),
        ({"客户/级别": "A"}, [("info.客户/级别", "any_of", ("A",))]),
        ({"biz_id": 7}, [("info.biz_id", "any_of", (7,))]),
        ({"flag": True}, [("info.flag", "any_of", (True,))]),
        (
            {"price": {"gte": 1, "lt": 2.5}},
            [("info.price", "gte", (1,)), ("info.price", "lt", (2.5,))],
        ),
        ({"create_time": {"gte": "2025-01-01"}}, [("created_at", "gte", (1_735_660_800_000,))]),
        ({"update_time": {"lte": "2025-01-01"}}, [("updated_at", "lt", (1_735_747_200_000,))]),
        ({"memory_type": "WorkingMemory"}, [("updated_at", "gt", (NOW - DAY_MS,))]),
        ({"memory_type": "SkillMemory"}, [("kind", "any_of", ("skill",))]),
    ],
)
def test_conditions(condition: dict[str, Any], expected: list[tuple[str, str, Any]]) -> None:
    assert [(c.field, c.operator, c.values) for c in clause(condition)] == expected


@pytest.mark.parametrize(
    "value",
    [
        {"scene": "chat"},
        {"and": [], "or": []},
        {"and": {"scene": "chat"}},
        {"and": ["scene"]},
        {"and": [{}]},
        {"and": [{"and": [{"scene": "chat"}]}]},
        {"and": [{"user_id": "u"}]},
        {"and": [{"info": {"scene": "chat"}}]},
        {"and": [{"a\tb": "x"}]},
        {"and": [{"": "x"}]},
        {"and": [{"conversation_id": 5}]},
        {"and": [{"scene": {"like": "x"}}]},
        {"and": [{"scene": []}]},
        {"and": [{"tags": {"gt": "x"}}]},
        {"and": [{"tags": 5}]},
        {"and": [{"create_time": "2025-01-01"}]},
        {"and": [{"create_time": {"near": "2025-01-01"}}]},
        {"and": [{"create_time": {"gt": "soon-ish"}}]},
        {"and": [{"create_time": {"gt": True}}]},
        {"and": [{"app_id": 1}]},
        {"or": [{"create_time": {"gte": "2025-01-01", "lt": "2025-02-01"}}]},
        {"user": {"scene": "chat"}},
        {"user": {"and": []}, "and": []},
        {"and": [{"scene": "chat"}] * 51},
    ],
)
def test_everything_else_is_refused_with_a_hint(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(value)
    assert refused.value.code == 40000
    assert len(refused.value.message) > 20
