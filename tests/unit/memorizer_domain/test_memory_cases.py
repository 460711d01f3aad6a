"""Memories of the shared cases: what must be said in them, and what nobody said."""

import json
from typing import Any

import pytest

from services.kernel.contracts.records import Status
from tests.support.dialogues import event, remember, said
from tests.support.shared import find_shared, shared_path

FILE = "data/cases/memory_cases.json"
_FOUND = find_shared(FILE)
CASES: list[dict[str, Any]] = [] if _FOUND is None else json.loads(_FOUND.read_text("utf-8"))


def test_the_cases_are_there() -> None:
    assert json.loads(shared_path(FILE).read_text("utf-8")) == CASES


@pytest.mark.parametrize("together", [True, False], ids=["one call", "call by call"])
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case: dict[str, Any], together: bool) -> None:
    messages = [
        said(one["content"], at=at, role=one["role"]) for at, one in enumerate(case["messages"])
    ]
    if case["name"].startswith("answer_"):
        together = True  # an assistant's bare question is not kept: its answer comes with it
    groups = [messages] if together else [[one] for one in messages]
    records = remember([event(group) for group in groups])
    text = "\n".join(one.value for one in records if one.status is Status.ACTIVATED)
    assert [words for words in case["must_contain"] if words not in text] == [], text
    assert [words for words in case["must_not_contain"] if words in text] == [], text
