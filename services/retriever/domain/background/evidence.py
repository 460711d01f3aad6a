"""What each fact says for and against each candidate."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from services.kernel.language.naming import is_kin, names
from services.kernel.language.quantities import Range
from services.kernel.language.text import Lexicon
from services.retriever.domain.background.facts import Fact
from services.retriever.domain.background.variants import Matrix, Section

_BODY = 0.75
_NEGATED = 0.5
_HARD = 1.5
_SOFT_PENALTY = 0.6
# "Not for X" said of an X leaves little room, even where only the kin of the word is shared.
_BARRED = 5.0
_VARIANT = 0.25
_NAMED = 2.0
_UNOWNED = 0.4
_KIN = 0.3
_ROOT = 4
_COMMON = 0.6


class Evidence:
    """Presence of the telling terms in the candidates, and what facts make of it."""

    def __init__(
        self, sections: Sequence[Section], telling: Mapping[str, float], near: Matrix
    ) -> None:
        """near: how much each section is a variant of the best hits, 0..1."""
        self._sections = sections
        self._telling = telling
        self._near = near
        self._said: dict[str, list[tuple[int, float, float]]] = {}
        for column, one in enumerate(sections):
            for term in one.terms & telling.keys():
                self._said.setdefault(term, []).append((column, *_presence(term, one)))
        self._words = {term for term in self._said if not is_kin(term)}

    def concerns(self, fact: Fact) -> bool:
        """Whether the fact can say anything about the candidates."""
        return (
            bool(fact.quantities)
            or any(term in self._said for term in fact.signed.plus)
            or any(term in self._said for term in fact.signed.minus)
        )

    def support(self, facts: Sequence[Fact]) -> Matrix:
        """B, facts × candidates: signed evidence of the facts' terms, weighed by α and by how
        well each term tells the candidates apart. What a fact says of several candidates counts
        for those that it fits best: the share is squared against the best.
        """
        found: Matrix = np.zeros((len(facts), len(self._sections)))
        for row, fact in enumerate(facts):
            signed = fact.signed
            # In the order of the text: sums are the same in every process.
            for term in filter(self._words.__contains__, signed.plus):
                for column, p, g in self._said[term]:
                    found[row, column] += self._telling[term] * (p - g * _NEGATED)
            best = found[row].max(initial=0.0)
            if best > 0:
                shares = np.clip(found[row] / best, 0.0, 1.0)
                found[row] = np.where(found[row] > 0, found[row] * shares**2, found[row])
            for term in filter(self._words.__contains__, signed.minus):
                factor = _HARD if term in signed.hard else 1.0
                for column, p, g in self._said[term]:
                    found[row, column] += self._telling[term] * (g * _NEGATED - factor * p)
            found[row] *= fact.weight
        return found

    def kinship(self, facts: Sequence[Fact], lexicon: Lexicon) -> Matrix:
        """Facts × candidates: what the kin of the facts' words says in the headings of the
        variants, where the words themselves say nothing: 孕妇 after 怀孕, Belgian after Belgium.
        """
        found: Matrix = np.zeros((len(facts), len(self._sections)))
        heads = [column for column in range(len(self._sections)) if self._near[column] >= _VARIANT]
        if len(heads) < 2:  # noqa: PLR2004 - one has no variants
            return found
        families: dict[str, dict[str, set[int]]] = {}
        for column in heads:
            one = self._sections[column]
            for word in names(one.name, lexicon) or one.heading:
                families.setdefault(_root(word), {}).setdefault(word, set()).add(column)
        families.pop("", None)
        for row, fact in enumerate(facts):
            for side, sign in ((fact.signed.plus, _KIN), (fact.signed.minus, -_KIN)):
                for term in side:
                    alike = families.get(_root(term), {}).items()
                    columns = {place for word, at in alike if akin(term, word) for place in at}
                    if 0 < len(columns) < len(heads):
                        share = math.log(len(heads) / len(columns)) / math.log(len(heads))
                        found[row, list(columns)] += sign * share * fact.weight
        return np.clip(found, -_KIN, _KIN)

    def exclusion(self, facts: Sequence[Fact]) -> Matrix:
        """E, facts × candidates: α h (1 - e^(-2x)), x the weight of terms with opposite signs in
        fact and section, h 1 where the exclusion is hard, else 0.6.
        """
        found: Matrix = np.zeros((len(facts), len(self._sections)))
        for row, fact in enumerate(facts):
            signed = fact.signed
            clash = np.zeros(len(self._sections))
            barred = np.zeros(len(self._sections))
            for term in filter(self._is_shared, signed.minus):
                for column, p, _ in self._said.get(term, ()):
                    clash[column] += self._telling[term] * (p > 0)
            for term in filter(self._is_shared, signed.plus):
                for column, p, _ in self._said.get(term, ()):
                    if p == 0 and term in self._sections[column].signed.barred:
                        barred[column] += self._telling[term]
            strict = 1.0 if signed.hard else _SOFT_PENALTY
            found[row] = fact.weight * np.maximum(
                strict * (1 - np.exp(-2 * clash)), 1 - np.exp(-_BARRED * barred)
            )
        return found

    def _is_shared(self, term: str) -> bool:
        """Whether a term may exclude: a word may; the kin of one only where two variants at
        least speak of it, so that it is something by which they differ.
        """
        if not is_kin(term):
            return True
        places = self._said.get(term, ())
        return bool(sum(self._near[column] >= _VARIANT for column, _, _ in places) > 1)

    def measures(self, facts: Sequence[Fact]) -> Matrix:
        """R, facts × candidates: +α where the section's ranges admit the fact's quantity, -α
        where they exclude it; only where some candidate admits it and another does not, or where
        one forbids it.
        """
        found: Matrix = np.zeros((len(facts), len(self._sections)))
        owned = {one.dimension for fact in facts if fact.own for one in fact.quantities}
        for row, fact in enumerate(facts):
            for quantity in fact.quantities:
                # Beside what the user says of himself, who knows whose it is.
                weight = fact.weight
                weight *= 1.0 if fact.own or quantity.dimension not in owned else _UNOWNED
                verdicts = np.zeros(len(self._sections))
                for column, one in enumerate(self._sections):
                    told = [r for r in one.ranges if r.concerns(quantity)]
                    if told:
                        verdicts[column] = 1.0 if _fits(told, quantity.value) else -1.0
                barred = any(
                    not one.admits(quantity.value)
                    for section in self._sections
                    for one in section.ranges
                    if one.forbidden and one.concerns(quantity)
                )
                if ((verdicts > 0).any() or barred) and (verdicts < 0).any():
                    found[row] += weight * verdicts
        return np.clip(found, -1.0, 1.0)


def outdated(facts: Sequence[Fact], support: Matrix) -> Matrix:
    """Factor of each fact: 1 - 0.75 · min(1, later / earlier) where a later fact of the same
    subject favours another candidate; the candidates define the attribute.
    """
    if not support.size:
        return np.ones(len(facts))
    choice = support.argmax(axis=1)
    # A name of two words is no stronger a statement than one of one word.
    best = 1 - np.exp(-_NAMED * np.clip(support.max(axis=1), 0.0, None))
    # Of one message, what holds now is later.
    times = np.array([2 * fact.time + fact.now for fact in facts])
    subjects = np.array([fact.subject for fact in facts])
    replaces = (
        (times[None, :] > times[:, None])
        & (subjects[None, :] == subjects[:, None])
        & (choice[None, :] != choice[:, None])
        & (best[None, :] > 0)
        & (best[:, None] > 0)
    )
    share = np.where(replaces, best[None, :] / np.where(best > 0, best, 1.0)[:, None], 0.0)
    factors: Matrix = 1 - 0.75 * np.minimum(1.0, share.max(axis=1))
    return factors


def strongest(shares: Matrix) -> Matrix:
    """Per candidate: the strongest facts for it and against it; each further one counts half,
    so that chance matches of many facts do not add up to one that is meant.
    """
    count = min(len(shares), 4)
    discount = 0.5 ** np.arange(count)
    falling = -np.sort(-shares, axis=0)[:count]
    rising = np.sort(shares, axis=0)[:count]
    pro = (np.clip(falling, 0.0, None) * discount[:, None]).sum(axis=0)
    contra = (np.clip(rising, None, 0.0) * discount[:, None]).sum(axis=0)
    total: Matrix = pro + contra
    return total


def akin(first: str, second: str) -> bool:
    """Whether two words are of one family, as far as their letters show: the same Chinese
    character, or a common beginning of at least 4 letters and 3/5 of the longer one.
    """
    if not first.isascii() or first == second:
        return first == second
    needed = max(_ROOT, math.ceil(_COMMON * max(len(first), len(second))))
    return len(second) >= needed and first.startswith(second[:needed])


def _root(word: str) -> str:
    """What words of one family share at least; "" for what has none."""
    if not word.isascii():
        return word if len(word) == 1 else ""
    return word[:_ROOT] if len(word) >= _ROOT and word.isalpha() else ""


def _fits(told: Sequence[Range], value: float) -> bool:
    """Whether ranges admit a value: those of the heading, where it names some. Of ranges with
    both ends one is enough, open ones must all admit it.
    """
    told = [one for one in told if one.main] or told
    closed = [one.admits(value) for one in told if one.closed]
    return all(one.admits(value) for one in told if not one.closed) and any(closed or [True])


def _presence(term: str, one: Section) -> tuple[float, float]:
    """p: 1 in the heading, else 3/4 tf/(tf+1) as said; g: tf/(tf+1) as negated."""
    said, negated = one.signed.plus.get(term, 0), one.signed.minus.get(term, 0)
    p = 1.0 if term in one.heading else _BODY * said / (said + 1) if said else 0.0
    return p, negated / (negated + 1) if negated else 0.0
