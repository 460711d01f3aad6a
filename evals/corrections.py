"""Corrections of real passages against a running product over REST.

    python -m evals.corrections --data <folder> [--limit 300] [--every 1] [--show]

Every passage of the set lies in one knowledge base as a document of its own. For each correction:
the new value comes first, the old value's passage stands in the top 3 only below its correction
and marked, and questions that the corrections do not concern lose nothing. --every takes each n-th
case. --show prints what was missed and what was lost, with the words.
"""

import argparse
import base64
import json
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.product import contains, load
from tests.support.embedded import Memloom

Case = dict[str, Any]
_SHOWN = 70


@dataclass(frozen=True)
class Judged:
    """One correction's own question after all corrections. first: the new value comes first.
    clean: no text of the corrected document that says the old value is in the top 3 unmarked or
    without its correction above it.
    """

    made: bool
    first: bool
    clean: bool
    items: tuple[Case, ...]


@dataclass(frozen=True)
class Answered:
    """A question that no correction concerns."""

    question: str
    right: bool
    items: tuple[Case, ...]


def upload(memloom: Memloom, passages: Sequence[Case]) -> str:
    """A knowledge base with one document a passage; its id."""
    kb = memloom.create_kb("corrections")
    ids: list[str] = []
    for start in range(0, len(passages), 20):
        files = [
            {
                "name": file_name(passage["id"]),
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


def file_name(passage: str) -> str:
    """Name of the document that holds a passage."""
    return f"{passage.replace('#', '_')}.md"


def top(memloom: Memloom, kb: str, question: str, count: int = 3) -> tuple[Case, ...]:
    """The first items of a reader's search."""
    answer = memloom.search("reader", question, [kb], memory_limit_number=9)
    return tuple(answer["memory_detail_list"][:count])


def untouched(memloom: Memloom, kb: str, case: Case) -> list[Answered]:
    """The case's other questions."""
    found = []
    for item in case["untouched"]:
        items = top(memloom, kb, item["question"])
        right = bool(items) and contains(items[0]["memory_value"], item["answer"])
        found.append(Answered(item["question"], right, items))
    return found


def correct(memloom: Memloom, kb: str, case: Case) -> bool:
    """Whether the feedback made a correction."""
    task = memloom.feedback("editor", case["feedback"], [kb])
    views = memloom.wait_for_task(task, seconds=300).get("memory_views") or {}
    return bool(views.get("added"))


def judge(memloom: Memloom, kb: str, case: Case, *, made: bool) -> Judged:
    """The case's own question."""
    items = top(memloom, kb, case["question"])
    new = [contains(item["memory_value"], case["new"]) for item in items]
    clean = True
    for rank, item in enumerate(items):
        mine = item.get("document_name") == file_name(case["passage"])
        if mine and item["kind"] != "correction" and contains(item["memory_value"], case["old"]):
            clean &= any(new[:rank]) and bool(item.get("corrected_by"))
    return Judged(made, bool(new) and new[0], clean, items)


def run(memloom: Memloom, cases: Sequence[Case], passages: Sequence[Case], *, show: bool) -> None:
    """Upload, ask, correct, ask again; print the figures."""
    started = time.monotonic()
    kb = upload(memloom, passages)
    with ThreadPoolExecutor(4) as pool:
        before = [
            one for many in pool.map(lambda c: untouched(memloom, kb, c), cases) for one in many
        ]
        made = list(pool.map(lambda case: correct(memloom, kb, case), cases))
        judged = list(
            pool.map(
                lambda pair: judge(memloom, kb, pair[0], made=pair[1]),
                zip(cases, made, strict=True),
            )
        )
        after = [
            one for many in pool.map(lambda c: untouched(memloom, kb, c), cases) for one in many
        ]
    if show:
        _show(cases, judged, before, after)
    figures = {
        "corrections": len(cases),
        "made": share(made),
        "new value first": share([one.first for one in judged]),
        "old only below and marked": share([one.clean for one in judged]),
        "untouched before": share([one.right for one in before]),
        "untouched after": share([one.right for one in after]),
        "seconds": round(time.monotonic() - started),
    }
    print(json.dumps(figures, indent=2))


def _show(
    cases: Sequence[Case],
    judged: Sequence[Judged],
    before: Sequence[Answered],
    after: Sequence[Answered],
) -> None:
    for case, one in zip(cases, judged, strict=True):
        if not (one.made and one.first and one.clean):
            print(f"\nMISSED {case['id']} made={one.made} first={one.first} clean={one.clean}")
            print(f"  {case['passage']} Q {case['question']}\n  F {case['feedback']}")
            _print_items(one.items)
    for then, now in zip(before, after, strict=True):
        if then.right != now.right:
            print(f"\n{'LOST' if then.right else 'WON'} {now.question}")
            _print_items(now.items)


def _print_items(items: Sequence[Case]) -> None:
    for item in items:
        mark = "marked" if item.get("corrected_by") else ""
        words = " ".join(item["memory_value"].split())[:_SHOWN]
        print(f"    {item['relativity']:.4f} {item['memory_type']:18} {mark:6} {words}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=300)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    cases = load(arguments.data / "corrections" / "zh_cmrc.jsonl")
    cases = cases[:: arguments.every][: arguments.limit]
    passages = load(arguments.data / "docs_zh" / "cmrc2018_dev" / "passages.jsonl")
    with tempfile.TemporaryDirectory() as folder, Memloom(Path(folder) / "data") as memloom:
        run(memloom, cases, passages, show=arguments.show)


def share(values: Sequence[bool]) -> float:
    """Percent."""
    return round(100 * sum(values) / max(1, len(values)), 2)


if __name__ == "__main__":
    main()
