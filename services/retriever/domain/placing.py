"""The place of corrections in an answer: above what they correct, where the query asks for it.

When the query asks for the corrected statement (and for no sibling beside it), the correction
stands above every text that still says the old thing.
"""

import math
import re
from collections.abc import Mapping, Sequence
from enum import IntEnum
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord
from services.kernel.language.naming import empty, mixed
from services.kernel.language.text import Lexicon, heading_text
from services.retriever.domain.asking import (
    can_answer,
    can_hold,
    is_question,
    kind_of,
    without_question_words,
)
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.corrections import Correction, on_any, slot
from services.retriever.domain.query import Analysis
from services.retriever.domain.text import bag as words_of

_CLAUSE = re.compile(r"(?:[^。！？!?；;，,\n.]|[.,](?!\s|$))+[。！？!?；;，,\n.]*")
_STEP = 1e-3
# What a correction of a text that the query does not find is worth.
_ELSEWHERE = 0.5
# A text is hardly better found where the corrected one has this share of its score.
_NEAR = 0.6
# The same of a text that has nothing of the kind that is asked for.
_FAR = 0.3
# Share of a query's own words that make it the very question that was corrected.
_VERBATIM = 0.9


class Asked(IntEnum):
    """How far a query asks for a corrected statement."""

    NO = 0
    YES = 1
    VERBATIM = 2


def place(
    candidates: Sequence[Candidate],
    corrections: Sequence[Correction],
    analysis: Analysis,
    lexicon: Lexicon,
) -> None:
    """Move the corrections' scores: above what they correct where the query asks for that
    statement, just below it where the query asks for a sibling.
    """
    by_id = {candidate.id: candidate for candidate in candidates}
    texts = [c for c in candidates if c.record.kind is not Kind.CORRECTION]
    _drop_unknown(candidates, corrections)
    for correction in corrections:
        own = by_id.get(correction.record.id)
        if correction.heirs:
            _inherit(correction, own, texts, analysis, lexicon)
        if own is not None and own.score > 0:
            _place(correction, own, texts, analysis, lexicon)
    for correction in corrections:
        if correction.announced:
            _wait(correction, corrections, by_id)


def _drop_unknown(candidates: Sequence[Candidate], corrections: Sequence[Correction]) -> None:
    """A correction that holds no more is not shown."""
    known = {correction.record.id for correction in corrections}
    for candidate in candidates:
        if candidate.record.kind is Kind.CORRECTION and candidate.id not in known:
            candidate.score = 0.0


def _place(
    correction: Correction,
    own: Candidate,
    texts: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
) -> None:
    touched = [candidate for candidate in texts if correction.touches(candidate.record)]
    if not touched:
        own.score *= _ELSEWHERE if correction.anchors else 1.0
        return
    best = max(touched, key=lambda candidate: candidate.score)
    asked = asks_for(correction, best.record, analysis, lexicon)
    if asked is Asked.NO:
        own.score = min(own.score, best.score - _STEP)
        return
    # Of several corrections of one text, the one that the words fit better comes first; what
    # holds already comes before what is announced.
    above = best.score + _STEP * (0.5 if correction.announced else 1 + own.score)
    if asked is Asked.VERBATIM:
        own.score = max(own.score, above)
    elif _known_question(correction, analysis):
        own.score = above
    else:
        above = max(above, _lifted(own, best, texts, analysis, lexicon))
        own.score = max(own.score, above) if _brings(own, best, analysis, lexicon) else above
    own.score = min(own.score, max(above, _named(own, best, texts, analysis, lexicon)))


def _wait(
    correction: Correction,
    corrections: Sequence[Correction],
    by_id: Mapping[UUID, Candidate],
) -> None:
    """What is announced stands below what holds until then."""
    own = by_id.get(correction.record.id)
    holding = [
        found.score
        for other in corrections
        if _same_slot(other, correction) and (found := by_id.get(other.record.id)) is not None
    ]
    if own is not None and any(score > 0 for score in holding):
        own.score = min(own.score, min(score for score in holding if score > 0) - _STEP / 4)


def _same_slot(first: Correction, second: Correction) -> bool:
    return slot(first.record) == slot(second.record) and not first.announced


