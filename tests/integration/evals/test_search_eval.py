"""Any files of the known shapes can be evaluated."""

import json
from pathlib import Path
from typing import Any

from evals.search_eval.__main__ import measure
from evals.search_eval.shapes import find_sets
from evals.search_eval.table import table, write_table


def lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def made(folder: Path) -> Path:
    lines(
        folder / "en/birds/passages.jsonl",
        [
            {"id": "p1", "title": "Owls", "text": "Owls hunt at night."},
            {"id": "p2", "title": "Storks", "text": "Storks nest on chimneys."},
        ],
    )
    lines(
        folder / "en/birds/questions.jsonl",
        [{"question": "Where do storks nest?", "answers": ["chimneys"], "gold": ["p2"]}],
    )
    lines(folder / "en/notices.jsonl", [{"id": "n1", "text": "Storks nest on masts, too."}])
    reports = folder / "en/reports"
    reports.mkdir()
    for year in (2021, 2022):
        (reports / f"{year}_owls.md").write_text(f"# Owls\n\n{year} owls were counted.")
    lines(
        reports / "questions.jsonl",
        [{"question": "How many owls were counted in 2022?", "gold_docs": ["2022_owls.md"]}],
    )
    said = {"user": "ann", "date": "2024-05-01"}
    lines(
        folder / "talk/en.turns.jsonl",
        [
            {**said, "id": 1, "query": "I moved to Bergen last week.", "response": "How nice!"},
            {**said, "id": 2, "query": "My cat is called Pip.", "response": "Sweet name."},
            {**said, "user": "bob", "id": 3, "query": "I play the oboe.", "response": "Great."},
        ],
    )
    lines(
        folder / "talk/en.questions.jsonl",
        [{"user": "ann", "question": "What is my cat called?", "evidence": [2], "also": []}],
    )
    chat = {"batch": 1, "role": "user"}
    lines(
        folder / "chats/01.messages.jsonl",
        [
            {**chat, "id": 0, "text": "My sister lives in Turku."},
            {**chat, "id": 1, "text": "I bake bread on Sundays."},
        ],
    )
    lines(
        folder / "chats/01.questions.jsonl",
        [{"id": 1, "question": "When do I bake bread?", "evidence": [1]}],
    )
    return folder


async def test_sets_are_found_by_their_shape_and_scored(tmp_path: Path) -> None:
    sets = find_sets(made(tmp_path / "data"))
    assert [(one.name, one.shape) for one in sets] == [
        ("birds", "passages"),
        ("reports", "files"),
        ("talk en", "turns"),
        ("chats", "chats"),
        ("notices", "foreign"),
    ]
    results = await measure(sets, [], "none")
    figures = {result.name: result.values["product"] for result in results}
    assert figures["birds"] == {"recall@1": 100.0, "recall@5": 100.0, "MRR@10": 100.0}
    assert figures["birds with two other users' facts"] == figures["birds"]
    assert figures["birds, 1 texts of notices in another base"] == figures["birds"]
    assert figures["reports"] == {"document hit@1": 100.0, "recall@4": 100.0}
    assert figures["talk en"] == {"recall@1": 100.0, "recall@5": 100.0}
    assert figures["chats"] == {"recall@5": 100.0, "recall@10": 100.0}
    page = tmp_path / "quality.md"
    page.write_text("Before.\n<!-- figures -->\nold\n<!-- end figures -->\nAfter.\n")
    write_table(page, "figures", table(results))
    text = page.read_text()
    assert text.startswith("Before.\n<!-- figures -->\n| set | questions | product | plain BM25 |")
    assert text.endswith("<!-- end figures -->\nAfter.\n")
    assert "old" not in text
