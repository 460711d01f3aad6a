"""Corrections of real passages against a running product over REST.

    python -m evals.corrections --data <folder> [--limit 300]

Every passage of the set lies in one knowledge base as a document of its own. For each correction:
the new value comes first, the old passage stands in the top 3 only below its correction and
marked, and questions that the corrections do not concern lose nothing.
"""

import argparse
import base64
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from evals.product import contains, load
from tests.support.embedded import Memloom

Case = dict[str, Any]


def upload(memloom: Memloom, passages: list[Case]) -> str:
    kb = memloom.create_kb("corrections")
    ids: list[str] = []
    for start in range(0, len(passages), 20):
        files = [
            {
                "name": f"{passage['id'].replace('#', '_')}.md",
                "content": base64.b64encode(
                    f"# {passage['title']}\n\n{passage['text']}".encode()
                ).decode(),
            }
            for passage in passages[start : start + 20]
        ]
        ids += [file["id"] for file in memloom.add_files(kb, files)]
    ended = memloom.wait_for_files(ids, seconds=900)
    assert all(file["status"] == "COMPLETED" for file in ended)
    return kb


def top(memloom: Memloom, kb: str, question: str, count: int = 3) -> list[Case]:
    answer = memloom.search("reader", question, [kb], memory_limit_number=9)
    return list(answer["memory_detail_list"][:count])


def answered(memloom: Memloom, kb: str, cases: list[Case], pool: ThreadPoolExecutor) -> list[bool]:
    questions = [item for case in cases for item in case["untouched"]]

    def right(item: Case) -> bool:
        found = top(memloom, kb, item["question"], 1)
        return bool(found) and contains(found[0]["memory_value"], item["answer"])

    return list(pool.map(right, questions))


def correct(memloom: Memloom, kb: str, case: Case) -> bool:
    task = memloom.feedback("editor", case["feedback"], [kb])
    views = memloom.wait_for_task(task, seconds=300).get("memory_views") or {}
    return bool(views.get("added"))


def judge(memloom: Memloom, kb: str, case: Case) -> tuple[bool, bool]:
    """(new value first, no unmarked or higher old passage in the top 3)."""
    items = top(memloom, kb, case["question"])
    new = [contains(item["memory_value"], case["new"]) for item in items]
    first = bool(new) and new[0]
    clean = True
    for rank, item in enumerate(items):
        if contains(item["memory_value"], case["old"]) and not new[rank]:
            clean &= any(new[:rank]) and bool(item.get("corrected_by"))
    return first, clean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=300)
    arguments = parser.parse_args()
    cases = load(arguments.data / "corrections" / "zh_cmrc.jsonl")[: arguments.limit]
    passages = load(arguments.data / "docs_zh" / "cmrc2018_dev" / "passages.jsonl")
    with (
        tempfile.TemporaryDirectory() as folder,
        Memloom(Path(folder) / "data") as memloom,
        ThreadPoolExecutor(4) as pool,
    ):
        kb = upload(memloom, passages)
        before = answered(memloom, kb, cases, pool)
        made = list(pool.map(lambda case: correct(memloom, kb, case), cases))
        judged = list(pool.map(lambda case: judge(memloom, kb, case), cases))
        after = answered(memloom, kb, cases, pool)
    for case, (first, clean) in zip(cases, judged, strict=True):
        if not (first and clean):
            print(f"  missed {case['id']} first={first} clean={clean} {case['feedback']}")
    figures = {
        "corrections": len(cases),
        "made": share(made),
        "new value first": share([first for first, _ in judged]),
        "old only below and marked": share([clean for _, clean in judged]),
        "untouched before": share(before),
        "untouched after": share(after),
    }
    print(json.dumps(figures, indent=2))


def share(values: list[bool]) -> float:
    return round(100 * sum(values) / max(1, len(values)), 2)


if __name__ == "__main__":
    main()