def _named(
    own: Candidate,
    best: Candidate,
    texts: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
) -> float:
    """A score below all texts that the query finds better than the corrected one and whose title
    it names in words that the correction lacks; no limit where there are none.
    """
    telling = _lacking(own, best, analysis, lexicon)
    named = (
        text.score - _STEP
        for text in texts
        if text.score > best.score
        and any(term in lexicon.bag(heading_text(text.record)).counts for term in telling)
    )
    return min(named, default=math.inf)


def _lacking(own: Candidate, best: Candidate, analysis: Analysis, lexicon: Lexicon) -> list[str]:
    """The query's words that neither the correction nor the text that it corrects has."""
    bags = [words_of(own, lexicon), words_of(best, lexicon)]
    mine = {term for bag in bags for term in (*bag.counts, *bag.singles)}
    asked = (*_asked_terms(analysis, lexicon), *_asked_singles(analysis, lexicon))
    return [term for term in asked if term not in mine]


def _inherit(
    correction: Correction,
    own: Candidate | None,
    texts: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
) -> None:
    """What says the new thing stands above what says the old one, and the correction is not
    shown; it is only where the query finds nothing else that says the new thing.
    """
    heirs = [text for text in texts if on_any(correction.heirs, text.record)]
    stale = [text for text in texts if correction.touches(text.record) and text not in heirs]
    if stale and not heirs:
        return
    if own is not None:
        own.score = 0.0
    if stale:
        best = max(stale, key=lambda text: text.score)
        heir = max(heirs, key=lambda text: text.score)
        if asks_for(correction, best.record, analysis, lexicon) is not Asked.NO:
            heir.score = max(heir.score, best.score + _STEP)


def _lifted(
    own: Candidate,
    best: Candidate,
    texts: Sequence[Candidate],
    analysis: Analysis,
    lexicon: Lexicon,
) -> float:
    """A score above all texts of the corrected document that are hardly better found and answer
    no better: they have no more of the query than the correction has, or nothing of the kind
    that is asked for; and below those that answer better.
    """
    if best.record.anchor is None:
        return 0.0
    document = best.record.anchor.document_id
    telling = _lacking(own, best, analysis, lexicon)
    kind = kind_of(analysis.text)
    ceiling, plain = math.inf, [best.score]
    for text in texts:
        anchor = text.record.anchor
        if anchor is None or anchor.document_id != document or text.score <= best.score:
            continue
        bag = words_of(text, lexicon)
        more = any(term in bag.counts or term in bag.singles for term in telling)
        able = can_hold(kind, text.record.value)
        if best.score < (_NEAR if able else _FAR) * text.score or (more and able):
            ceiling = min(ceiling, text.score)
        else:
            plain.append(text.score)
    return max(score for score in plain if score < ceiling) + _STEP * (1 + own.score)


def _brings(own: Candidate, best: Candidate, analysis: Analysis, lexicon: Lexicon) -> bool:
    """Whether the correction has words of the query that the corrected text lacks."""
    mine, theirs = words_of(own, lexicon).counts, words_of(best, lexicon).counts
    return any(term in mine and term not in theirs for term in analysis.terms if not empty(term))


def asks_for(
    correction: Correction, corrected: MemoryRecord, analysis: Analysis, lexicon: Lexicon
) -> Asked:
    """Whether the query asks for the corrected statement rather than for a sibling of it.

    What counts are the query's words that tell the statement from the rest of the corrected
    text: those that the rest lacks, against those that a clause of the rest has and the
    statement lacks. Words that name the whole document, section or subject tell nothing.
    """
    title = lexicon.bag(heading_text(corrected)).counts
    rest = [term for term in analysis.terms if term not in title]
    target = lexicon.bag(_words(correction.record)).counts
    if corrected.anchor is None:
        return Asked.YES
    if rest and _is_verbatim(correction, corrected, rest, target, lexicon):
        return Asked.VERBATIM
    said = _said(correction.record)
    if not can_answer(analysis.text, _detail(correction.record, "new"), said):
        return Asked.NO
    # Where nobody said which question the correction answers, or none is asked, it answers all.
    plain = not _known_question(correction, analysis)
    telling = [term for term in _asked_terms(analysis, lexicon) if term not in title]
    if not telling:
        return Asked(plain or _same_point(correction, title, rest, lexicon))
    mine, others = set(target), []
    old = _detail(correction.record, "old")
    for start, end, text in _clauses(corrected):
        bag = lexicon.bag(text)
        # Long sentences hold much beside the old value; only a known question tells it apart.
        if _inside(correction, corrected, start, end) and (plain or (old and old in text)):
            mine |= bag.counts.keys()
        else:
            others.append(bag.counts)
    ours = sum(term in mine and not any(term in other for other in others) for term in telling)
    theirs = max(
        (sum(term in other and term not in mine for term in telling) for other in others),
        default=0,
    )
    if plain:
        return Asked(ours >= theirs)
    # The question that was corrected is known: another one has to come close to it, and ask for
    # nothing that stands elsewhere.
    close = 2 * sum(term in mine for term in telling) > len(telling)
    return Asked(ours > 0 == theirs and close and _covers(correction, title, rest, lexicon))


