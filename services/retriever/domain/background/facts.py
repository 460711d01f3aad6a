"""Facts about the user: clauses of what the user said, each weighed."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from services.kernel.contracts.records import Kind, MemoryRecord, OwnerType
from services.kernel.language import bounds, wording
from services.kernel.language.naming import names
from services.kernel.language.quantities import Quantity, quantities
from services.kernel.language.signs import Signed, Span, negated, pieces
from services.kernel.language.text import Lexicon
from services.retriever.domain.query import Analysis

# Weights of a clause: background-aware ranking's α = subject · question · past.
DEPENDANT = 0.7
OTHER = 0.0
NAMED = 1.0
QUESTION = 0.35
CONDITIONAL = 0.35
PAST = 0.15
_OWN = re.compile(f"{wording.SELF.pattern}|{wording.DEPENDANT.pattern}", re.IGNORECASE)
# Characters that a negation reaches at most into the next sentence.
_REACH = 300
_ENDS = frozenset(",，.。!！?？;；:：")
_SPOKEN = (Kind.MESSAGE, Kind.FACT, Kind.PREFERENCE)


@dataclass(frozen=True, slots=True)
class Source:
    """Words of the user: one message, or what is known of it. time: later ones replace earlier
    ones. parts: which record rests on which of the words.
    """

    text: str
    time: int
    parts: tuple[tuple[str, UUID], ...] = ()

    def records(self, clause: str) -> tuple[UUID, ...]:
        """The records that rest on a clause; all, where none does by itself."""
        own = tuple(record for text, record in self.parts if clause.strip() in text)
        return own or tuple(record for _, record in self.parts)


@dataclass(frozen=True, slots=True)
class _Said:
    message: str
    text: str
    start: int
    time: int
    record: UUID


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause, whoever asks. weight: question · condition · past. subject: `self`,
    `dependant` or `other`. named: the persons that it names. signed: its terms.
    """

    text: str
    weight: float
    subject: str
    named: frozenset[str]
    signed: Signed
    quantities: tuple[Quantity, ...]
    now: bool = False
    own: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """A clause that weighs something for this query: weight α in 0..1. now: it says itself that
    it holds instead of what was said before. own: it names whom it is about, the user or his.
    """

    text: str
    weight: float
    subject: str
    time: int
    signed: Signed
    quantities: tuple[Quantity, ...]
    records: tuple[UUID, ...]
    now: bool = False
    own: bool = True


def sources(records: Sequence[MemoryRecord]) -> list[Source]:
    """The user's own words behind the records: those of one message together, in the order in
    which they were said; a record without words of the user's speaks for itself.
    """
    messages: dict[str, list[_Said]] = {}
    for record in records:
        if record.kind not in _SPOKEN:
            continue
        for one in _said(record):
            messages.setdefault(one.message, []).append(one)
    found = []
    for said in messages.values():
        said.sort(key=lambda one: (one.start, -len(one.text)))
        texts: list[str] = []
        for one in said:
            if not any(one.text in text for text in texts):
                texts.append(one.text)
        parts = tuple((one.text, one.record) for one in said)
        found.append(Source(_joined(texts), max(one.time for one in said), parts))
    return sorted(found, key=lambda source: (source.time, source.text))


def _joined(texts: Sequence[str]) -> str:
    """Pieces of a message as one text: each is a clause of its own at least."""
    return " ".join(
        text if text.rstrip()[-1:] in _ENDS else f"{text.rstrip()}{'，' if _han(text) else ','}"
        for text in texts
    )


def _han(text: str) -> bool:
    return any("\u3400" <= character <= "\u9fff" for character in text)


def facts(found: Sequence[Source], analysis: Analysis, lexicon: Lexicon) -> list[Fact]:
    """The clauses of the sources that weigh something for the query. A query that wants another
    thing than what the user has turns what the user got into something to leave; one for several
    persons heeds what the others cannot have.
    """
    query = analysis.text
    asked = frozenset(
        match.group().lower()
        for pattern in (wording.OTHER, wording.DEPENDANT)
        for match in pattern.finditer(query)
        if match.group().lower() not in _THINGS
    )
    leaving = wording.ALTERNATIVE.search(query) and wording.WISH.search(query)
    joint = wording.JOINT.search(query) is not None
    told = []
    for source in found:
        for clause in clauses(source.text, lexicon):
            weight = clause.weight * _subject_weight(clause, asked)
            signed = clause.signed
            if leaving and wording.ACQUIRED.search(clause.text):
                signed = Signed({}, {**signed.plus, **signed.minus}, frozenset())
            if weight <= 0 and joint and signed.hard:
                weight, signed = DEPENDANT, Signed({}, signed.minus, signed.hard)
            if weight > 0:
                told.append(
                    Fact(
                        text=clause.text,
                        weight=weight,
                        subject=clause.subject,
                        time=source.time,
                        signed=signed,
                        quantities=clause.quantities,
                        records=source.records(clause.text),
                        now=clause.now,
                        own=clause.own,
                    )
                )
    return told


def telling_words(found: Sequence[Source], analysis: Analysis, lexicon: Lexicon) -> list[str]:
    """What the user says of himself and his, as terms, the newest words first."""
    told = sorted(facts(found, analysis, lexicon), key=lambda fact: -fact.time)
    return list(dict.fromkeys(term for fact in told for term in fact.signed.plus))


