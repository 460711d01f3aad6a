"""The scenario sets against a running product over REST, scored as their README says.

python -m evals.product contextual feedback messages structure --data <folder of the sets>
"""

import argparse
import base64
import json
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from evals.search_eval.bm25 import Floor
from evals.search_eval.table import write_table
from services.kernel.adapters.lexical import LexicalBm25
from tests.support.embedded import Memloom

DAY_MS = 86_400_000
BASE_MS = 1_750_000_000_000
Case = dict[str, Any]
Score = dict[str, bool | None]


def norm(text: str) -> str:
    text = text.replace("，", "、")
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return re.sub(r"\s*([\u3400-\u9fff])\s*", r"\1", text)


def contains(text: str, needle: str) -> bool:
    where, what = norm(text), norm(needle)
    if not what:
        return True
    left = r"(?<!\d)" if what[0].isdigit() else ""
    right = r"(?!\d)" if what[-1].isdigit() else ""
    if re.fullmatch(r"[a-z]{1,3}\d?|[a-z]\d{1,2}", what):
        left, right = r"(?<![a-z0-9])", r"(?![a-z0-9])"
    return re.search(left + re.escape(what) + right, where) is not None


def any_of(text: str, needle: str, alternatives: dict[str, list[str]]) -> bool:
    return any(contains(text, one) for one in (needle, *alternatives.get(needle, ())))


def load(path: Path) -> list[Case]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def upload(memloom: Memloom, documents: list[Case]) -> str:
    kb = memloom.create_kb(f"case {uuid4()}")
    files = [
        {
            "name": document["name"],
            "content": "data:text/markdown;base64,"
            + base64.b64encode(document["text"].encode()).decode(),
        }
        for document in documents
    ]
    ids = [file["id"] for file in memloom.add_files(kb, files)]
    ended = memloom.wait_for_files(ids)
    assert all(file["status"] == "COMPLETED" for file in ended), ended
    return kb


def talk(memloom: Memloom, user: str, messages: list[Case]) -> None:
    days: dict[int, list[Case]] = defaultdict(list)
    for message in messages:
        days[message["day"]].append(message)
    for day, said in sorted(days.items()):
        task = memloom.add_messages(
            user,
            [
                {key: value for key, value in message.items() if key != "day"}
                | {"chat_time": BASE_MS + day * DAY_MS + number * 60_000}
                for number, message in enumerate(said)
            ],
            conversation_id=f"{user}-day-{day}",
        )
        assert memloom.wait_for_task(task)["status"] == "completed"


def text_of(item: Case) -> str:
    parts = [item.get("memory_key", ""), " ".join(item.get("heading_path") or [])]
    parts.append(
        item.get("memory_value")
        or item.get("preference")
        or json.dumps(item.get("tool_value"), ensure_ascii=False)
    )
    parts += [str(item.get(extra) or "") for extra in ("reasoning", "experience")]
    parts += [
        json.dumps(status, ensure_ascii=False) for status in item.get("tool_used_status") or []
    ]
    return "\n".join(part for part in parts if part)


def is_knowledge(item: Case) -> bool:
    return bool(item.get("knowledgebase_id"))


def personal(answer: Case) -> list[Case]:
    """The user's memories of all lists, by relativity."""
    items = [item for item in answer["memory_detail_list"] if not is_knowledge(item)]
    items += answer.get("preference_detail_list") or []
    items += answer.get("tool_memory_detail_list") or []
    return sorted(items, key=lambda item: -float(item["relativity"]))


def contextual(memloom: Memloom, case: Case) -> Score:
    kb, user = upload(memloom, case["documents"]), f"ctx-{case['id']}"
    talk(memloom, user, case["messages"])
    answer = memloom.search(
        user, case["query"], [kb], memory_limit_number=25, conversation_id=f"{user}-new"
    )
    stranger = memloom.search(f"{user}-other", case["query"], [kb], memory_limit_number=25)
    kinds = kinds_of(case, _knowledge(answer))
    mine = [item for item in answer["memory_detail_list"] if not is_knowledge(item)]
    mine += answer["preference_detail_list"]
    sections = [text for document in case["documents"] for text in _sections(document["text"])]
    floor = Floor(LexicalBm25(), sections, sections)
    said = [message["content"] for message in case["messages"] if message["role"] == "user"]
    joined = " ".join((*said, case["query"]))
    return {
        "hit@1": kinds[:1] == ["gold"],
        "hit@3": "gold" in kinds[:3],
        "variant@1": first_variant(kinds) == "gold",
        "fact@5": any(contains(text_of(item), case["user_fact"]) for item in mine[:5]),
        "mixed": "mixed" in kinds,
        "without memory": first_variant(kinds_of(case, _knowledge(stranger))) == "gold",
        "BM25": first_variant(kinds_of(case, floor.top(case["query"], 25))) == "gold",
        "BM25 joined": first_variant(kinds_of(case, floor.top(joined, 25))) == "gold",
    }


