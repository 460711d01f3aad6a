"""The folder of the index is deleted: a reindex, or just a start, and every answer is the same."""

import asyncio
import base64
import shutil
from pathlib import Path
from typing import Any

import pytest

from services.embedded import EmbeddedSettings
from services.kernel.runtime.settings import load
from services.memorizer.app import reindex, roll_back
from tests.support.embedded import Memloom

RULES = """# Travel

## Hotels

A night costs at most 180 EUR in Berlin and 150 EUR elsewhere.

## 火车

出差乘坐高铁二等座，超过四小时可以选择一等座。

## Meals

Breakfast is paid when the hotel does not offer it.
"""
QUESTIONS = ["hotel in Berlin", "高铁可以坐一等座吗", "breakfast", "where does she live"]


def answers(memloom: Memloom, kb: str) -> list[dict[str, Any]]:
    found = [memloom.search("u1", question, [kb]) for question in QUESTIONS]
    for answer in found:
        answer.pop("took_ms", None)
    return found


@pytest.mark.slow
def test_a_deleted_index_gives_the_same_answers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Memloom(data) as memloom:
        kb = memloom.create_kb()
        content = base64.b64encode(RULES.encode()).decode()
        added = memloom.add_files(kb, [{"content": content, "name": "travel.md"}])
        memloom.wait_for_files([item["id"] for item in added])
        said = [{"role": "user", "content": "I moved to Lisbon. I am allergic to peanuts."}]
        memloom.wait_for_task(memloom.add_messages("u1", said, conversation_id="c1"))
        before = answers(memloom, kb)
    assert any(answer["memory_detail_list"] for answer in before)

    shutil.rmtree(data / "index")
    settings = load(EmbeddedSettings, data=data)
    state = asyncio.run(reindex(settings))
    assert (state.serving, state.previous) == ("g0001", "")
    assert state.written == state.records > 0
    with Memloom(data) as memloom:
        assert answers(memloom, kb) == before

    assert asyncio.run(reindex(settings)).serving == "g0002"
    with Memloom(data) as memloom:
        assert answers(memloom, kb) == before
    assert asyncio.run(roll_back(settings)).serving == "g0001"

    shutil.rmtree(data / "index")
    with Memloom(data) as memloom:  # ready again when it is filled again
        assert answers(memloom, kb) == before
