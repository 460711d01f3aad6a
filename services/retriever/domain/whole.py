"""Which documents a query asks for: by what they speak of as a whole, and by the period or the
version that their names bear.

A passage of a long document need not say whom or which year it is about; the document does. So a
passage is also judged by the query's words in its neighbours (interpolation with the document's
score, Callan 1994), names of persons and things above all, the more the more of its document was
found. A query that names a period ("Q3 2023", 第三季度) prefers documents that bear it, one that
asks for the latest the newest of each series of like names. One that names somebody or something
prefers documents that ever do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from services.kernel.language.text import Lexicon
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import MONTH, Analysis, month_of
from services.retriever.domain.text import Indexed
from services.retriever.domain.text import bag as words_of

# Measured on eight quarterly reports of two firms: 1 to 2, 2 to 3, 0.3 to 0.5 differ little.
_WHOLE = 1.0
_NAME = 3.0
_OTHER_PERIOD = 0.4
# As many passages with a name, and a document is about it; one with none of it is not.
_ABOUT = 4
_OTHER_NAME = 0.4
# So many further passages of a document found, and it speaks for all of them.
_ENOUGH = 8

_I = re.IGNORECASE
# Capitals within a sentence, abbreviations, inner capitals, quoted titles: names.
_NAMES = re.compile(
    r"(?<=[a-z,;:’'\u3400-\u9fff] )[A-Z][\w&]+|\b[A-Z]{2,}\b|\b[a-z]*[A-Z]+[a-z]+[A-Z]\w*"
    r"|(?<=[\u3400-\u9fff])[A-Z][A-Za-z]+|\b[A-Z][A-Za-z]+(?=\s?[\u3400-\u9fff])|《[^》]{1,30}》"
)
_LATEST = re.compile(
    r"最新|最近(?:一[期季年份次版]|的)|现行|\b(?:latest|most recent|newest|current version)\b", _I
)
# One thing in many reports: how it changed, in each of them, compared.
_SERIES = re.compile(
    r"趋势|走势|历[年次期届]|逐[年月季期]|各(?:期|季|季度|年|年度|月|次|份|个?版本)|每(?:期|季|季度|年|月)的"
    r"|同比|环比|对比|相比|比较|变化|演变|这几[年期份个次]|这些(?:年|报告|文件|文档|季度|版本)"
    r"|\b(?:trend(?:s|ed|ing)?|over time|compar(?:e|es|ed|ing|ison)|evol(?:ve|ves|ved|ution))\b"
    r"|\b(?:each|every|per) (?:\w+ )?(?:period|quarter|year|month|report|filing|version|edition)\b"
    r"|\b(?:over|across|throughout|between|in|from|of) (?:(?:the|these|those|all|its|their) )*"
    r"(?:\w+ )?(?:periods|quarters|years|months|reports|filings|versions|editions|documents)\b"
    r"|\b(?:has|have|did) .{1,80}\b(?:chang(?:e|ed)|shift(?:ed)?|grow|grown|develop(?:ed)?|vary"
    r"|varied|increased?|decreased?|declined?)\b",
    _I,
)
_ORDINAL = {word: number for number, word in enumerate(("first", "second", "third", "fourth"), 1)}
_ORDINAL |= {word: number for number, word in enumerate("一二三四", 1)}
_ORDINAL |= {"上": 1, "下": 2}
_PERIODS = (
    ("year", re.compile(r"(?<![\d.])((?:19|20)\d\d)(?![\d.]\d|\d)")),
    (
        "quarter",
        re.compile(
            r"(?<![a-z0-9])q([1-4])(?!\d)|(?<![a-z0-9])([1-4])q(?![a-z])"
            r"|\b(first|second|third|fourth)[ -]quarter|第?([一二三四1-4])季度",
            _I,
        ),
    ),
    (
        "half",
        re.compile(
            r"(?<![a-z0-9])h([12])(?!\d)|\b(first|second)[ -]half|([上下])半年",
            _I,
        ),
    ),
    ("month", re.compile(rf"(?<!\d)(\d{{1,2}})\s*月|(?<![a-z])({MONTH})(?![a-z])", _I)),
    (
        "version",
        re.compile(
            r"(?<![a-z0-9])v(?:er(?:sion)?)?\.? ?(\d{1,9}+(?:\.\d{1,9})*)(?!\d)"
            r"|第?(?<!\d)(?<!\d\.)(\d{1,9}+(?:\.\d{1,9})*)版",
            _I,
        ),
    ),
)
_VARYING = re.compile(rf"\d+|[一二三四上下](?=季度|半年)|(?<![a-z])(?:{MONTH})(?![a-z])", _I)

Periods = Mapping[str, frozenset[tuple[int, ...]]]


def periods(text: str) -> Periods:
    """Years, quarters, halves, months and versions that a text names, as numbers."""
    found: dict[str, set[tuple[int, ...]]] = defaultdict(set)
    for name, pattern in _PERIODS:
        for match in pattern.finditer(text):
            word = next(group for group in match.groups() if group).lower()
            # "May I ...": the month has a number beside it.
            if word != "may" or re.search(r"\d", text[max(0, match.start() - 3) : match.end() + 3]):
                found[name].add(_number(word))
    return {name: frozenset(values) for name, values in found.items()}


def asks_for_a_series(text: str) -> bool:
    """Whether a query asks for one thing in many documents."""
    return _SERIES.search(text) is not None


def named(text: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The terms of the persons and things that a text names."""
    found = (term for name in _NAMES.findall(text) for term in lexicon.terms(name))
    return tuple(dict.fromkeys(found))


