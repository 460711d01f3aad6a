"""Words become decisions: read, search, match, decide; the dry run is the same without effects."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from services.feedback.domain import model_answers
from services.feedback.domain.deciding import Case, Verdict, confirm, decide, new_knowledge
from services.feedback.domain.folding import is_chinese
from services.feedback.domain.intents import Intent
from services.feedback.domain.reading import REASONS, Reading, read
from services.feedback.domain.statements import Candidate, Tokenise
from services.kernel.contracts.errors import (
    DependencyUnavailable,
    InvalidInput,
    MemloomError,
    TooManyRequests,
)
from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    Envelope,
    Event,
    FeedbackGiven,
    TaskProgressed,
)
from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.language import bounds
from services.kernel.ports.clock import Clock
from services.kernel.ports.models import ChatModel
from services.kernel.ports.retrieval import Retrieval
from services.kernel.ports.store import Transaction
from services.kernel.runtime.dispatch import Outcome

_KNOWLEDGE_KINDS = (Kind.PASSAGE, Kind.SUMMARY, Kind.CORRECTION)
_PERSONAL_KINDS = (Kind.FACT, Kind.PREFERENCE, Kind.MESSAGE, Kind.CORRECTION)
_SEARCHES = 6
_EXCHANGE = 2
_LONGEST_QUERY = 1000


class DecidedStore(Protocol):
    """What feedback remembers."""

    async def record(
        self, tx: Transaction, decided: CorrectionDecided, *, method: str, now: int
    ) -> None:
        """Note that a feedback was decided; a repeat changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class _Decided:
    decisions: tuple[Decision, ...]
    reason: str
    method: str = "rules"


class Feedback:
    """Handler of `memory.feedback.given`, and the dry run."""

    def __init__(
        self,
        *,
        store: DecidedStore,
        retrieval: Retrieval,
        clock: Clock,
        tokenise: Tokenise,
        candidates: int = 25,
        chat_model: ChatModel | None = None,
        read_seconds: float = 5.0,
    ) -> None:
        self._store = store
        self._retrieval = retrieval
        self._clock = clock
        self._tokenise = tokenise
        self._candidates = candidates
        self._chat_model = chat_model
        self._read_seconds = read_seconds

    async def on_given(self, event: Event, _: Envelope) -> Outcome:
        """Decide; DependencyUnavailable when the retriever is down, so that the feedback waits."""
        assert isinstance(event, FeedbackGiven)  # noqa: S101 - the table routes by type
        result = await self._decide(event)
        decided = _decided(event, result)

        async def apply(tx: Transaction) -> Sequence[Event]:
            await self._store.record(tx, decided, method=result.method, now=self._clock.now_ms())
            return ()

        return Outcome(events=(decided,), apply=apply)

    async def preview(self, feedback: FeedbackGiven) -> CorrectionDecided:
        """The decisions that would be made now."""
        return _decided(feedback, await self._decide(feedback))

    async def on_failure(self, event: Event, error: MemloomError) -> Outcome:
        """The task ends failed and says why."""
        if not isinstance(event, FeedbackGiven):
            return Outcome()
        failed = TaskProgressed(
            project_id=event.project_id,
            task_id=event.task_id,
            status="failed",
            error_code=int(error.code),
            error_message=error.message,
            feedback_id=event.feedback_id,
        )
        return Outcome(events=(failed,))

    async def _decide(self, event: FeedbackGiven) -> _Decided:
        with bounds.limited(self._read_seconds):
            reading = await asyncio.to_thread(
                read, event.content, now=event.feedback_time, timezone=event.timezone
            )
        if not reading.intents and self._chat_model is None:
            return _Decided((), reading.reason)
        hints = _hints(event)
        candidates = await self._search(event, reading, hints)
        if self._chat_model is not None:
            told = await self._by_model(self._chat_model, event, candidates, hints)
            if told is not None:
                return told
            if not reading.intents:
                return _Decided((), reading.reason)
        with bounds.limited(self._read_seconds):
            return await asyncio.to_thread(self._by_rules, event, reading, candidates, hints)

    async def _by_model(
        self,
        model: ChatModel,
        event: FeedbackGiven,
        candidates: Sequence[Candidate],
        hints: tuple[str, ...],
    ) -> _Decided | None:
        """The model's decisions, checked; None when it is down or says what does not hold."""
        cases = _cases(event, hints)
        verdicts = []
        for case in cases:
            own = [c for c in candidates if c.record.owner == case.owner]
            asked, shown = model_answers.question(event.content, own, hints)
            try:
                completion = await model.complete_json(
                    system=model_answers.SYSTEM,
                    user=asked,
                    schema=model_answers.schema(),
                    name=model_answers.NAME,
                )
            except (DependencyUnavailable, TooManyRequests, InvalidInput):
                return None
            with bounds.limited(self._read_seconds):
                verdict = await asyncio.to_thread(
                    self._confirmed, completion.value, event, shown, own, case
                )
            if verdict is None:
                return None
            verdicts.append(verdict)
        return self._together(event, cases, verdicts, candidates, "model")

    def _confirmed(
        self,
        value: JsonValue,
        event: FeedbackGiven,
        shown: Sequence[Candidate],
        own: Sequence[Candidate],
        case: Case,
    ) -> Verdict | None:
        """What the model said, where it holds; None where it does not."""
        believed = model_answers.believed(value, event, shown, self._tokenise)
        return None if believed is None else confirm(believed, own, case, self._tokenise)

    async def _search(
        self, event: FeedbackGiven, reading: Reading, hints: tuple[str, ...]
    ) -> tuple[Candidate, ...]:
        """Candidates of all searches, each at its best place."""
        answers = await asyncio.gather(
            *(self._ask(event, query) for query in _queries(event, reading, hints))
        )
        best: dict[object, Candidate] = {}
        for found in answers:
            for candidate in found:
                known = best.get(candidate.record.id)
                if known is None or candidate.rank < known.rank:
                    best[candidate.record.id] = candidate
        return tuple(sorted(best.values(), key=lambda item: (item.rank, str(item.record.id))))

    async def _ask(self, event: FeedbackGiven, query: str) -> list[Candidate]:
        bases = event.knowledgebase_ids
        request = SearchRequest(
            scope=Scope(
                project_id=event.project_id,
                subject=None if bases else Owner(type=OwnerType.USER, id=event.user_id),
                knowledgebase_ids=bases,
                include_public=not bases and event.allow_public,
            ),
            query=query[:_LONGEST_QUERY],
            conversation_id=event.conversation_id,
            memory_limit=self._candidates,
            preference_limit=0 if bases else self._candidates,
            tool_limit=0,
            kinds=_KNOWLEDGE_KINDS if bases else _PERSONAL_KINDS,
            now=self._clock.now_ms(),
            timezone=event.timezone,
        )
        answer = await self._retrieval.search(request)
        items = (*answer.memories, *answer.preferences)
        return [Candidate(item.record, rank) for rank, item in enumerate(items)]

    def _by_rules(
        self,
        event: FeedbackGiven,
        reading: Reading,
        candidates: Sequence[Candidate],
        hints: tuple[str, ...],
    ) -> _Decided:
        """Each knowledge base for itself."""
        cases = _cases(event, hints)
        verdicts = [
            decide(
                reading,
                [c for c in candidates if c.record.owner == case.owner],
                case,
                self._tokenise,
            )
            for case in cases
        ]
        return self._together(event, cases, verdicts, candidates, "rules")

    def _together(
        self,
        event: FeedbackGiven,
        cases: Sequence[Case],
        verdicts: Sequence[Verdict],
        candidates: Sequence[Candidate],
        method: str,
    ) -> _Decided:
        """What touches no knowledge base is new to all of them."""
        decisions = [decision for verdict in verdicts for decision in verdict.decisions]
        fresh = _untouched(verdicts)
        for case in cases if fresh else ():
            own = [c for c in candidates if c.record.owner == case.owner]
            decisions += new_knowledge(fresh, own, case, self._tokenise)
        if decisions:
            return _Decided(tuple(decisions), "", method)
        reason = next((verdict.reason for verdict in verdicts if verdict.reason), "")
        which = 0 if is_chinese(event.content) else 1
        unsaid = REASONS["chat" if method == "model" else "known"][which]
        return _Decided((), reason or unsaid, method)