def _covers(
    correction: Correction, title: Mapping[str, int], rest: Sequence[str], lexicon: Lexicon
) -> bool:
    """Whether a query has more than half of what the corrected question asks for."""
    subject = without_question_words(_detail(correction.record, "subject"))
    terms = [term for term in dict.fromkeys(lexicon.terms(subject)) if term not in title]
    telling = [term for term in terms if not empty(term) and not mixed(term)]
    return 2 * sum(term in rest for term in telling) >= len(telling)


def _is_verbatim(
    correction: Correction,
    corrected: MemoryRecord,
    rest: Sequence[str],
    target: Mapping[str, int],
    lexicon: Lexicon,
) -> bool:
    """Whether the correction has (nearly) all words of the query, and no other clause of the
    corrected text has one that it lacks: "the English theme" is not "the French theme".
    """
    lacking = [term for term in rest if term not in target]
    if len(lacking) > (1 - _VERBATIM) * len(rest):
        return False
    telling = [term for term in lacking if not empty(term) and not mixed(term)]
    return not any(
        term in lexicon.bag(text).counts
        for start, end, text in _clauses(corrected)
        if telling and not _inside(correction, corrected, start, end)
        for term in telling
    )


def _known_question(correction: Correction, analysis: Analysis) -> bool:
    """Whether it is known which question the correction answers, and a question is asked."""
    return is_question(_said(correction.record)) and is_question(analysis.text)


def _asked_terms(analysis: Analysis, lexicon: Lexicon) -> list[str]:
    """The query's words that can name a thing, without its question words."""
    terms = lexicon.terms(without_question_words(analysis.text))
    return [term for term in dict.fromkeys(terms) if not empty(term) and not mixed(term)]


def _asked_singles(analysis: Analysis, lexicon: Lexicon) -> list[str]:
    """The same of single Chinese characters."""
    singles = lexicon.singles(without_question_words(analysis.text))
    return [single for single in singles if not empty(single)]


def _same_point(
    correction: Correction, title: Mapping[str, int], rest: Sequence[str], lexicon: Lexicon
) -> bool:
    """Whether a question without words of its own is the one that the correction answers."""
    subject = lexicon.terms(_detail(correction.record, "subject") or correction.record.key)
    own = [term for term in subject if term not in title and not empty(term)]
    return not own or any(term in rest for term in own)


def _words(record: MemoryRecord) -> str:
    return f"{record.key}\n{record.value}\n{_detail(record, 'subject')}"


def _said(record: MemoryRecord) -> str:
    """The words of whoever corrected; where they are not known, the correction's own."""
    return "\n".join(item.text for item in record.evidence) or record.value


def _detail(record: MemoryRecord, name: str) -> str:
    value = record.detail.get(name)
    return value if isinstance(value, str) else ""


def _inside(correction: Correction, corrected: MemoryRecord, start: int, end: int) -> bool:
    """Whether a clause lies in what was corrected."""
    anchor = corrected.anchor
    return anchor is not None and any(
        a.document_id == anchor.document_id and a.start < end and start < a.end
        for a in correction.anchors
    )


def _clauses(record: MemoryRecord) -> list[tuple[int, int, str]]:
    """Clauses of a passage with their places in the document's text."""
    base = 0
    if record.anchor is not None:
        # A cut table repeats its header row: the span's own text stands at the end.
        base = record.anchor.end - len(record.value)
    return [
        (base + match.start(), base + match.end(), match.group())
        for match in _CLAUSE.finditer(record.value)
        if match.group().strip()
    ]
