"""Whole dialogues of everyday life: what is asked later is found, no older state above a newer."""

import json
from pathlib import Path
from typing import Any

import pytest

from evals.messages_rules import Bm25, memories_of, passed
from services.kernel.contracts.records import Status
from tests.support import dialogues

_FILE = Path(dialogues.__file__).with_name("everyday_dialogues.jsonl")
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_what_is_asked_later_is_found(case: dict[str, Any]) -> None:
    active = [one for one in memories_of(case) if one.status is Status.ACTIVATED]
    ranking = Bm25(active)
    for probe in case["probes"]:
        top = [f"{record.key} {record.value}" for record in ranking.rank(probe["query"])[:5]]
        assert passed(probe, top), (probe["query"], top)
