"""How well the rules of feedback read and place corrections: shares over the sample sets.

Usage: python -m evals.corrections_rules [path to shared data]
"""

import json
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

from services.feedback.domain.deciding import Case, decide, new_knowledge
from services.feedback.domain.folding import occurrences, squeeze
from services.feedback.domain.reading import read
from services.feedback.domain.splitting import sentences
from services.feedback.domain.statements import Candidate
from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.contracts.events import Decision
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    Owner,
    OwnerType,
)
from tests.support.corrections import decided, passages
from tests.support.phrasings import CORRECTIONS, DOCUMENTS, TALK

NOW = 1_750_000_000_000
BASE = Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb")
ENCODER = LexicalBm25()


def record(document: str, title: str, text: str, start: int = 0, context: str = "") -> MemoryRecord:
    """A passage of a document."""
    return MemoryRecord(
        id=derive(document, start, text),
        project_id="p",
        owner=BASE,
        kind=Kind.PASSAGE,
        key=title,
        value=text,
        context=context or title,
        anchor=DocumentAnchor(
            knowledgebase_id="kb",
            document_id=document,
            document_name=document,
            start=start,
            end=start + len(text),
        ),
        created_at=NOW,
        updated_at=NOW,
    )


class Bm25:
    """Plain BM25 over records, for candidates."""

    def __init__(self, records: list[MemoryRecord]) -> None:
        self.records = records
        self.postings: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.lengths: list[int] = []
        for number, item in enumerate(records):
            counts = Counter(ENCODER.tokens(f"{item.context}\n{item.value}"))
            self.lengths.append(sum(counts.values()))
            for term, count in counts.items():
                self.postings[term].append((number, count))
        self.average = sum(self.lengths) / len(self.lengths)

    def search(self, query: str, limit: int = 10) -> list[Candidate]:
        """The best records."""
        scores: defaultdict[int, float] = defaultdict(float)
        for term in set(ENCODER.tokens(query)):
            found = self.postings.get(term, [])
            idf = math.log(1 + (len(self.records) - len(found) + 0.5) / (len(found) + 0.5))
            for number, count in found:
                norm = 1.2 * (0.5 + 0.5 * self.lengths[number] / self.average)
                scores[number] += idf * count * 2.2 / (count + norm)
        best = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
        return [Candidate(self.records[number], rank) for rank, (number, _) in enumerate(best)]


def decisions(text: str, index: Bm25) -> tuple[list[Decision], str]:
    """What the rules decide on a feedback."""
    reading = read(text, now=NOW, timezone="Asia/Shanghai")
    if not reading.intents:
        return [], reading.reason
    found: dict[object, Candidate] = {}
    for query in [text, *(f"{i.context or i.subject} {i.old}" for i in reading.intents)]:
        for candidate in index.search(query):
            known = found.get(candidate.record.id)
            if known is None or candidate.rank < known.rank:
                found[candidate.record.id] = candidate
    candidates = sorted(found.values(), key=lambda c: c.rank)
    case = Case("f", BASE, timezone="Asia/Shanghai")
    verdict = decide(reading, candidates, case, ENCODER.tokens)
    made = list(verdict.decisions)
    made += new_knowledge(verdict.unmatched, candidates, case, ENCODER.tokens)
    return made, verdict.reason


