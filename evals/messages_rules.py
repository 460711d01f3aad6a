# ruff: noqa: E501 - sentences stand on one line
"""Scores the extraction rules alone: probes of `messages.jsonl` over what the rules extract.

    python evals/messages_rules.py <messages.jsonl> [--show] [--dump]

Memories are ranked by a plain BM25 (character bigrams, stemmed words); no index, no model. The
scoring follows the README of the scenarios.
"""

import argparse
import json
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import snowballstemmer

from services.kernel.contracts.events import Message, MessagesRecorded, ToolCall
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType, Status
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile

BASE_MS = 1_748_736_000_000  # 2025-06-01, 08:00 in Shanghai
DAY_MS = 86_400_000
_STEMMER = snowballstemmer.stemmer("english")
_STOP = frozenset(
    [
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "with",
        "do",
        "does",
        "did",
        "what",
        "which",
        "who",
        "how",
        "when",
        "where",
        "why",
        "user",
        "s",
        "it",
        "its",
        "that",
        "this",
        "should",
        "would",
        "have",
        "has",
        "had",
        "will",
        "can",
        "about",
        "from",
        "by",
        "as",
        "me",
        "my",
        "i",
        "you",
        "your",
        "their",
        "there",
    ]
)


def norm(text: str) -> str:
    """As the README says."""
    text = text.replace("，", "、")
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()
    return re.sub(r"\s*([\u3400-\u9fff])\s*", r"\1", text)


def contains(text: str, needle: str) -> bool:
    """As the README says."""
    body, wanted = norm(text), norm(needle)
    pattern = re.escape(wanted)
    if wanted[:1].isdigit():
        pattern = r"(?<![\d.])" + pattern
    if wanted[-1:].isdigit():
        pattern += r"(?!\d)"
    if re.fullmatch(r"[a-z0-9]{1,3}", wanted) and re.search("[a-z]", wanted):
        pattern = rf"(?<![a-z0-9]){pattern}(?![a-z0-9])"
    return re.search(pattern, body) is not None


def tokens(text: str) -> list[str]:
    """Stemmed words and Chinese bigrams."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = [
        word for word in re.findall(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", plain) if word not in _STOP
    ]
    found = [str(one) for one in _STEMMER.stemWords(words)]
    for run in re.findall(r"[\u3400-\u9fff]+", plain):
        found.extend(run[at : at + 2] for at in range(max(1, len(run) - 1)))
    return found


class Bm25:
    """BM25 over the records' key, value and (at a lower weight) context."""

    def __init__(self, memories: Sequence[MemoryRecord], context_weight: float = 1.0) -> None:
        self.memories = memories
        self.counts: list[dict[str, float]] = []
        for record in memories:
            count: dict[str, float] = defaultdict(float)
            for term in tokens(f"{record.key} {record.value}"):
                count[term] += 1.0
            for term in tokens(record.context):
                count[term] += context_weight
            self.counts.append(count)
        self.lengths = [sum(count.values()) for count in self.counts]
        self.mean = sum(self.lengths) / max(1, len(self.lengths))
        seen = Counter(term for count in self.counts for term in count)
        size = len(memories)
        self.idf = {term: math.log(1 + (size - n + 0.5) / (n + 0.5)) for term, n in seen.items()}

    def rank(self, query: str) -> list[MemoryRecord]:
        """Best first; ties: facts first, newest first."""
        terms = set(tokens(query))
        scored = []
        for record, count, length in zip(self.memories, self.counts, self.lengths, strict=True):
            score = 0.0
            for term in terms & count.keys():
                tf = count[term]
                score += self.idf[term] * tf * 2.2 / (tf + 1.2 * (0.25 + 0.75 * length / self.mean))
            scored.append((score * record.weight, record.weight, record.valid_from or 0, record))
        scored.sort(key=lambda one: (-one[0], -one[1], -one[2], str(one[3].id)))
        return [record for *_, record in scored]


def event_of(
    case: dict[str, Any], day: int, messages: Iterable[tuple[int, dict[str, Any]]]
) -> MessagesRecorded:
    """The messages of one day as one conversation."""
    made = tuple(
        Message(
            id=f"{case['id']}-{at}",
            role=one["role"],
            text=one.get("content") or "",
            chat_time=BASE_MS + day * DAY_MS + at * 60_000,
            position=at,
            tool_calls=tuple(
                ToolCall(
                    id=call.get("id", ""),
                    name=call["function"]["name"],
                    arguments=call["function"]["arguments"],
                )
                for call in one.get("tool_calls") or ()
            ),
            tool_call_id=one.get("tool_call_id") or "",
        )
        for at, one in messages
    )
    return MessagesRecorded(
        project_id="p", owner=Owner(type=OwnerType.USER, id="u"), conversation_id=f"day{day}",
        task_id="t", messages=made, user_id="u", recorded_at=made[0].chat_time,
    )  # fmt: skip


def memories_of(case: dict[str, Any]) -> list[MemoryRecord]:
    """What is remembered of a case in the end."""
    known: dict[UUID, MemoryRecord] = {}
    days: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for at, message in enumerate(case["messages"]):
        days[message["day"]].append((at, message))
    for day, messages in days.items():
        event = event_of(case, day, messages)
        fresh = records(event, extract(event), now=event.recorded_at)
        changes = reconcile(
            list(known.values()),
            fresh,
            now=event.recorded_at,
            refined=[one.id for one in event.messages],
        )
        known.update({change.record.id: change.record for change in changes})
    return list(known.values())


def passed(probe: dict[str, Any], top: Sequence[str]) -> bool:
    """One probe on the first five texts."""
    others = probe.get("alternatives") or {}

    def has(text: str, needle: str) -> bool:
        return any(contains(text, one) for one in (needle, *others.get(needle, ())))

    expect, absent = probe["expect"], probe["expect_absent"]
    if probe["kind"] == "none":
        return not any(contains(text, one) for text in top for one in absent)
    if not all(any(has(text, needle) for text in top) for needle in expect):
        return False
    if probe["kind"] == "update":
        for text in top:
            if any(has(text, needle) for needle in expect):
                break
            if any(contains(text, one) for one in absent):
                return False
    limit = probe.get("max_hits")
    return limit is None or sum(has(text, expect[0]) for text in top) <= limit


def main() -> None:
    """Print the share of probes passed, by kind and language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--show", action="store_true", help="print failing probes")
    parser.add_argument("--dump", action="store_true", help="print every memory")
    options = parser.parse_args()
    score: dict[str, list[bool]] = defaultdict(list)
    for line in options.path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        all_of = memories_of(case)
        active = [record for record in all_of if record.status is Status.ACTIVATED]
        if options.dump:
            print(f"\n== {case['id']}")
            for record in sorted(all_of, key=lambda one: (one.valid_from or 0, one.ordinal)):
                mark = " " if record.status is Status.ACTIVATED else "x"
                print(
                    f" {mark} {record.kind.value:10} {record.attribute:32} {record.key} | {record.value}"
                )
        ranking = Bm25(active)
        for probe in case.get("probes", ()):
            top = [f"{record.key} {record.value}" for record in ranking.rank(probe["query"])[:5]]
            ok = passed(probe, top)
            for name in ("all", f"kind {probe['kind']}", f"lang {case['lang']}"):
                score[name].append(ok)
            if options.show and not ok:
                print(f"FAILED {case['id']}: {probe}")
                print("".join(f"    {text}\n" for text in top))
    for name, results in score.items():
        print(f"{name:16} {sum(results)}/{len(results)}  {100 * sum(results) / len(results):.1f} %")


if __name__ == "__main__":
    main()