def weigh_documents(
    candidates: Sequence[Candidate],
    analysis: Analysis,
    weights: Mapping[str, float],
    lexicon: Lexicon,
    *,
    naming: Sequence[Indexed] = (),
) -> None:
    """Move the scores (0..1) of passages by what their documents are. weights: the query's
    terms. naming: passages of these documents that have what the query names, wherever in them.
    """
    documents: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.record.anchor is not None:
            documents[candidate.record.anchor.document_id].append(candidate)
    if len(documents) < 2:  # noqa: PLR2004 - one document is no choice
        return
    names = named(analysis.text, lexicon)
    spoken = _spoken(documents, _with_names(weights, names), lexicon)
    best = max(spoken.values())
    fits = _fits(documents, analysis.text)
    about = _about(documents, [*candidates, *naming], names, lexicon)
    for document, found in documents.items():
        sure = min(1.0, (len(found) - 1) / _ENOUGH)
        lost = _WHOLE * sure * (best - spoken[document])
        for candidate in found:
            candidate.score = max(0.0, candidate.score - lost) * fits[document] * about[document]
            for channel, factor in (("period", fits[document]), ("named", about[document])):
                if factor < 1.0:
                    candidate.scores[channel] = factor


def _with_names(weights: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    return {term: w * (_NAME if term in names else 1.0) for term, w in weights.items()}


def _about(
    documents: Iterable[str], passages: Iterable[Indexed], names: Sequence[str], lexicon: Lexicon
) -> dict[str, float]:
    """1 for a document that may be meant, less for one that lacks what the query names while
    others speak of it all along.
    """
    distinct = {passage.record.id: passage for passage in passages} if names else {}
    speaks: dict[str, Counter[str]] = {name: Counter() for name in names}
    for passage in distinct.values():
        anchor = passage.record.anchor
        if anchor is not None:
            counts = words_of(passage, lexicon).counts
            for name in names:
                speaks[name][anchor.document_id] += name in counts
    known = [counts for counts in speaks.values() if max(counts.values(), default=0) >= _ABOUT]
    return {
        document: _OTHER_NAME ** sum(not counts[document] for counts in known)
        for document in documents
    }


def _spoken(
    documents: Mapping[str, Sequence[Candidate]], weights: Mapping[str, float], lexicon: Lexicon
) -> dict[str, float]:
    """The share of the query's weight that stands anywhere in a document's found passages."""
    total = sum(weights.values()) or 1.0
    spoken = {}
    for document, found in documents.items():
        bags = [words_of(candidate, lexicon).counts for candidate in found]
        has = (w for term, w in weights.items() if any(term in bag for bag in bags))
        spoken[document] = sum(has) / total
    return spoken


def _fits(documents: Mapping[str, Sequence[Candidate]], text: str) -> dict[str, float]:
    """1 for a document that may be meant, less for one whose name bears another period."""
    asked = periods(text)
    if not asked and not _LATEST.search(text):
        return dict.fromkeys(documents, 1.0)
    names = {document: _name(found[0]) for document, found in documents.items()}
    borne = {document: periods(name) for document, name in names.items()}
    if asked:
        return {
            document: _OTHER_PERIOD
            ** sum(1 for kind, values in mine.items() if kind in asked and not values & asked[kind])
            for document, mine in borne.items()
        }
    newest: dict[str, list[tuple[int, ...]]] = {}
    series = {document: _VARYING.sub("#", name.lower()) for document, name in names.items()}
    for document, name in series.items():
        newest[name] = max(newest.get(name, []), _age(borne[document]))
    return {
        document: 1.0 if _age(borne[document]) == newest[series[document]] else _OTHER_PERIOD
        for document in documents
    }


def _age(borne: Periods) -> list[tuple[int, ...]]:
    return [max(borne.get(name, {(0,)})) for name, _ in _PERIODS]


def _name(candidate: Candidate) -> str:
    """The document's file name, or its title where the name bears no period."""
    record = candidate.record
    name = PurePath(record.anchor.document_name).stem if record.anchor is not None else ""
    return name if periods(name) else record.context.partition(" › ")[0] or name


def _number(word: str) -> tuple[int, ...]:
    if word[0].isdigit():
        return tuple(map(int, word.split(".")))
    return (_ORDINAL.get(word) or month_of(word),)