def _cases(event: FeedbackGiven, hints: tuple[str, ...]) -> list[Case]:
    return [Case(event.feedback_id, owner, hints, event.timezone) for owner in _owners(event)]


def _untouched(verdicts: Sequence[Verdict]) -> tuple[Intent, ...]:
    """Intents that touch nothing anywhere."""
    common = [set(verdict.unmatched) for verdict in verdicts]
    if not common:
        return ()
    everywhere = set.intersection(*common)
    return tuple(intent for intent in verdicts[0].unmatched if intent in everywhere)


def _owners(event: FeedbackGiven) -> list[Owner]:
    if event.knowledgebase_ids:
        return [
            Owner(type=OwnerType.KNOWLEDGE_BASE, id=base)
            for base in dict.fromkeys(event.knowledgebase_ids)
        ]
    owners = [Owner(type=OwnerType.USER, id=event.user_id)]
    if event.allow_public:
        owners.append(Owner(type=OwnerType.PUBLIC))
    return owners


def _hints(event: FeedbackGiven) -> tuple[str, ...]:
    """The last question and the answer to it, the user's words first."""
    last = [message for message in event.recent_messages if message.role in ("user", "assistant")][
        -_EXCHANGE:
    ]
    last.sort(key=lambda message: message.role != "user")
    return tuple(message.text[: bounds.LONGEST_QUERY] for message in last if message.text)


def _queries(event: FeedbackGiven, reading: Reading, hints: tuple[str, ...]) -> tuple[str, ...]:
    """The words themselves, each of several corrections, and the exchange where words have no
    subject.
    """
    queries = [event.content]
    if len(reading.intents) > 1:
        queries += [intent.words for intent in reading.intents]
    queries += [
        f"{intent.context or intent.subject} {intent.old}".strip() for intent in reading.intents
    ]
    if hints and any(not (intent.subject or intent.context) for intent in reading.intents):
        queries += hints
    return tuple(dict.fromkeys(query for query in queries if query.strip()))[:_SEARCHES]


def _decided(event: FeedbackGiven, result: _Decided) -> CorrectionDecided:
    base = ",".join(event.knowledgebase_ids)
    return CorrectionDecided(
        project_id=event.project_id,
        feedback_id=event.feedback_id,
        task_id=event.task_id,
        user_id=event.user_id,
        conversation_id=event.conversation_id,
        agent_id=event.agent_id,
        app_id=event.app_id,
        words=event.content,
        feedback_time=event.feedback_time,
        decisions=result.decisions,
        reason=result.reason,
        order_key=f"{event.project_id}/{base or event.user_id}",
        sequence=event.sequence,
    )
