# ruff: noqa: E501 - a pattern is read as one line, however long
"""A user's turn cut into units: each one statement, preference or decision, with its span."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.kernel.language import bounds
from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.asides import is_aside, is_promise, points_back
from services.memorizer.domain.extraction.attributes import (
    Attribute,
    attribute_of,
    relation,
    subject_of,
    tells_a_loss,
)
from services.memorizer.domain.extraction.chatter import is_chatter
from services.memorizer.domain.extraction.language import is_chinese
from services.memorizer.domain.extraction.preferences import Preference, preference_of
from services.memorizer.domain.extraction.self_reference import speaks_of_self
from services.memorizer.domain.extraction.sentences import Span, clauses, sentences, unframed

LONGEST_STATEMENT = 320
_LEAST = 2
_ALONE = 3
_LEANS = re.compile(
    r"(?:名?叫|和|跟|与|因为|所以|由于|从|是|比|但|而且|靠|离|换|改|变|升|一共|总共|大概|大约|每|原来|之前|带|含|合同|押)|"
    r"(?:because|since|which|who|so|but|named|called|with|without|about|including)\b",
    re.IGNORECASE,
)
_LEAST_OF_OTHERS = 3
_LEADS_ON = re.compile(
    r"(?:的话|的时候|时候|时|之前|之后|以后|以前|后|前|因为.*|由于.*)$|^(?:when|whenever|if|since|because|after|before|as|for|at|in|on|during|with)\b",
    re.IGNORECASE,
)
_FINAL = "。！？!?.…~～ )）:("
_KEPT_APART = frozenset({"noise", "question", "aside", "unread"})
_Sort = Literal["fact", "preference", "decision", "question", "aside", "noise", "unread"]
# A sentence of more clauses is a list or a listing.
_MOST_CLAUSES = 40
_DECISION_ZH = re.compile(
    r"^(?:好的?|行|嗯|可以|ok)?(?:那么?|就|直接|先)+(?:帮我|给我|麻烦)?(?:下单|订|预订|买|选|要|用|定|换|按|走|来|装|做|改|取消|退)"
    r"|^(?:帮我|给我|麻烦)?(?:下单|取消|退掉|退订|确认)(?!流程|方式|吗|怎)|^就(?:它|这个|这样|这款|这趟|那个|第[一二三])"
    r"|^(?:按|照)(?:你|您)(?:说|推荐|建议)的"
)
_DECISION_EN = re.compile(
    r"^(?:(?:ok(?:ay)?|yes|great|good|sure|alright|fine|then|perfect|right|please|so)[,!.]?\s+)*"
    r"(?:let['’]s (?:(?:go|stick) with|do (?:it|that|this)|take (?:it|that|the)|book|order|use (?:it|that|the))|I['’]ll (?:take (?!care|a look|a closer|note|notes|my time|some time|time|.{1,20} into)|go with |have |go for |order |"
    r"buy |book |get (?!back|started|to ))|go (?:ahead|with|for)\b|do (?:it|that|so)\b|(?:book|order|buy|cancel|confirm|reserve|"
    r"choose|pick|take) (?:it|that|this|the|me|us|one|two|a|an|my)\b|I (?:choose|pick|chose|picked|decided on) )",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"(?:这|那)(?:个|些|种|样|件|次|款|家|部|本|首|项|点|方面|里|边)|它|\b(?:this|these|those|it|them|that (?!I\b|the\b|my\b|we\b))\b",
    re.IGNORECASE,
)
_PRONOUN_ZH = re.compile(r"^(?:但是?|不过|而且)?(它|他|她)(?:们)?")
_PRONOUN_EN = re.compile(r"^(?:and |but |so )?(it|he|she|they)\b(?:['’]\w+)?", re.IGNORECASE)
_FIRST = re.compile(r"我|咱|俺|\b(?:I|we|my|our)\b", re.IGNORECASE)
_THERE = re.compile(r"(?<!^)\bthere\b(?!\s+(?:is|are|was|were|will)\b|['’]s)", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:in|to|at|near|around)\s+(?:the\s+)?((?-i:[A-Z])[\w'’-]+(?:\s+(?-i:[A-Z])[\w'’-]+){0,3})"
)
_VAGUE = re.compile(
    r"^(?:(?!(?:that|it|this)(?:['’]s| is| was) an? (?!(?:good|great|nice|lovely|bit|shame|real|huge|big|really|very|pretty|little|lot|tough|"
    r"hard|fun|beautiful|wonderful|fantastic|terrible|bad|pity|relief|pleasure|joke|deal)\b)\w+ \w+)(?:that|it|this|which|everything|all)(?:['’]s| (?:sounds|looks|seems|is|was|would be|will be))"
    r"(?: \w+){0,4}|(?:i['’]?ll|i will|let me|i['’]m going to|i can)(?: \w+)? (?:try|take a look|check|"
    r"keep|think|give|look|consider|remember|do|let you know)\b.{0,24}|what an? .{0,30}|"
    r"i (?:think|hope|guess|believe|agree|see|get it|feel the same|know)(?: so| it| that)?(?: too)?|"
    r"(?:我|那|那我)?(?:会|下次|一定|先|就|去|也|再|回头|考虑|好好|试|看|尝){1,12}(?:试|看看|看一看|试一试|一下|的|它){0,6}|"
    r"(?:听起来|看起来|感觉|觉得)?(?:真的?|很|太|非常|挺|好)?(?:棒|好|不错|有意思|有趣|厉害|可爱|好听|好看|漂亮|开心|高兴)(?:了|啊|的|呢)?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """What the turn says at `start:end`; antecedent: what its opening pronoun stands for;
    alone: it says enough to stand without the clause before, and must not go when that is replaced;
    person: the relation that a Chinese clause without a subject goes on about; place: what its
    "there" points at; own: it names its speaker.
    """

    sort: _Sort
    start: int
    end: int
    attribute: Attribute | None = None
    preference: Preference | None = None
    subject: str = "user"
    antecedent: str = ""
    person: str = ""
    alone: bool = False
    sentence: int = 0
    place: str = ""
    own: bool = True


@dataclass(slots=True)
class _Memory:
    """What was named in the turn so far."""

    person: str = ""
    thing: str = ""
    place: str = ""
    subject: str = "user"


def units(text: str) -> list[Unit]:
    """The turn's units in order; small talk is `noise`, what asks is `question`, what is said in
    passing `aside`, and what is too long for a rule `unread`. Framed text (handed over, made up)
    makes none.
    """
    named = _Memory()
    found: list[Unit] = []
    for number, sentence in enumerate(sentences(unframed(text))):
        bounds.check()
        if (parts := _clauses(sentence)) is None:
            found.append(Unit("unread", sentence.start, sentence.end, sentence=number))
            named = _Memory()
            continue
        asks = text[sentence.start : sentence.end].rstrip("”’\"'）) ").endswith(("?", "？"))
        named.subject = "user"
        inside: list[Unit] = []
        for at, part in enumerate(parts):
            clause = _after_opener(part)
            unit = _unit(clause, named, asks=asks, last=at == len(parts) - 1)
            _place(inside, replace(unit, sentence=number))
            _remember(named, clause.text, unit)
        _join(found, _without_asides(inside, text, found))
    return [_whole(unit, text) for unit in found]


def _clauses(sentence: Span) -> list[Span] | None:
    """Its clauses; None where rules cannot read all of them."""
    if not sentence.is_readable:
        return None
    parts = clauses(sentence)
    fit = all(len(part.text) <= bounds.LONGEST_CLAUSE for part in parts)
    return parts if fit and len(parts) <= _MOST_CLAUSES else None


def _join(found: list[Unit], inside: list[Unit]) -> None:
    """A sentence's units behind those of the sentences before; the first may go on with these."""
    if inside:
        _place(found, inside[0])
        found.extend(inside[1:])


