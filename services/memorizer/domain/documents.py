"""Processed memories of a document, without a model: summary, section statements, keywords.

By extraction: every sentence is the document's own, so numbers and names stay exact. A sentence
scores by how central its terms are to the text (mean of log(1 + tf), damped by its length), more
where it stands early or holds a number, less where it opens with a pronoun that would need the
sentence before. Keywords are the document's repeated phrases: runs of words between function
words in English (Rose et al. 2010), repeated strings of characters in Chinese.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from services.kernel.contracts.blocks import Block, BlockKind, ParsedDocument, Passage
from services.memorizer.domain.extraction.language import is_chinese
from services.memorizer.domain.extraction.sentences import sentences
from services.memorizer.domain.stopwords import EDGES_CHINESE, ENGLISH

_KEYWORDS = 6
_SUMMARY_SENTENCES = 4
_SECTION_SENTENCES = 2
_LONGEST = 420
_SHORTEST_DOCUMENT = 80
_MOST_HEADINGS = 12
_MOST_SECTIONS = 200
_SHORTEST_SENTENCE = 8
_LONGEST_SENTENCE = 300
_READ = 400_000
_READ_CHINESE = 60_000
_LIKELY = 60
_NEARLY_ALWAYS = 0.75
_PROSE = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST_ITEM, BlockKind.TABLE_ROW})
_OPENS_WITH_PRONOUN = re.compile(
    r"^(?:它|他|她|其|该|此|这|那|上述|以下|如下|(?:it|its|they|this|these|those|that|he|she|such|"
    r"the (?:following|above|latter|former))\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Processed:
    """One processed memory. key: title. start, end: characters of the parsed text that it rests
    on, from its first to its last sentence.
    """

    key: str
    value: str
    tags: tuple[str, ...] = ()
    heading_path: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    page_first: int | None = None
    page_last: int | None = None


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    start: int
    end: int
    page: int | None
    path: tuple[str, ...]
    terms: tuple[str, ...]


def processed(
    parsed: ParsedDocument, passages: Sequence[Passage]
) -> tuple[list[Processed], tuple[str, ...]]:
    """(the document's summary, then a statement for every section that was cut into several
    passages; keywords).
    """
    told = _sentences(parsed.blocks)
    if not told or sum(len(one.text) for one in told) < _SHORTEST_DOCUMENT:
        return [], keywords(parsed.title, parsed.text)
    weights = _weights(told)
    words = keywords(parsed.title, parsed.text)
    found = [_summary(parsed, told, weights, words)]
    for path in _long_sections(passages)[:_MOST_SECTIONS]:
        inside = [one for one in told if one.path[: len(path)] == path]
        if statement := _statement(parsed.title, path, inside, weights):
            found.append(statement)
    return found, words


def keywords(title: str, text: str, most: int = _KEYWORDS) -> tuple[str, ...]:
    """Phrases that the text repeats, those of the title first."""
    body = text[:_READ]
    counts = _phrases_zh(body) if is_chinese(body[:4000]) else _phrases_en(body)
    low = title.casefold()
    ranked = sorted(
        counts.items(), key=lambda item: (item[0] not in low, -item[1], -len(item[0]), item[0])
    )
    chosen: list[str] = []
    for phrase, _ in ranked:
        if any(phrase in other or other in phrase for other in chosen):
            continue
        chosen.append(phrase)
        if len(chosen) == most:
            break
    return tuple(chosen)


def _phrases_en(text: str) -> dict[str, float]:
    grams: Counter[tuple[str, ...]] = Counter()
    for part in re.split(r"[^A-Za-z0-9' -]+", text):
        run: list[str] = []
        for word in [*part.casefold().split(), ""]:
            if len(word) > 1 and word not in ENGLISH and not word.isdigit():
                run.append(word)
                continue
            grams.update(
                tuple(run[at : at + size])
                for size in range(1, 4)
                for at in range(len(run) - size + 1)
            )
            run = []
    repeated = {gram: count for gram, count in grams.items() if count > 1}
    shadowed = _shadowed(repeated)
    return {
        " ".join(gram): count * math.sqrt(len(gram))
        for gram, count in repeated.items()
        if gram not in shadowed and len(" ".join(gram)) > len("abc")
    }


def _phrases_zh(text: str) -> dict[str, float]:
    runs = [f" {run} " for run in re.findall(r"[\u3400-\u9fff]{2,}", text[:_READ_CHINESE])]
    grams: Counter[str] = Counter()
    for run in runs:
        for size in range(2, 7):
            grams.update(run[at : at + size] for at in range(1, len(run) - size))
    repeated = {gram: count for gram, count in grams.items() if count > 1}
    shadowed = _shadowed(repeated)
    likely = {
        gram: count * math.sqrt(len(gram) - 1)
        for gram, count in repeated.items()
        if gram not in shadowed and gram[0] not in EDGES_CHINESE and gram[-1] not in EDGES_CHINESE
    }
    best = sorted(likely, key=lambda gram: (-likely[gram], gram))[:_LIKELY]
    return {gram: likely[gram] for gram in best if _free(gram, runs)}


def _free(gram: str, runs: Sequence[str]) -> bool:
    """It has more than one neighbour on both sides: a word, not a piece of one."""
    left: set[str] = set()
    right: set[str] = set()
    for run in runs:
        at = run.find(gram)
        while at > 0:
            left.add(run[at - 1])
            right.add(run[at + len(gram)])
            at = run.find(gram, at + 1)
        if len(left) > 1 and len(right) > 1:
            return True
    return False


_Gram = TypeVar("_Gram", str, tuple[str, ...])


def _shadowed(repeated: dict[_Gram, int]) -> set[_Gram]:
    """Strings that nearly always stand inside one longer string."""
    found: set[_Gram] = set()
    for gram, count in repeated.items():
        for part in (gram[1:], gram[:-1]):
            if repeated.get(part, 0) and count >= _NEARLY_ALWAYS * repeated[part]:
                found.add(part)
    return found


def _sentences(blocks: Iterable[Block]) -> list[_Sentence]:
    found: list[_Sentence] = []
    read = 0
    for block in blocks:
        if block.kind not in _PROSE or block.is_header or read > _READ:
            continue
        read += len(block.text)
        for span in sentences(block.text):
            if not _SHORTEST_SENTENCE <= len(span.text) <= _LONGEST_SENTENCE:
                continue
            start = block.start + span.start
            found.append(
                _Sentence(
                    span.text,
                    start,
                    start + len(span.text),
                    block.page,
                    block.heading_path,
                    _terms(span.text),
                )
            )
    return found


def _terms(text: str) -> tuple[str, ...]:
    low = text.casefold()
    found = [word for word in re.findall(r"[a-z0-9]{2,}", low) if word not in ENGLISH]
    for run in re.findall(r"[\u3400-\u9fff]+", low):
        found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return tuple(found)


def _weights(told: Sequence[_Sentence]) -> dict[str, float]:
    counts = Counter(term for one in told for term in set(one.terms))
    return {term: math.log1p(count) for term, count in counts.items()}


def _best(
    told: Sequence[_Sentence], weights: dict[str, float], most: int, longest: int
) -> list[_Sentence]:
    scored = sorted(
        range(len(told)), key=lambda at: (-_score(told[at], at, len(told), weights), at)
    )
    chosen: list[int] = []
    length = 0
    for at in scored:
        if len(chosen) == most:
            break
        if length + len(told[at].text) > longest and chosen:
            continue
        chosen.append(at)
        length += len(told[at].text)
    return [told[at] for at in sorted(chosen)]


def _score(one: _Sentence, at: int, total: int, weights: dict[str, float]) -> float:
    central = sum(weights.get(term, 0.0) for term in set(one.terms)) / math.sqrt(5 + len(one.terms))
    early = 1.3 if at == 0 else 1.0 + 0.2 * (1 - at / total)
    number = 1.15 if re.search(r"\d", one.text) else 1.0
    dangling = 0.5 if _OPENS_WITH_PRONOUN.match(one.text) else 1.0
    return central * early * number * dangling


def _summary(
    parsed: ParsedDocument,
    told: Sequence[_Sentence],
    weights: dict[str, float],
    words: tuple[str, ...],
) -> Processed:
    chosen = _best(told, weights, _SUMMARY_SENTENCES, _LONGEST)
    headings = list(dict.fromkeys(one.path[0] for one in told if one.path))[:_MOST_HEADINGS]
    points = [one.text for one in chosen]
    if is_chinese(" ".join(points)):
        parts = [f"《{parsed.title}》概要"]
        if headings:
            parts.append("包括：" + "、".join(headings))
        parts.append("要点：" + "".join(_closed(one, "。") for one in points))
        value = "。".join(part.rstrip("。") for part in parts) + "。"
    else:
        parts = [f'Summary of "{parsed.title}".']
        if headings:
            parts.append("It covers: " + "; ".join(headings) + ".")
        parts.append("Key points: " + " ".join(_closed(one, ".") for one in points))
        value = " ".join(parts)
    return _of(parsed.title, value, chosen, tags=words)


def _statement(
    title: str, path: tuple[str, ...], told: Sequence[_Sentence], weights: dict[str, float]
) -> Processed | None:
    chosen = _best(told, weights, _SECTION_SENTENCES, _LONGEST)
    if not chosen:
        return None
    text = " ".join(one.text for one in chosen)
    chinese = is_chinese(text)
    where = " › ".join(path)
    if chinese:
        value = f"《{title}》的“{where}”：" + "".join(_closed(one.text, "。") for one in chosen)
    else:
        value = f"{title}, {where}: " + " ".join(_closed(one.text, ".") for one in chosen)
    return _of(path[-1], value, chosen, path=path)


def _of(
    key: str,
    value: str,
    chosen: Sequence[_Sentence],
    *,
    tags: tuple[str, ...] = (),
    path: tuple[str, ...] = (),
) -> Processed:
    pages = [one.page for one in chosen if one.page is not None]
    return Processed(
        key=key,
        value=value,
        tags=tags,
        heading_path=path,
        start=chosen[0].start,
        end=chosen[-1].end,
        page_first=min(pages, default=None),
        page_last=max(pages, default=None),
    )


def _closed(sentence: str, stop: str) -> str:
    return sentence if sentence[-1:] in "。！？!?.；;:：" else sentence + stop


def _long_sections(passages: Sequence[Passage]) -> list[tuple[str, ...]]:
    """Heading paths, in order, whose text needed more than one passage."""
    counts = Counter(passage.heading_path for passage in passages if passage.heading_path)
    return [path for path, count in counts.items() if count > 1]
