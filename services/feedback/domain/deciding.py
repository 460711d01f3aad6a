"""Intents and candidates become decisions: what changes, where, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.feedback.domain import phrases
from services.feedback.domain.folding import is_chinese, squeeze
from services.feedback.domain.intents import Intent
from services.feedback.domain.matching import LEAST, RELATED, Match, Matcher
from services.feedback.domain.places import groups
from services.feedback.domain.reading import REASONS, Reading, trim_end
from services.feedback.domain.splitting import clauses
from services.feedback.domain.statements import (
    Candidate,
    Statement,
    Statements,
    Tokenise,
    anchor_of,
)
from services.kernel.contracts.events import Decision
from services.kernel.contracts.ids import derive
from services.kernel.contracts.records import DocumentAnchor, Kind, MemoryRecord, Owner, OwnerType

MOST_STATEMENTS = 20
_LONGEST_ATTRIBUTE = 200


@dataclass(frozen=True, slots=True)
class Case:
    """One feedback towards one owner.

    hints: words of the last exchange, for words that name no subject. timezone: of the user.
    """

    feedback_id: str
    owner: Owner
    hints: tuple[str, ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Decisions for one owner. reason: why there are none. unmatched: intents that touch nothing
    here but are knowledge.
    """

    decisions: tuple[Decision, ...] = ()
    reason: str = ""
    unmatched: tuple[Intent, ...] = ()


def decide(
    reading: Reading, candidates: Sequence[Candidate], case: Case, tokenise: Tokenise
) -> Verdict:
    """What the intents change among the candidates, all of which are the owner's."""
    matcher = Matcher(Statements(candidates, tokenise))
    matched = [(intent, _matched(intent, matcher, case)) for intent in reading.intents]
    return _verdict(_merged(matched), matcher, candidates, case)


def confirm(
    matched: Sequence[tuple[Intent, Match | None]],
    candidates: Sequence[Candidate],
    case: Case,
    tokenise: Tokenise,
) -> Verdict:
    """The same for intents whose statements were found by other means."""
    matcher = Matcher(Statements(candidates, tokenise))
    return _verdict(matched, matcher, candidates, case)


def _verdict(
    matched: Sequence[tuple[Intent, Match | None]],
    matcher: Matcher,
    candidates: Sequence[Candidate],
    case: Case,
) -> Verdict:
    corrections = [c.record for c in candidates if c.record.kind is Kind.CORRECTION]
    decisions: list[Decision] = []
    unmatched: list[Intent] = []
    reason = ""
    for ordinal, (intent, match) in enumerate(matched):
        chinese = is_chinese(intent.words)
        if match is None:
            if _is_knowledge(intent, matcher, case):
                unmatched.append(intent)
            else:
                reason = reason or REASONS["unrelated"][0 if chinese else 1]
            continue
        if match.says_so:
            reason = reason or REASONS["known"][0 if chinese else 1]
            continue
        scene = _Scene(matcher, case, corrections)
        decision = _decision(intent, match, scene, ordinal)
        if _known(decision, corrections):
            reason = reason or REASONS["known"][0 if chinese else 1]
            continue
        decisions.append(decision)
    return Verdict(tuple(decisions), "" if decisions else reason, tuple(unmatched))


def new_knowledge(
    intents: Sequence[Intent], candidates: Sequence[Candidate], case: Case, tokenise: Tokenise
) -> tuple[Decision, ...]:
    """Decisions that add what touches nothing; what was added before is not added again."""
    matcher = Matcher(Statements(candidates, tokenise))
    corrections = [c.record for c in candidates if c.record.kind is Kind.CORRECTION]
    made = (_addition(intent, matcher, case, index) for index, intent in enumerate(intents))
    return tuple(decision for decision in made if not _known(decision, corrections))


def _matched(intent: Intent, matcher: Matcher, case: Case) -> Match | None:
    if intent.kind == "add_knowledge":
        return None
    if intent.personal and case.owner.type is OwnerType.KNOWLEDGE_BASE and not intent.old:
        return None
    if intent.chatty and not intent.strong:
        return None
    return matcher.best(intent, hints=case.hints)


def _merged(
    matched: Sequence[tuple[Intent, Match | None]],
) -> list[tuple[Intent, Match | None]]:
    """One correction said in several clauses is one: same statement and no other value, or
    nothing that the clause touches by itself.
    """
    merged: list[tuple[Intent, Match | None]] = []
    for intent, match in matched:
        if merged:
            before, earlier = merged[-1]
            goes_on = match is None and earlier is not None and _adds_little(before, intent)
            if goes_on or _one(before, earlier, intent, match):
                best = earlier if earlier is not None else match
                merged[-1] = (_joined(before, intent), best)
                continue
        merged.append((intent, match))
    return merged


