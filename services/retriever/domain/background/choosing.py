"""The query finds the group of variants; the user's facts choose within the group."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from services.kernel.contracts.records import MemoryRecord
from services.kernel.language.naming import is_kin, mixed, names
from services.kernel.language.text import Lexicon
from services.retriever.domain.background.evidence import Evidence, outdated, strongest
from services.retriever.domain.background.facts import Fact, facts, sources
from services.retriever.domain.background.variants import (
    Matrix,
    Section,
    contrast,
    likeness,
    section,
    smooth,
)
from services.retriever.domain.candidates import Candidate
from services.retriever.domain.query import Analysis

# How much more of the telling heading terms a query must name to have chosen.
_NAMED = 0.3
# The second best's score by the best one's: below the first it is alone, from the second on it
# has company.
_ALONE = 0.25
_COMPANY = 0.5
_TELLING = 0.5
_FAINT = 0.2
# What the query found stays in the answer, however much of the background speaks against it.
_FOUND = 0.02


@dataclass(frozen=True, slots=True)
class Weights:
    """Constants of the choice; see `choose`."""

    smoothing: float = 0.8
    support: float = 1.5
    half: float = 0.1
    measures: float = 1.0
    exclusion: float = 1.5
    variant: float = 0.4
    candidates: int = 24
    noise: float = 0.03
    crowd: float = 0.85


@dataclass(frozen=True, slots=True)
class Choice:
    """Ids of the user's records whose words decided, with how much each did."""

    decisive: dict[UUID, float]


def choose(
    candidates: Sequence[Candidate],
    background: Sequence[MemoryRecord],
    analysis: Analysis,
    lexicon: Lexicon,
    weights: Weights | None = None,
) -> Choice:
    """Move the candidates' scores (0..1) by what the user said before."""
    weights = weights or Weights()
    pool = sorted(candidates, key=lambda c: -c.score)[: weights.candidates]
    if len(pool) < 2 or pool[1].score <= _ALONE * pool[0].score:  # noqa: PLR2004 - no choice
        return Choice({})
    told = facts(sources(background), analysis, lexicon)
    if not told:
        return Choice({})
    base: Matrix = np.array([candidate.score for candidate in pool])
    wanted = {term for fact in told for term in (*fact.signed.plus, *fact.signed.minus)}
    asked = frozenset(t for t in names(analysis.text, lexicon) if not mixed(t) and not is_kin(t))
    wanted |= asked
    sections = [section(candidate, lexicon, wanted) for candidate in pool]
    alike = likeness(sections)
    near = _nearness(base, alike, weights.variant)
    telling = contrast(sections, wanted)
    evidence = Evidence(sections, telling, near)
    concerned = [fact for fact in told if evidence.concerns(fact)]
    per_fact, amounts = evidence.support(concerned), evidence.measures(concerned)
    against = evidence.exclusion(concerned)
    if _faint(np.abs(per_fact) + np.abs(amounts) + against, near):
        per_fact, amounts = evidence.support(told), evidence.measures(told)
        per_fact += evidence.kinship(told, lexicon)
        against = evidence.exclusion(told)
    else:
        told = concerned
    matching = int(((np.abs(per_fact) + np.abs(amounts) + against) > 0).any(axis=1).sum())
    if not matching:
        return Choice({})
    factors = outdated(told, per_fact + amounts)[:, None]
    floor = weights.noise * matching**weights.crowd
    total = _cut(strongest(per_fact * factors), floor)
    amount = strongest(amounts * factors).clip(-1.0, 1.0)
    excluded = _cut(against.max(axis=0), floor)
    # Evidence counts by how it differs between the variants, not by how much there is of it.
    best = float((np.abs(total) * near).max())
    strength = best / (best + weights.half)
    pull = strength * np.clip(total / best, -1.0, 1.0) if best > 0 else total
    strength = max(strength, float((np.abs(amount) * near).max()), float((excluded * near).max()))
    if strength <= 0:
        return Choice({})
    smoothed = smooth(base, alike, weights.smoothing * min(1.0, strength))
    gate = np.sqrt(np.clip(smoothed, 0.0, 1.0)) * near * _alternatives(base)
    lifted = weights.support * pull + weights.measures * amount
    said = gate * (lifted - weights.exclusion * excluded)
    scores = _keep_order(smoothed + said, base, said)
    scores = _respect_names(scores, base, sections, telling, asked)
    scores = np.maximum(scores, base * _FOUND)
    for candidate, score, pro, contra, number in zip(
        pool, scores, total, excluded, amount, strict=True
    ):
        candidate.scores["background"] = float(pro)
        candidate.scores["excluded"] = float(contra)
        candidate.scores["measure"] = float(number)
        candidate.score = float(score)
    return Choice(_decisive(told, (np.abs(per_fact) + np.abs(amounts)) * factors + against, gate))