def cmrc(data: Path, *, show: bool) -> None:
    """Three hundred corrections of encyclopedia passages."""
    passages = [
        json.loads(line)
        for line in (data / "docs_zh/cmrc2018_dev/passages.jsonl").read_text("utf-8").splitlines()
    ]
    index = Bm25([record(p["id"], p["title"], p["text"]) for p in passages])
    texts = {p["id"]: p["text"] for p in passages}
    shares: Counter[str] = Counter()
    total = 0
    for line in (data / "corrections/zh_cmrc.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        made, reason = decisions(case["feedback"], index)
        total += 1
        text = texts[case["passage"]]
        spots = occurrences(text, case["old"])
        lines = {
            (span.start, span.end)
            for span in sentences(text)
            for start, end in spots
            if span.start < end and start < span.end
        }
        anchors = [a for d in made for a in d.anchors if a.document_id == case["passage"]]
        elsewhere = [a for d in made for a in d.anchors if a.document_id != case["passage"]]
        checks = {
            "one decision": len(made) == 1,
            "passage": bool(anchors),
            "sentence": any(a.start < e and s < a.end for a in anchors for s, e in lines),
            "nothing else touched": not elsewhere,
            "new": any(squeeze(d.new) == squeeze(case["new"]) for d in made),
            "new in text": any(squeeze(case["new"]) in squeeze(d.text) for d in made),
        }
        if case["old"] in case["feedback"]:
            shares["(named)"] += 1
            checks["old (where named)"] = any(squeeze(d.old) == squeeze(case["old"]) for d in made)
        for name, good in checks.items():
            shares[name] += good
            if not good and show:
                print(f"  {name}: {case['feedback']}")
                print(f"     → {[(d.kind, d.old, d.new, d.before[:60]) for d in made]} {reason}")
    named = shares.pop("(named)")
    print(f"zh_cmrc: {total} corrections")
    for name, count in shares.items():
        print(f"  {name:22} {100 * count / (named if 'named' in name else total):6.1f} %")


def chapters(name: str, text: str) -> list[MemoryRecord]:
    """A markdown document as passages, one a section."""
    found, start, title, heading = [], 0, "", ""
    lines = text.split("\n")
    at = 0
    body: list[tuple[int, str]] = []

    def flush() -> None:
        if body:
            begin, end = body[0][0], body[-1][0] + len(body[-1][1])
            context = " › ".join(part for part in (title or name, heading) if part)
            found.append(record(name, heading or title, text[begin:end], begin, context))
            body.clear()

    for line in lines:
        if line.startswith("#"):
            flush()
            label = line.lstrip("# ")
            title, heading = (label, "") if line.startswith("# ") else (title, label)
        elif line.strip():
            body.append((at, line))
        at += len(line) + 1
    flush()
    del start
    return found


def scenarios(data: Path, *, show: bool) -> None:
    """The feedback scenarios: created or not, and all stale texts anchored."""
    right = total = 0
    for line in (data / "scenarios/feedback.jsonl").read_text("utf-8").splitlines():
        case = json.loads(line)
        records = [r for d in case["documents"] for r in chapters(d["name"], d["text"])]
        made, reason = decisions(case["feedback_content"], Bm25(records))
        total += 1
        expect = case["expect_created"]
        good = expect == "any" or (expect == "yes") == bool(made)
        for query in case["queries"]:
            stale = query["must_rank_above"]
            if stale is None or not made:
                continue
            holders = [r for r in records if stale.casefold() in r.value.casefold()]
            touched = any(
                a.start < r.anchor.end and r.anchor.start < a.end
                for r in holders
                if r.anchor
                for d in made
                for a in d.anchors
            )
            good = good and (touched or not holders)
        right += good
        if show or not good:
            print(f"{'ok ' if good else 'BAD'} {case['id']}: {case['feedback_content']} {reason}")
            for d in made:
                print(
                    f"      {d.kind} {d.old!r} → {d.new!r} | {d.before!r} → {d.after!r} | {d.text}"
                )
    print(f"feedback.jsonl: {right} of {total}")


def phrasings(*, show: bool) -> None:
    """The many ways of correcting, and talk that corrects nothing."""
    records = [item for name, text in DOCUMENTS.items() for item in passages(name, text)]
    missed = [
        (said.words, [(d.kind, d.old, d.new, d.before) for d in decided(said.words, records)[0]])
        for said in CORRECTIONS
        if not said.is_met(decided(said.words, records)[0])
    ]
    heard = [words for words in TALK if decided(words, records)[0]]
    print(f"corrections understood: {len(CORRECTIONS) - len(missed)} of {len(CORRECTIONS)}")
    print(f"talk that changes nothing: {len(TALK) - len(heard)} of {len(TALK)}")
    for words, made in missed if show else ():
        print(f"  missed {words} → {made}")
    for words in heard:
        print(f"  heard {words}")


def main() -> None:
    """Print the shares."""
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    data = Path(arguments[0]) if arguments else default
    show = "-v" in sys.argv
    phrasings(show=show)
    cmrc(data, show=show)
    scenarios(data, show=show)


if __name__ == "__main__":
    main()