def _one(before: Intent, earlier: Match | None, intent: Intent, match: Match | None) -> bool:
    if earlier is None or match is None:
        return False
    first, second = earlier.statement, match.statement
    if first.record.id != second.record.id or first.sentence != second.sentence:
        return False
    if not intent.new and not intent.old:
        return True
    return (earlier.place == match.place and first.start == second.start) or not before.new


def _adds_little(before: Intent, intent: Intent) -> bool:
    """Whether a clause that touches nothing itself only explains the one before it."""
    if intent.kind == "add_knowledge" or (intent.old and intent.new):
        return False
    return not intent.strong or intent.kind == before.kind == "drop_rule"


def _joined(first: Intent, second: Intent) -> Intent:
    joint = "，" if is_chinese(first.words) else ", "
    return replace(
        first,
        words=f"{first.words}{joint}{second.words}",
        old=first.old or second.old,
        new=first.new or second.new,
        valid_from=first.valid_from or second.valid_from,
    )


def _is_knowledge(intent: Intent, matcher: Matcher, case: Case) -> bool:
    """Whether words that touch nothing are worth keeping as new knowledge."""
    if case.owner.type is not OwnerType.KNOWLEDGE_BASE:
        return not intent.chatty or intent.strong
    related = matcher.relatedness(intent)
    if intent.personal or intent.chatty:
        return intent.kind == "add_knowledge" and intent.strong and related >= RELATED
    if intent.kind == "add_exception":
        return True
    if intent.kind == "add_knowledge":
        return intent.strong or related >= RELATED
    if intent.old and intent.new:
        return True
    return related >= (RELATED if intent.strong else LEAST)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every decision of one case looks at."""

    matcher: Matcher
    case: Case
    corrections: Sequence[MemoryRecord]


def _decision(intent: Intent, match: Match, scene: _Scene, ordinal: int) -> Decision:
    case, corrections = scene.case, scene.corrections
    statement = match.statement
    before = statement.text
    new = _core(intent.new, match.old)
    after = _after(before, match.place, new) if new else ""
    touched = [statement, *match.same]
    if intent.kind == "rename_term" and match.old:
        found = scene.matcher.everywhere(match.old, most=MOST_STATEMENTS)
        touched = _distinct([statement, *found])
    attribute = _attribute(statement, match)
    anchors = tuple(dict.fromkeys(a for a in map(anchor_of, touched) if a is not None))
    if statement.record.kind is Kind.CORRECTION:
        attribute = statement.record.attribute or attribute
        anchors = _anchors(statement.record)
    else:
        attribute = _inherited(match, anchors, intent, corrections) or attribute
    own = case.owner.type is not OwnerType.KNOWLEDGE_BASE
    return Decision(
        id=derive(case.feedback_id, case.owner.key, ordinal),
        kind=intent.kind,
        owner=case.owner,
        title=statement.title,
        text=_text(intent, _spoken(match, after, intent, scene.matcher), case),
        subject=intent.subject or intent.context,
        attribute=attribute,
        old=match.old or intent.old,
        new=intent.new,
        before=before,
        after=after or intent.words,
        anchors=anchors[:MOST_STATEMENTS],
        target_ids=tuple(dict.fromkeys(item.record.id for item in touched)) if own else (),
        valid_from=intent.valid_from,
        confidence=_confidence(intent, match),
        reason=_why(intent, match),
    )


def _addition(intent: Intent, matcher: Matcher, case: Case, index: int) -> Decision:
    best = matcher.best(replace(intent, kind="add_exception", old="", left=""), hints=case.hints)
    chinese = is_chinese(intent.words)
    plain = intent.kind == "add_knowledge"
    return Decision(
        id=derive(case.feedback_id, case.owner.key, "new", index),
        kind="add_exception" if intent.kind == "add_exception" else "add_knowledge",
        owner=case.owner,
        title=best.statement.title if best else "",
        text=_text(intent, "", case),
        subject=intent.subject or intent.context,
        attribute=f"new|{squeeze(intent.words)}"[:_LONGEST_ATTRIBUTE],
        old=intent.old,
        new=intent.new,
        after=intent.words,
        valid_from=intent.valid_from,
        confidence=0.8 if plain and intent.strong else 0.6,
        reason=(
            "没有找到它所更正的语句，作为新知识加入。"
            if chinese
            else "No statement that it corrects was found; it is added as new knowledge."
        ),
    )


def _spoken(match: Match, after: str, intent: Intent, matcher: Matcher) -> str:
    """The corrected clause, where the user's words name its subject otherwise or not at all."""
    if match.place is None or not after or phrases.ASKS.search(intent.words):
        return ""
    start, end = match.place
    clause = after
    for span in clauses(match.statement.text):
        if span.start <= start and end <= span.end:
            grown = len(after) - len(match.statement.text)
            clause = after[span.start : span.end + grown]
    return "" if matcher.covers(intent.words, clause) else trim_end(clause)