def _without_asides(inside: Sequence[Unit], text: str, found: Sequence[Unit]) -> list[Unit]:
    """What a sentence tells stays whole; what it says in passing, alone, becomes an aside."""
    units: list[Unit] = []
    told = False
    for unit in inside:
        joins = bool(found) and found[-1].sort == "fact" and _continues(found[-1], unit)
        words = text[unit.start : unit.end].rstrip(_FINAL)
        judged = _judged(unit, words, leans=joins, told=told)
        told = told or judged.sort in {"fact", "preference"}
        units.append(judged)
    return units


def _judged(unit: Unit, words: str, *, leans: bool, told: bool) -> Unit:
    wish = unit.preference
    if (
        wish is not None
        and not wish.instruction
        and (is_promise(words) or (not leans and not unit.antecedent and points_back(words)))
    ):
        return replace(unit, sort="aside")
    if unit.sort != "fact" or unit.attribute is not None or tells_a_loss(words):
        return unit
    other = bool(unit.antecedent) or unit.subject != "user" or relation(words) is not None
    passing = is_aside(words, about_other=leans or other, goes_on=told)
    return replace(unit, sort="aside") if passing else unit


def _says_little(unit: Unit, text: str) -> bool:
    words = text[unit.start : unit.end]
    if unit.attribute is not None or unit.sort != "fact" or talk.has_specifics(words):
        return False
    about_user = (
        speaks_of_self(words)
        or bool(unit.antecedent)
        or unit.subject != "user"
        or not is_chinese(words)
    )
    return talk.content_words(words) < (_LEAST if about_user else _LEAST_OF_OTHERS)