def _knowledge(answer: Case) -> list[str]:
    return [i["memory_value"] for i in answer["memory_detail_list"] if is_knowledge(i)]


def kinds_of(case: Case, texts: list[str]) -> list[str]:
    """`gold`, `wrong`, `mixed` or `-` for each text."""
    kinds = []
    for text in texts:
        gold = any(contains(text, m) for section in case["gold"] for m in section["markers"])
        wrong = any(contains(text, m) for section in case["wrong"] for m in section["markers"])
        kinds.append("mixed" if gold and wrong else "gold" if gold else "wrong" if wrong else "-")
    return kinds


def first_variant(kinds: list[str]) -> str:
    """The first that belongs to gold or wrong sections."""
    return next((kind for kind in kinds if kind != "-"), "-")


def _sections(text: str) -> list[str]:
    """The sections of a Markdown document, heading and all."""
    return [part for part in re.split(r"(?m)^(?=#{1,6} )", text) if part.strip()]


def feedback(memloom: Memloom, case: Case) -> Score:
    kb = upload(memloom, case["documents"])
    task = memloom.feedback("boss", case["feedback_content"], [kb], conversation_id="fb")
    done = memloom.wait_for_task(task)
    views = done.get("memory_views") or {}
    changed = sum(views.get(name, 0) for name in ("added", "updated", "deleted"))
    expected = case["expect_created"]
    asked = [correction(memloom, kb, query) for query in case["queries"]]
    score: Score = {"created": expected == "any" or (changed > 0) == (expected == "yes")}
    for name in ("fix@1", "fix@3", "above", "untouched"):
        score[name] = all(part[name] for part in asked)
    score["case"] = all(value for name, value in score.items() if name != "fix@1")
    return score


def correction(memloom: Memloom, kb: str, query: Case) -> Score:
    answer = memloom.search("someone", query["query"], [kb], memory_limit_number=25)
    texts = [text_of(item) for item in answer["memory_detail_list"]]
    alternatives = query.get("alternatives", {})
    fixed = [
        all(any_of(text, needle, alternatives) for needle in query["must_contain"])
        for text in texts
    ]
    first = fixed.index(True) if True in fixed else 999
    stale = [
        rank
        for rank, text in enumerate(texts)
        if query["must_rank_above"] and contains(text, query["must_rank_above"]) and not fixed[rank]
    ]
    return {
        "fix@1": first == 0,
        "fix@3": first < 3,
        "above": first < min(stale, default=1000),
        "untouched": all(
            any(any_of(text, needle, alternatives) for text in texts[:10])
            for needle in query["untouched"]
        ),
    }


def messages(memloom: Memloom, case: Case) -> Score:
    user = f"msg-{case['id']}"
    talk(memloom, user, case["messages"])
    score: Score = {}
    for number, probe in enumerate(case["probes"]):
        answer = memloom.search(
            user,
            probe["query"],
            [],
            memory_limit_number=9,
            include_preference=True,
            include_tool_memory=True,
        )
        items = personal(answer)[:5]
        texts = [text_of(item) for item in items]
        alternatives = probe.get("alternatives", {})
        good = all(
            any(any_of(text, needle, alternatives) for text in texts) for needle in probe["expect"]
        )
        if probe["kind"] == "update":
            for text in texts:
                if any(any_of(text, needle, alternatives) for needle in probe["expect"]):
                    break
                if any(contains(text, needle) for needle in probe["expect_absent"]):
                    good = False
        if probe["kind"] == "none":
            good = not any(contains(text, n) for n in probe["expect_absent"] for text in texts)
        if probe.get("max_hits"):
            hits = sum(any_of(text, probe["expect"][0], alternatives) for text in texts)
            good = good and hits <= probe["max_hits"]
        score[f"{probe['kind']}/{number}"] = good
        if not good:
            print(f"  missed {case['id']} {probe['query']} {probe['expect']} {texts}")
    return score