def _text(intent: Intent, spoken: str, case: Case) -> str:
    """The new memory: it answers the question alone. spoken: what the words leave unsaid."""
    chinese = is_chinese(intent.words)
    said = phrases.ADD_LEAD.sub("", intent.words) or intent.words
    if not spoken and not intent.subject and not intent.context:
        spoken = trim_end(next((hint for hint in case.hints if hint.strip()), ""))
    if spoken:
        said = f"{spoken}（{said}）" if chinese else f"{spoken} ({said})"
    if intent.valid_from is not None:
        day = datetime.fromtimestamp(intent.valid_from / 1000, UTC).astimezone(_zone(case.timezone))
        when = day.strftime("%Y-%m-%d")
        if when not in said and f"{day.year}" not in said:
            said = f"{said}（自 {when} 起）" if chinese else f"{said} (from {when})"
    if chinese:
        return f"用户确认：{said}。"
    return f"The user confirms: {said}."


def _core(new: str, old: str) -> str:
    """The part of the new value that takes the old one's place."""
    mine = groups(old)
    if not mine or not new or len(mine) > 1:
        return new
    like = [group for group in groups(new) if group[2] == mine[0][2] and group[3] == mine[0][3]]
    return new[like[0][0] : like[0][1]] if len(like) == 1 else new


def _after(before: str, place: tuple[int, int] | None, new: str) -> str:
    if place is None:
        return ""
    return before[: place[0]] + new + before[place[1] :]


def _attribute(statement: Statement, match: Match) -> str:
    """Names the slot: the statement without the value, under its title. Another correction of
    the same slot gets the same name, whatever document revision it looks at.
    """
    if match.place is None:
        masked = f"{statement.text}|*"
    else:
        start, end = match.place
        masked = f"{statement.text[:start]}#{statement.text[end:]}"
    name = f"{squeeze(statement.title)}|{squeeze(masked)}"
    if len(name) > _LONGEST_ATTRIBUTE:
        return f"{name[: _LONGEST_ATTRIBUTE - 40]}|{derive(name)}"[:_LONGEST_ATTRIBUTE]
    return name


def _inherited(
    match: Match,
    anchors: Sequence[DocumentAnchor],
    intent: Intent,
    corrections: Sequence[MemoryRecord],
) -> str:
    """The attribute of an earlier correction of the same slot, named otherwise."""
    for record in corrections:
        if not _overlaps(_anchors(record), anchors):
            continue
        old, new = (str(record.detail.get(name, "")) for name in ("old", "new"))
        mine = squeeze(match.old or intent.old)
        if (mine and mine in (squeeze(old), squeeze(new))) or (not mine and not old):
            return record.attribute
    return ""


def _known(decision: Decision, corrections: Sequence[MemoryRecord]) -> bool:
    """Whether an active correction says the very same already."""
    for record in corrections:
        same = bool(decision.attribute) and record.attribute == decision.attribute
        new = squeeze(str(record.detail.get("new", "")))
        alike = squeeze(record.value) == squeeze(decision.text)
        if (same and ((new and new == squeeze(decision.new)) or alike)) or (
            alike and record.owner == decision.owner
        ):
            return record.valid_from == decision.valid_from
    return False


def _anchors(record: MemoryRecord) -> tuple[DocumentAnchor, ...]:
    raw = record.detail.get("anchors")
    found = [
        DocumentAnchor.model_validate(item)
        for item in (raw if isinstance(raw, list) else [])
        if isinstance(item, dict)
    ]
    return tuple(found)


def _overlaps(first: Sequence[DocumentAnchor], second: Sequence[DocumentAnchor]) -> bool:
    return any(
        a.document_id == b.document_id and a.start < b.end and b.start < a.end
        for a in first
        for b in second
    )


def _distinct(statements: Sequence[Statement]) -> list[Statement]:
    return list({(s.record.id, s.start, s.end): s for s in statements}.values())[:MOST_STATEMENTS]


def _confidence(intent: Intent, match: Match) -> float:
    base = 0.6 + 0.2 * (match.place is not None) + 0.1 * intent.strong + 0.1 * bool(intent.old)
    return round(min(0.97, base * (0.85 + 0.15 * min(1.0, match.score))), 2)


def _why(intent: Intent, match: Match) -> str:
    named = match.statement.record.anchor
    where = named.document_name if named else ""
    if is_chinese(intent.words):
        place = f"《{where}》中的" if where else ""
        return f"{place}语句“{match.statement.text[:80]}”与更正说的是同一件事。"
    place = f" in {where}" if where else ""
    return f"The statement “{match.statement.text[:80]}”{place} is about the same thing."


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
