"""Structure probes: are passages whole, under their headings, rows with their header?

`python -m evals.structure [folder]`: scores `structure.jsonl` of the scenarios as their README
says, in every file form, with plain BM25 over the passages of the one document.
"""

import argparse
import asyncio
import json
import math
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.contracts.blocks import Passage
from services.memorizer.domain.segmentation import segment
from services.parser.app import make_pool, parse_file
from services.parser.settings import ParserSettings

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = ROOT.parent / "shared" / "data" / "scenarios"
TARGETS = {"top1": 93.0, "path": 95.0, "kept": 100.0}


def norm(text: str) -> str:
    """As the scenarios' README defines it."""
    text = text.replace("，", "、")
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return re.sub(r"\s*([\u3400-\u9fff])\s*", r"\1", text)


def contains(text: str, needle: str) -> bool:
    """Whether `needle` is in `text`, no number inside a longer one."""
    found, start = norm(needle), 0
    body = norm(text)
    while (at := body.find(found, start)) >= 0:
        before, after = body[at - 1 : at], body[at + len(found) : at + len(found) + 1]
        inside = (found[0].isdigit() and before.isdigit()) or (
            found[-1].isdigit() and after.isdigit()
        )
        short = len(found) <= 3 and found.isascii() and found.isalpha()
        if short and (before.isalpha() or after.isalpha()):
            inside = True
        if not inside:
            return True
        start = at + 1
    return False


def plain_tokens(text: str) -> list[str]:
    """Lower-case words, and bigrams of Chinese characters."""
    text = unicodedata.normalize("NFKC", text).casefold()
    found: list[str] = re.findall(r"[a-z0-9]+", text)
    for run in re.findall(r"[\u3400-\u9fff]+", text):
        found += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    return found


def ranked(
    passages: list[Passage], query: str, tokens: Callable[[str], list[str]]
) -> list[Passage]:
    """Best first, by BM25 (k1 1.2, b 0.75) over text and context."""
    documents = [Counter(tokens(f"{p.context}\n{p.text}")) for p in passages]
    lengths = [sum(document.values()) for document in documents]
    average = sum(lengths) / len(lengths)
    scores = [0.0] * len(passages)
    for term in set(tokens(query)):
        having = sum(term in document for document in documents)
        idf = math.log(1 + (len(documents) - having + 0.5) / (having + 0.5))
        for at, document in enumerate(documents):
            tf = document[term]
            scores[at] += idf * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * lengths[at] / average))
    order = sorted(range(len(passages)), key=lambda at: (-scores[at], at))
    return [passages[at] for at in order]


def is_right(passage: Passage, probe: dict[str, Any]) -> bool:
    """Whether it holds all that it must, and nothing that it must not."""
    return all(contains(passage.text, needle) for needle in probe["must_contain"]) and not any(
        contains(passage.text, needle) for needle in probe["not_contain"]
    )


def has_path(passage: Passage, wanted: list[str]) -> bool:
    """The wanted headings in this order in the path, or all of them in the text."""
    path = iter(norm(entry) for entry in passage.heading_path)
    if all(any(norm(entry) in step for step in path) for entry in wanted):
        return True
    position = 0
    for entry in wanted:
        at = norm(passage.text).find(norm(entry), position)
        if at < 0:
            return False
        position = at + len(norm(entry))
    return True


async def main() -> int:
    """Print the tables; 1 when a target is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=DEFAULT)
    arguments.add_argument("--misses", action="store_true", help="show every miss")
    arguments.add_argument("--plain", action="store_true", help="no stems, no stop words")
    arguments.add_argument("--target", type=int, default=240)
    arguments.add_argument("--max", type=int, default=400)
    options = arguments.parse_args()
    folder: Path = options.folder
    tallies: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    sizes: dict[str, list[int]] = defaultdict(list)
    pool = make_pool(ParserSettings(workers=1))
    encoder = None if options.plain else LexicalBm25()
    for line in (folder / "structure.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        for file in case["files"]:
            path = folder / file
            document = await parse_file(path, pool=pool)
            passages = segment(
                document,
                document_name=path.name,
                target_tokens=options.target,
                max_tokens=options.max,
            )
            form = path.suffix[1:]
            sizes[form] += [passage.tokens for passage in passages]
            for probe in case["probes"]:
                best = ranked(passages, probe["query"], encoder.tokens if encoder else plain_tokens)
                first = best[0]
                right = next((passage for passage in best if is_right(passage, probe)), None)
                marks = {
                    "top1": is_right(first, probe),
                    "top3": any(is_right(passage, probe) for passage in best[:3]),
                    "path": has_path(first, probe["heading_path"]),
                }
                if probe["header"]:
                    marks["header"] = all(contains(first.text, name) for name in probe["header"])
                    # Whether the row has its header, whatever the search found first.
                    marks["kept"] = right is not None and all(
                        contains(right.text, name) for name in probe["header"]
                    )
                if options.misses and not all(marks.values()):
                    print(path.name, probe["query"], marks, first.heading_path, first.text[:80])
                for group in ((form, "all"), (form, probe["kind"]), ("all", "all")):
                    tallies[group].update({"n": 1})
                    for name, passed in marks.items():
                        tallies[group].update({name: int(passed), f"{name}/n": 1})
    await pool.close()
    _print(tallies, sizes)
    total = tallies["all", "all"]
    return int(any(_share(total, name) < least for name, least in TARGETS.items()))


def _share(tally: Counter[str], name: str) -> float:
    return 100.0 * tally[name] / tally[f"{name}/n"] if tally[f"{name}/n"] else 100.0


def _print(tallies: dict[tuple[str, str], Counter[str]], sizes: dict[str, list[int]]) -> None:
    print(f"{'form':6}{'kind':16}{'n':>4}{'top1':>7}{'top3':>7}{'path':>7}{'header':>8}{'kept':>7}")
    for (form, kind), tally in sorted(tallies.items()):
        marks = [_share(tally, name) for name in ("top1", "top3", "path")]
        shown = "".join(f"{mark:7.1f}" for mark in marks)
        header = f"{_share(tally, 'header'):8.1f}" if tally["header/n"] else f"{'-':>8}"
        kept = f"{_share(tally, 'kept'):7.1f}" if tally["header/n"] else f"{'-':>7}"
        print(f"{form:6}{kind:16}{tally['n']:4}{shown}{header}{kept}")
    print(f"\n{'form':6}{'passages':>9}{'median':>8}{'largest':>9}  (tokens)")
    for form, values in sorted(sizes.items()):
        print(f"{form:6}{len(values):9}{median(values):8.0f}{max(values):9}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