def structure(memloom: Memloom, case: Case, folder: Path) -> Iterator[tuple[str, Score]]:
    for form in case["files"] if isinstance(case["files"], list) else case["files"].values():
        path = folder / form if (folder / form).exists() else folder / "documents" / Path(form).name
        kb = memloom.create_kb(f"structure {uuid4()}")
        content = base64.b64encode(path.read_bytes()).decode()
        (file,) = memloom.add_files(kb, [{"name": path.name, "content": content}])
        (ended,) = memloom.wait_for_files([file["id"]])
        assert ended["status"] == "COMPLETED", ended
        for probe in case["probes"]:
            answer = memloom.search("reader", probe["query"], [kb], memory_limit_number=9)
            items = [item for item in answer["memory_detail_list"] if is_knowledge(item)]
            top: Case = items[0] if items else {}
            text = str(top.get("memory_value", ""))
            row: Score = {
                "top1": all(contains(text, needle) for needle in probe["must_contain"])
                and not any(contains(text, needle) for needle in probe.get("not_contain") or []),
                "path": _in_order(
                    " › ".join([*(top.get("heading_path") or []), text]),
                    probe.get("heading_path") or [],
                ),
            }
            if probe.get("header"):
                row["header"] = all(contains(text, name) for name in probe["header"])
            if not all(value is not False for value in row.values()):
                print(f"  missed {path.name} {probe['query']} {row} {text[:80]!r}")
            yield path.suffix, row


def _in_order(text: str, headings: list[str]) -> bool:
    where = norm(text)
    position = 0
    for heading in headings:
        found = where.find(norm(heading), position)
        if found < 0:
            return False
        position = found + len(norm(heading))
    return True


def report(name: str, rows: list[tuple[str, Score]]) -> dict[str, Any]:
    totals: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for group, score in rows:
        for key, value in score.items():
            if value is not None:
                totals["all"][key].append(value)
                totals[group][key].append(value)
    print(f"\n{name}")
    for group, scores in sorted(totals.items()):
        shown = "  ".join(
            f"{key} {100 * sum(v) / len(v):.1f} ({sum(v)}/{len(v)})" for key, v in scores.items()
        )
        print(f"  {group:<12} {shown}")
    return {
        group: {key: sum(v) / len(v) for key, v in scores.items()}
        for group, scores in totals.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "sets", nargs="+", choices=["contextual", "feedback", "messages", "structure"]
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--embedder", default="none", help="as in MEMLOOM_EMBEDDER__MODEL")
    parser.add_argument("--json", type=Path, help="write the shares here as well")
    parser.add_argument("--write", type=Path, help="replace the table in this Markdown file")
    arguments = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    settings = {"MEMLOOM_EMBEDDER__MODEL": arguments.embedder}
    with (
        tempfile.TemporaryDirectory() as folder,
        Memloom(Path(folder) / "data", settings=settings) as memloom,
    ):
        for name in arguments.sets:
            cases = load(arguments.data / f"{name}.jsonl")
            with ThreadPoolExecutor(arguments.workers) as pool:
                run = partial(rows_of, memloom, name, arguments.data)
                results[name] = report(name, [row for rows in pool.map(run, cases) for row in rows])
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(results, indent=2))
    if arguments.write:
        mark = "scenarios" if arguments.embedder == "none" else "scenarios with an embedder"
        write_table(arguments.write, mark, scenario_table(results))


def scenario_table(results: dict[str, dict[str, Any]]) -> str:
    """One row a set and group."""
    lines = ["| set | group | share in % |", "|---|---|---|"]
    for name, groups in results.items():
        for group, scores in sorted(groups.items()):
            shown = ", ".join(f"{key} {100 * value:.1f}" for key, value in scores.items())
            lines.append(f"| {name} | {group} | {shown} |")
    return "\n".join(lines)


def rows_of(memloom: Memloom, name: str, folder: Path, case: Case) -> list[tuple[str, Score]]:
    if name == "structure":
        return list(structure(memloom, case, folder))
    score = {"contextual": contextual, "feedback": feedback, "messages": messages}[name](
        memloom, case
    )
    if name == "messages":
        return [(key.partition("/")[0], {"passed": value}) for key, value in score.items()]
    if not all(score.get(main, True) for main in ("variant@1", "fact@5", "case")):
        print(f"  missed {case['id']} {score}")
    return [(f"{case['lang']}/{case['kind']}", score)]


if __name__ == "__main__":
    main()
