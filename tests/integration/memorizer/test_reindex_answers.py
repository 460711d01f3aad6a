"""The folder of the index is deleted: a reindex, or just a start, and every answer is the same."""

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.embedded import EmbeddedSettings
from services.kernel.runtime.settings import load
from services.memorizer.app import reindex, roll_back
from tests.support.embedded import Memloom, wait_until
from tests.support.shared import ROOT

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


def filled(memloom: Memloom) -> str:
    """A knowledge base with the rules, and a user of whom something is known."""
    kb = memloom.create_kb()
    content = base64.b64encode(RULES.encode()).decode()
    added = memloom.add_files(kb, [{"content": content, "name": "travel.md"}])
    memloom.wait_for_files([item["id"] for item in added])
    said = [{"role": "user", "content": "I moved to Lisbon. I am allergic to peanuts."}]
    memloom.wait_for_task(memloom.add_messages("u1", said, conversation_id="c1"))
    return kb


def command(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`memloom reindex` on the data folder."""
    return subprocess.run(  # noqa: S603 - our own interpreter
        [str(Path(sys.executable).with_name("memloom")), "reindex", "--data", str(data), *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


@pytest.mark.slow
def test_a_running_server_fills_a_new_generation_while_the_old_one_serves(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Memloom(data) as memloom:
        kb = filled(memloom)
        before = answers(memloom, kb)
        assert "g0001 serves" in command(data).stdout

        def served() -> bool:
            assert answers(memloom, kb) == before
            known = json.loads((data / "index/generations.json").read_text())
            return bool(known["current"] == "g0002")

        wait_until(served, 30, "the new generation serves")
        assert "g0001 serves, g0002 served before" in command(data, "--roll-back").stdout
        assert answers(memloom, kb) == before
        refused = command(data, "--embedder", "fastembed:some/model")
        assert refused.returncode != 0
        assert "MEMLOOM_EMBEDDER__MODEL=fastembed:some/model" in refused.stderr
        assert (data / "memloom.lock").stat().st_mode & 0o077 == 0
    assert "g0003 serves" in command(data).stdout


@pytest.mark.slow
def test_a_deleted_index_gives_the_same_answers(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Memloom(data) as memloom:
        kb = filled(memloom)
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