def _after_opener(part: Span) -> Span:
    skip = talk.opener_length(part.text)
    return Span(part.text[skip:], part.start + skip, part.end).trimmed()


def _unit(  # noqa: PLR0911 - one rule a line
    clause: Span, named: _Memory, *, asks: bool, last: bool
) -> Unit:
    text = clause.text.rstrip(_FINAL)
    start, end = clause.start, clause.end
    if not text or talk.is_small_talk(text) or _VAGUE.match(text):
        return Unit("noise", start, end)
    decided = (_DECISION_ZH if is_chinese(text) else _DECISION_EN).match(text)
    if decided and not asks:
        return Unit("decision", start, end)
    chatter = is_chatter(text)
    wish = None if chatter else preference_of(text)
    question = talk.is_question(text, sentence_asks=asks, last=last)
    if wish is not None and not question:
        subject = "user" if wish.instruction else subject_of(text, named.subject)
        return Unit("preference", start, end, _fact_beside(text, subject), wish, subject,
                    _antecedent(text, named))  # fmt: skip
    if chatter and not question:
        return Unit("noise", start, end)
    if question or talk.is_request(text) or talk.is_hypothetical(text):
        return Unit("question", start, end)
    subject = _subject(text, named)
    attribute = attribute_of(text, subject)
    if attribute is None and talk.content_words(text) < 1:
        return Unit("noise", start, end)
    person = "" if relation(text) or subject == "user" else named.person.partition("|")[2]
    antecedent = _antecedent(text, named)
    leans = _LEANS.match(text) or _LEADS_ON.search(text)
    alone = talk.content_words(text) >= _ALONE and not leans and not _POINTS_BACK.search(text)
    place = named.place if _THERE.search(text) else ""
    return Unit(
        "fact", start, end, attribute, None, subject, antecedent, person, alone,
        place=place, own=bool(_FIRST.search(text)),
    )  # fmt: skip


def _fact_beside(text: str, subject: str) -> Attribute | None:
    """An allergy is a fact even where it is worded as a wish."""
    attribute = attribute_of(text, subject)
    return attribute if attribute and attribute.topic in {"allergy", "diet"} else None


def _subject(text: str, named: _Memory) -> str:
    subject = subject_of(text, named.subject)
    if subject == "user" and _antecedent(text, named) and _pronoun(text) not in {"它", "it"}:
        return named.person.split("|")[0] or "user"
    return subject