def _nearness(base: Matrix, alike: Matrix, variant: float) -> Matrix:
    """0..1: how much a candidate is a variant of the best hits, or ties with them."""
    ties: Matrix = base**6
    kin = np.minimum(1.0, (alike / variant) ** 2) * ties[None, :]
    found: Matrix = np.maximum(kin.max(axis=1), ties)
    return found


def _faint(shares: Matrix, near: Matrix) -> bool:
    """Whether no fact says anything that is more than chance of the variants."""
    return float((shares * near).max(initial=0.0)) < _FAINT


def _alternatives(base: Matrix) -> float:
    """0..1: whether another candidate answers the query about as well as the best, so that there
    is anything to choose between.
    """
    second = float(np.sort(base)[-2])
    return min(1.0, max(0.0, (second - _ALONE) / (_COMPANY - _ALONE)))


def _keep_order(scores: Matrix, base: Matrix, said: Matrix) -> Matrix:
    """What the query finds better and the facts find no worse stays ahead."""
    found: Matrix = scores.copy()
    for row in np.lexsort((-said, -base)):
        ahead = (
            (base >= base[row]) & (said >= said[row]) & ((base > base[row]) | (said > said[row]))
        )
        if ahead.any():
            found[row] = min(found[row], found[ahead].min() - 1e-6)
    return found


def _cut(total: Matrix, floor: float) -> Matrix:
    """Small evidence is chance."""
    found: Matrix = np.sign(total) * np.maximum(np.abs(total) - floor, 0.0)
    return found


def _respect_names(
    scores: Matrix,
    base: Matrix,
    sections: Sequence[Section],
    telling: dict[str, float],
    asked_terms: frozenset[str],
) -> Matrix:
    """A query that names a variant has chosen: what it names less does not overtake it. A name
    is a term that stands in few headings, and not in the text of most.
    """
    heads = Counter(term for one in sections for term in one.heading)
    most = len(sections) ** (1 - _TELLING)
    asked = {
        term: weight
        for term in sorted(asked_terms)
        if heads[term] <= most and (weight := telling.get(term, 0.0)) >= _NAMED
    }
    named = np.array(
        [sum(weight for term, weight in asked.items() if term in one.heading) for one in sections]
    )
    top = named.max(initial=0.0)
    chosen = (named >= top - 1e-9) if top >= _NAMED else np.zeros(len(sections), dtype=bool)
    found: Matrix = np.where(chosen, np.maximum(scores, base), scores)
    for row in np.argsort(-base, kind="stable"):
        ahead = (named > named[row] + _NAMED) & (base >= base[row])
        if ahead.any():
            found[row] = min(found[row], found[ahead].max() - 1e-6)
    return found


def _decisive(told: Sequence[Fact], shares: Matrix, gate: Matrix) -> dict[UUID, float]:
    found: dict[UUID, float] = {}
    for fact, row in zip(told, shares * gate, strict=True):
        amount = float(row.max(initial=0.0))
        for identifier in fact.records:
            if amount > found.get(identifier, 0.0):
                found[identifier] = amount
    return found