@lru_cache(maxsize=8192)
def clauses(text: str, lexicon: Lexicon) -> tuple[Clause, ...]:
    """The clauses of a text, with subject, question, past and signs."""
    found: list[Clause] = []
    whole = len(text) <= bounds.LONGEST_SOURCE
    text = text[: bounds.LONGEST_SOURCE]
    spans = negated(text)
    starts = [span.start for span in spans]
    subject = "self"
    for sentence in wording.SENTENCE.finditer(text):
        if not sentence.group().strip():
            continue
        bounds.check()
        if not whole and sentence.end() == len(text):
            break  # cut off: its end might turn what it says
        if not bounds.is_readable(sentence.group(), bounds.LONGEST_SENTENCE):
            continue
        asked = sentence.group().rstrip().endswith(("?", "？"))
        parts = _clauses(text, sentence.start(), sentence.end())
        first = bisect_left(starts, sentence.start() - _REACH)
        near = spans[first : bisect_left(starts, sentence.end())]
        for start, end in parts:
            clause = text[start:end]
            subject = _subject(clause, subject)
            question = wording.QUESTION_WORD.search(clause.strip()) is not None or (
                asked and (start, end) == parts[-1]
            )
            weight = QUESTION if question else 1.0
            weight *= CONDITIONAL if wording.CONDITIONAL.search(clause) else 1.0
            weight *= PAST if wording.PAST.search(clause) else 1.0
            named = wording.OTHER.findall(clause) + wording.DEPENDANT.findall(clause)
            found.append(
                Clause(
                    text=clause,
                    weight=weight,
                    subject=subject,
                    named=frozenset(map(str.lower, named)),
                    signed=_signed(text, start, end, near, lexicon),
                    quantities=tuple(quantities(clause)),
                    own=_OWN.search(clause) is not None,
                    now=not question and wording.NOW.search(clause) is not None,
                )
            )
    return tuple(found)


def _signed(text: str, start: int, end: int, spans: list[Span], lexicon: Lexicon) -> Signed:
    plus: dict[str, int] = {}
    minus: dict[str, int] = {}
    hard: set[str] = set()
    for piece, span in pieces(text, start, end, spans):
        left, rest = _left_behind(piece) if span is None else ([], piece)
        for words, side in ((left, minus), ([rest], plus if span is None else minus)):
            for word in words:
                for term in names(word, lexicon):
                    side[term] = side.get(term, 0) + 1
                    if span is not None and span.hard:
                        hard.add(term)
    return Signed(plus, minus, frozenset(hard))


def _left_behind(piece: str) -> tuple[list[str], str]:
    left = []
    for match in wording.CHANGED.finditer(piece):
        name = next((n for n in ("a1", "a2", "a3", "a4", "a5", "a6") if match[n]), None)
        if name is not None:
            left.append(match[name])
    rest = piece
    for words in left:
        rest = rest.replace(words, " ", 1)
    return left, rest


def _clauses(text: str, start: int, end: int) -> list[tuple[int, int]]:
    cuts = [start]
    for match in wording.CLAUSE.finditer(text, start, end):
        if match.end() > cuts[-1] and text[cuts[-1] : match.start()].strip():
            cuts.append(match.end())
    cuts.append(end)
    return [(a, b) for a, b in pairwise(cuts) if text[a:b].strip()]


def _subject(clause: str, inherited: str) -> str:
    """Who a clause is about: whoever is named first; a clause that names nobody inherits."""
    if wording.TOGETHER.search(clause):
        return "self"
    places: list[tuple[int, int, str]] = []
    possessed = wording.POSSESSED.search(clause)
    if possessed is not None:
        places.append((possessed.start(), 0, "other"))
    own = wording.OWN_DEPENDANT.search(clause)
    if own is not None:
        places.append((own.start(), 0, "dependant"))
    for pattern, name in ((wording.SELF, "self"), (wording.OTHER, "other")):
        match = pattern.search(clause)
        if match is not None:
            places.append((match.start(), 1, name))
    dependant = wording.DEPENDANT.search(clause)
    if dependant is not None:
        places.append((dependant.start(), 1, "dependant"))
    if not places:
        return inherited
    found = min(places)[2]
    # "She" after the daughter is the daughter.
    if found == "other" and inherited == "dependant" and possessed is None:
        named = wording.OTHER.search(clause)
        if named is not None and named.group().lower() in _PRONOUNS:
            return "dependant"
    return found


# In a question these stand for a thing more often than for a pet: "what does it cost?"
_THINGS = frozenset({"it", "its", "它", "它们"})
_PRONOUNS = frozenset(
    "he she they him his her hers their them 他 她 他们 她们".split()  # noqa: SIM905 - reads better
)


def _subject_weight(clause: Clause, asked: frozenset[str]) -> float:
    """1 for the user and for whom the query names, 0.7 for a child or pet, 0 for others."""
    if clause.subject == "self" or asked & clause.named:
        return NAMED
    if clause.subject == "dependant":
        return NAMED if asked else DEPENDANT
    return OTHER


def _said(record: MemoryRecord) -> list[_Said]:
    if record.owner.type is OwnerType.PUBLIC:
        return []  # what others made public says nothing about the user
    if any(item.role != "user" for item in record.evidence) and not any(
        item.role == "user" for item in record.evidence
    ):
        return []
    words = [item for item in record.evidence if item.role == "user" and item.text.strip()]
    if not words:
        message = record.evidence[0].message_id if record.evidence else str(record.id)
        return [_Said(message, record.value, 0, _time(record), record.id)]
    return [
        _Said(item.message_id, item.text, item.start, item.place or _time(record), record.id)
        for item in words
    ]


def _time(record: MemoryRecord) -> int:
    times = [item.place for item in record.evidence if item.chat_time is not None]
    return max(times) if times else record.valid_from or record.created_at