def _pronoun(text: str) -> str:
    match = (_PRONOUN_ZH if is_chinese(text) else _PRONOUN_EN).match(text)
    return match.group(1).casefold() if match else ""


def _antecedent(text: str, named: _Memory) -> str:
    pronoun = _pronoun(text)
    if not pronoun:
        return ""
    if pronoun in {"它", "it"}:
        return named.thing
    return named.person.partition("|")[2]


def _remember(named: _Memory, text: str, unit: Unit) -> None:
    person = relation(text)
    if person is not None:
        named.person = f"{person[0]}|{person[1]}"
    if unit.attribute is not None and unit.attribute.thing:
        named.thing = unit.attribute.thing
    if places := _PLACE.findall(text):
        named.place = str(places[-1])
    if unit.sort == "fact":
        named.subject = unit.subject


def _place(found: list[Unit], unit: Unit) -> None:
    """Join the unit to the one before where they say one thing, else append it."""
    before = found[-1] if found else None
    if before is None or unit.sort in _KEPT_APART or before.sort in _KEPT_APART:
        found.append(unit)
        return
    if _leads(before, unit):
        found[-1] = replace(
            unit, start=before.start, antecedent=before.antecedent or unit.antecedent
        )
        return
    if _continues(before, unit):
        found[-1] = replace(before, end=unit.end, sentence=unit.sentence)
        return
    found.append(unit)


def _leads(before: Unit, unit: Unit) -> bool:
    """A clause that states no attribute opens the sentence of one that does."""
    return (
        before.sort == "fact"
        and before.attribute is None
        and unit.sort in {"fact", "preference"}
        and (unit.attribute is not None or unit.preference is not None)
        and before.sentence == unit.sentence
        and before.subject == unit.subject
        and not before.alone
        and not unit.antecedent
        and not (unit.preference and unit.preference.instruction)
        and unit.end - before.start <= LONGEST_STATEMENT
    )


def _goes_on_wishing(old: Preference | None, new: Preference | None) -> bool:
    if old is None or new is None or old.instruction != new.instruction:
        return False
    return old.name == new.name or not new.name


def _of_another(before: Unit, unit: Unit) -> bool:
    """A clause without "I" goes on about the pet, or whoever's age it is, that opened the
    sentence.
    """
    if unit.own or before.sort != "fact":
        return False
    if before.attribute is not None and before.attribute.topic == "pet":
        return True
    return not before.own and unit.attribute is not None and unit.attribute.topic == "age"


def _continues(before: Unit, unit: Unit) -> bool:  # noqa: PLR0911 - one rule a line
    if unit.end - before.start > LONGEST_STATEMENT:
        return False
    same_sentence = before.sentence == unit.sentence
    if unit.sort == "decision":
        return before.sort == "decision" and same_sentence
    if unit.sort == "preference":
        return same_sentence and _goes_on_wishing(before.preference, unit.preference)
    if unit.subject != before.subject:
        return False
    if same_sentence and _of_another(before, unit):
        return True
    if unit.attribute is None:
        if same_sentence:
            return not unit.antecedent and (before.attribute is None or not unit.alone)
        return before.attribute is None and before.sort == "fact" and not unit.antecedent
    if before.sort != "fact":
        return False
    return (
        before.attribute is not None
        and before.attribute.key == unit.attribute.key
        and same_sentence
    )


def _whole(unit: Unit, text: str) -> Unit:
    """A pet's name, or a rent's amount, often comes a clause later: look at the whole again."""
    if _says_little(unit, text):
        return replace(unit, sort="noise")
    topic = unit.attribute.topic if unit.attribute is not None else "rent"
    if unit.sort != "fact" or topic not in {"pet", "rent"}:
        return unit
    again = attribute_of(text[unit.start : unit.end].rstrip(_FINAL), unit.subject)
    return replace(unit, attribute=again) if again and again.topic == topic else unit
