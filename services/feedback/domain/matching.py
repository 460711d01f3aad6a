"""Which statement a correction touches, and what stands there now."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from services.feedback.domain.folding import occurrences, squeeze
from services.feedback.domain.intents import Intent
from services.feedback.domain.patterns import CUES
from services.feedback.domain.phrases import ASKS
from services.feedback.domain.places import (
    DISTINCTIVE,
    alike,
    exchangeable,
    groups,
    is_distinctive,
    lone_value,
    states,
    widened,
)
from services.feedback.domain.statements import Statement, Statements
from services.feedback.domain.values import Value, labelled, names, same_kind, values
from services.kernel.contracts.records import Kind

# Least share of the subject's weight that the statement and its surroundings must hold.
LEAST_WITH_OLD = 0.12
LEAST = 0.38
LEAST_PLAIN = 0.5
# Where a value of the same kind stands there, or the words make an exception.
LEAST_FITTING = 0.25
RELATED = 0.25
# The same for a statement that says the new value already.
SAYS_SO = 0.45
# The same for words that need no help from the statement to be understood.
COVERED = 0.4
_SAME_KIND_BONUS = 0.3
_RANK_PRIOR = 0.08
_FOUND_FIRST = 0.12
# Share of the best one's rating with which another sentence may be meant as well.
_NEARLY = 0.8
_SIBLING = 0.8
# What it counts that the words name the whole title, not a part of a longer one.
_NAMED = 0.25
# The same value in the same document: at least this share of the first place's own words.
_AGAIN = 0.15
# Share of what the statement has of the subject that stands before "is".
_SUBJECT = 0.5
_HEAD = re.compile(r"的([\u3400-\u9fff]{2,8})")
_PREDICATE = re.compile(
    r"(?:是|为|叫做?)\s*(?P<value>[^，,。；;\s]{1,20})|\b(?:is|are|named|called)\s+(?P<word>[^,;.]{1,40})"
)


@dataclass(frozen=True, slots=True)
class Match:
    """A statement with the place of the old value in it (None where none is known).

    same: further statements that say the same elsewhere. says_so: the statement holds the new
    value already.
    """

    statement: Statement
    score: float
    old: str = ""
    place: tuple[int, int] | None = None
    same: tuple[Statement, ...] = ()
    says_so: bool = False


class Matcher:
    """Finds the statements that an intent touches."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def best(self, intent: Intent, *, hints: Iterable[str] = ()) -> Match | None:
        """The best match; hints: words of the conversation, for words without a subject."""
        terms = self._terms(intent, hints)
        told = self._told_old(intent)
        for corrections in (False, True):
            pool = [
                item
                for item in self._statements.all
                if (item.record.kind is Kind.CORRECTION) is corrections
            ]
            match = self._best_of(intent, pool, terms, told)
            if match is not None:
                return match
        return None

    def relatedness(self, intent: Intent) -> float:
        """How much of what the words are about any candidate holds, 0..1."""
        terms = self._statements.terms(f"{intent.subject} {intent.context}")
        return max(
            (self._statements.coverage(terms, item) for item in self._statements.all), default=0.0
        )

    def covers(self, words: str, clause: str) -> bool:
        """Whether the words name most of what the clause names."""
        named, said = self._statements.terms(clause), self._statements.terms(words)
        total = sum(map(self._statements.weight, named))
        shared = sum(map(self._statements.weight, named & said))
        return total == 0 or shared / total >= COVERED

    def everywhere(self, old: str, *, most: int) -> list[Statement]:
        """Sentences that hold a term that is renamed."""
        found = [item for item in self._statements.all if not item.is_clause and item.holds(old)]
        return found[:most]

    def _terms(self, intent: Intent, hints: Iterable[str]) -> frozenset[str]:
        own = self._statements.terms(f"{intent.subject} {intent.context}")
        if own:
            return own
        hinted = self._statements.terms(" ".join(hints))
        return hinted or self._statements.terms(intent.words)

    def _told_old(  # noqa: PLR0911 - one line a way of telling
        self, intent: Intent
    ) -> str:
        """The old value that the words name: said as such, or what stood before 改为."""
        if intent.old:
            return intent.old
        if intent.kind == "rename_term" and intent.left:
            return intent.left
        if not intent.left or len(intent.left) > 60:  # noqa: PLR2004 - a value, not a sentence
            return ""
        before, after = values(intent.left), values(intent.new)
        if before:
            literal = self._literal(intent.left)
            if literal:
                return literal
            if after and any(same_kind(a, b) for a in before for b in after) and len(before) == 1:
                return before[0].text if intent.subject else intent.left
            return ""
        return "" if after or not intent.erratum else self._literal(intent.left)

    def _literal(self, text: str) -> str:
        """The text where a statement holds it as a value, not as the label of one."""
        for item in self._statements.all:
            for _, end in occurrences(item.text, text):
                if not re.match(r"\s*(?:[:：]|是|为|叫|由|is\b|are\b)", item.text[end:]):
                    return text
        return ""

    def _best_of(
        self, intent: Intent, pool: Sequence[Statement], terms: frozenset[str], told: str
    ) -> Match | None:
        if told:
            holding = [item for item in pool if item.holds(told)]
            found = self._with_old(intent, holding, terms, told) if holding else None
            if found is not None or (holding and intent.old):
                return found
            told = intent.old
            lone = lone_value(told, intent.new)
            if lone:
                narrower = replace(intent, old=lone)
                return self._best_of(narrower, pool, terms, lone)
        return self._by_subject(intent, pool, terms, told)

    def _with_old(
        self, intent: Intent, holding: Sequence[Statement], terms: frozenset[str], told: str
    ) -> Match | None:
        best = max(holding, key=lambda item: self._score(item, terms))
        score = self._statements.coverage(terms, best)
        lone = len({(item.record.id, item.sentence) for item in holding}) == 1
        distinctive = len(squeeze(told)) >= DISTINCTIVE and lone  # no mere number
        if terms and score < LEAST_WITH_OLD and not distinctive and intent.subject:
            return None
        inside = [item for item in holding if item.is_clause]
        narrowed = self._narrow(best, inside, terms, self._head(intent))
        place = self._nearest(narrowed, narrowed.holds(told), terms)
        place = widened(narrowed, place, intent.new)
        same = (*self._same(narrowed, holding, terms), *self._again(narrowed, holding, terms, told))
        return Match(narrowed, max(score, 0.5), narrowed.text[place[0] : place[1]], place, same)

    def _by_subject(  # noqa: C901, PLR0911 - each way out says why there is no match
        self, intent: Intent, pool: Sequence[Statement], terms: frozenset[str], told: str
    ) -> Match | None:
        wanted = values(intent.new)
        sentences = [item for item in pool if not item.is_clause]
        if not sentences or not terms:
            return None

        def rated(item: Statement) -> float:
            bonus = 0.0
            if wanted and intent.kind == "replace_value":
                bonus = _SAME_KIND_BONUS if exchangeable(item.values(), wanted) else 0.0
            # Where no old value is told, what the search found first says more.
            return self._score(item, terms) + bonus + _FOUND_FIRST / (1 + item.rank)

        # A statement of the new value about something else came in by that value alone.
        sentences = [
            item
            for item in sentences
            if not states(item, intent.new) or self._statements.own_coverage(terms, item) >= SAYS_SO
        ]
        if not sentences:
            return None
        best = max(sentences, key=rated)
        score = self._statements.coverage(terms, best)
        fits = bool(wanted) and exchangeable(best.values(), wanted)
        least = LEAST if intent.strong else LEAST_PLAIN
        asked = intent.strong and intent.new and ASKS.search(intent.words)
        if intent.kind == "add_exception" or asked or (intent.strong and fits):
            least = LEAST_FITTING
        if score < least or (self._statements.own_coverage(terms, best) <= 0.0 and not fits):
            return None
        clauses = [
            item
            for item in pool
            if item.is_clause
            and item.record.id == best.record.id
            and best.start <= item.start
            and item.end <= best.end
        ]
        if intent.kind != "replace_value":
            return Match(best, score)
        typed = [item for item in clauses if wanted and exchangeable(item.values(), wanted)]
        narrowed = self._narrow(best, typed, terms, self._head(intent))
        if states(narrowed, intent.new):
            return Match(narrowed, score, says_so=True)
        if told:
            # The words name an old value, and nothing holds it: do not guess another one.
            return Match(narrowed, score)
        place = self._infer(narrowed, intent, wanted, terms)
        old = narrowed.text[place[0] : place[1]] if place else ""
        if old:
            same = self._same(narrowed, pool, terms)
        else:
            # Which sentence answers the question is not told: those that may are all meant.
            same = _rivals(best, sentences, rated) if asked else ()
        return Match(narrowed, score, old, place, same)

    def _score(self, item: Statement, terms: frozenset[str]) -> float:
        prior = _RANK_PRIOR / (1 + item.rank)
        whole = 0.01 if not item.is_clause else 0.0
        own = self._statements.own_coverage(terms, item)
        named = _NAMED * self._statements.named(terms, item) ** 2
        return self._statements.coverage(terms, item) + 0.1 * own + named + prior + whole

    def _head(self, intent: Intent) -> frozenset[str]:
        """What is spoken of, behind its attributes: 闭园时间 of 周末的闭园时间."""
        heads = _HEAD.findall(intent.words)
        return self._statements.terms(CUES.sub(" ", heads[-1]) if heads else "")

    def _narrow(
        self,
        best: Statement,
        clauses: Sequence[Statement],
        terms: frozenset[str],
        head: frozenset[str],
    ) -> Statement:
        """The clause, where the sentence lists several like items; else the sentence."""
        inside = [
            item
            for item in clauses
            if item.record.id == best.record.id and item.start < best.end and best.start < item.end
        ]
        if best.is_clause or not inside:
            return best
        own = self._statements.own_coverage
        chosen = max(inside, key=lambda item: own(terms, item) + 2 * own(head, item))
        kinds = [value.kind for value in chosen.values()]
        others = [value.kind for value in values(best.text[: chosen.start - best.start])]
        others += [value.kind for value in values(best.text[chosen.end - best.start :])]
        listed = any(kind in others for kind in kinds) or (not kinds and len(inside) > 1)
        covered = self._statements.own_coverage(terms, chosen)
        return chosen if listed and covered > 0 else best

    def _same(
        self, chosen: Statement, pool: Sequence[Statement], terms: frozenset[str]
    ) -> tuple[Statement, ...]:
        """Statements elsewhere that say the same of the same, word for word or nearly."""
        found = []
        least = 0.9 * self._statements.coverage(terms, chosen)
        for item in pool:
            if item.record.id == chosen.record.id or item.is_clause is not chosen.is_clause:
                continue
            union = item.own | chosen.own
            if self._statements.coverage(terms, item) < least:
                continue
            if union and len(item.own & chosen.own) / len(union) >= _SIBLING:
                found.append(item)
        return tuple(found[:8])

    def _again(
        self, chosen: Statement, holding: Sequence[Statement], terms: frozenset[str], told: str
    ) -> list[Statement]:
        """Other sentences of the document that give the same distinctive value for the same."""
        anchor = chosen.record.anchor
        if anchor is None or not is_distinctive(told):
            return []
        least = _AGAIN * self._statements.own_coverage(terms, chosen)
        return [
            item
            for item in holding
            if not item.is_clause
            and least > 0
            and item.record.anchor is not None
            and item.record.anchor.document_id == anchor.document_id
            and (item.record.id, item.sentence) != (chosen.record.id, chosen.sentence)
            and self._statements.own_coverage(terms, item) >= least
        ][:8]

    def _nearest(
        self, item: Statement, places: Sequence[tuple[int, int]], terms: frozenset[str]
    ) -> tuple[int, int]:
        """The place that stands closest behind the subject's words."""
        if len(places) == 1:
            return places[0]

        def before(place: tuple[int, int]) -> float:
            context = re.split(r"[，,、；;。]", item.text[: place[0]])[-1]
            own = self._statements.terms(context)
            return sum(self._statements.weight(term) for term in terms if term in own)

        return max(places, key=before)

    def _infer(
        self,
        item: Statement,
        intent: Intent,
        wanted: Sequence[Value],
        terms: frozenset[str],
    ) -> tuple[int, int] | None:
        """The value that the new one replaces, where the words do not name it."""
        if wanted:
            like = alike(item, intent.new, wanted)
            if like:
                return self._nearest(item, like, terms)
            kinds = groups(intent.new)
            for _, _, kind, count in kinds:
                like = [
                    (start, end)
                    for start, end, other, number in groups(item.text)
                    if other == kind and number == count
                ] or [
                    (value.start, value.end)
                    for value in item.values()
                    if any(same_kind(value, new) for new in wanted) and count == 1
                ]
                if like:
                    return self._nearest(item, like, terms)
            return None
        return self._infer_name(item, intent, terms)

    def _infer_name(
        self, item: Statement, intent: Intent, terms: frozenset[str]
    ) -> tuple[int, int] | None:
        if not intent.new:
            return None
        label = labelled(item.text)
        if label and self._statements.terms(item.text[: label[0]]) & terms:
            found = names(item.text[label[0] : label[1]])
            if found and names(intent.new):
                return label[0] + found[0][0], label[0] + found[0][1]
            return label
        least = _SUBJECT * self._statements.own_coverage(terms, item)
        for match in _PREDICATE.finditer(item.text):
            which = "value" if match["value"] else "word"
            clause = re.split(r"[，,、；;。]", item.text[: match.start()])[-1]
            if self._statements.share(terms, self._statements.terms(clause)) > least:
                return match.span(which)
        if names(intent.new):
            spare = [
                span
                for span in names(item.text)
                if not self._statements.terms(item.text[span[0] : span[1]]) & terms
            ]
            if len(spare) == 1:
                return spare[0]
        return None


def _rivals(
    best: Statement, sentences: Sequence[Statement], rated: Callable[[Statement], float]
) -> tuple[Statement, ...]:
    """Sentences of the same document that answer nearly as well."""
    anchor = best.record.anchor
    near = [
        item
        for item in sentences
        if item is not best
        and anchor is not None
        and item.record.anchor is not None
        and item.record.anchor.document_id == anchor.document_id
        and rated(item) >= _NEARLY * rated(best)
    ]
    return tuple(sorted(near, key=rated, reverse=True)[:2])
