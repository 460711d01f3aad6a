"""Feedback in plain words, its dry run, and the log of what it corrected."""

import asyncio
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from services.gateway.domain.documents import correction, shown_decision
from services.gateway.domain.limits import MAX_QUERY_TOKENS, Limits, tokens_of
from services.gateway.domain.model import CorrectionEntry, Feedback, Task
from services.gateway.domain.requests import AddFeedback
from services.gateway.domain.times import parse_time
from services.gateway.handlers.calls import Call, Writes
from services.gateway.handlers.door import Gate
from services.gateway.handlers.knowledgebases import require_linked, require_owned
from services.gateway.handlers.ports import (
    CatalogueStore,
    ConversationStore,
    Outbox,
    PlaceStore,
    TaskStore,
)
from services.kernel.contracts.errors import (
    Code,
    Conflict,
    DependencyUnavailable,
    InvalidInput,
    NotFound,
    StorageFull,
)
from services.kernel.contracts.events import FeedbackGiven
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType
from services.kernel.ports.clock import Clock
from services.kernel.ports.preview import Preview
from services.kernel.ports.records import Records
from services.kernel.ports.store import Database

# The last exchange and the one before it: what a "no, that is wrong" may speak of.
_RECENT: Final = 6


class FeedbackDesk:
    """Use cases over feedback and corrections."""

    def __init__(
        self,
        *,
        database: Database,
        catalogue: CatalogueStore,
        conversations: ConversationStore,
        tasks: TaskStore,
        places: PlaceStore,
        outbox: Outbox,
        writes: Writes,
        gate: Gate,
        records: Records,
        preview: Preview,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._conversations = conversations
        self._tasks = tasks
        self._places = places
        self._outbox = outbox
        self._writes = writes
        self._gate = gate
        self._records = records
        self._preview = preview
        self._clock = clock
        self._limits = limits

    async def add(self, call: Call, request: AddFeedback) -> dict[str, Any]:
        """Take the feedback; what it means is decided behind, get/status tells.
        DependencyUnavailable (SAVE_FEEDBACK_FAILED) where it cannot be saved now.
        """
        self._gate.queue("feedback")
        await self._gate.text(call, tokens_of(request.feedback_content))

        async def perform(call: Call) -> dict[str, Any]:
            event = await self._event(call, request)
            answer = {"success": True, "task_id": event.task_id, "status": "running"}
            now = self._clock.now_ms()
            async with self._database.write() as tx:
                await require_owned(tx, self._catalogue, call.project.id, event.knowledgebase_ids)
                await self._conversations.add_feedback(
                    tx,
                    Feedback(
                        id=event.feedback_id,
                        project_id=call.project.id,
                        task_id=event.task_id,
                        user_id=event.user_id,
                        conversation_id=event.conversation_id,
                        content=event.content,
                        feedback_time=event.feedback_time,
                        knowledgebase_ids=event.knowledgebase_ids,
                        created_at=now,
                    ),
                )
                task = Task(event.task_id, call.project.id, "feedback", "running", now)
                await self._tasks.add_task(tx, task, [event.task_id])
                owner = Owner(type=OwnerType.USER, id=event.user_id)
                place = await self._places.draw(
                    tx, call.project.id, [owner, *_corrected(event)], now=now
                )
                placed = event.model_copy(update={"sequence": place})
                await self._outbox.add(tx, [placed], correlation_id=call.request_id)
                touched = [f"correction:{identifier}" for identifier in event.knowledgebase_ids]
                await self._writes.remember(
                    tx, call, answer, touched or [f"correction:{owner.key}"]
                )
            return answer

        body = request.model_dump(mode="json")
        try:
            answer: dict[str, Any] = await self._writes.once(call, "add/feedback", body, perform)
        except StorageFull:
            # It has a code of its own, which says that trying again at once is no use.
            raise
        except DependencyUnavailable as error:
            raise DependencyUnavailable(
                f"the feedback was not saved: {error.message}", code=Code.SAVE_FEEDBACK_FAILED
            ) from error
        return answer

    async def dry_run(self, call: Call, request: AddFeedback) -> dict[str, Any]:
        """What the feedback would change, without changing it."""
        decided = await self._preview.preview(await self._event(call, request))
        return {
            "dry_run": True,
            "reason": decided.reason,
            "decisions": [
                shown_decision(decision.model_dump(mode="json"))
                | {
                    "knowledgebase_id": decision.owner.id
                    if decision.owner.type is OwnerType.KNOWLEDGE_BASE
                    else ""
                }
                for decision in decided.decisions
            ],
        }

    async def log(
        self, call: Call, knowledgebase_id: str, *, page: int, size: int
    ) -> dict[str, Any]:
        """The knowledge base's corrections, newest first."""
        async with self._database.read() as tx:
            await require_linked(tx, self._catalogue, call.project.id, [knowledgebase_id])
            entries, total = await self._tasks.corrections(
                tx, call.project.id, knowledgebase_id, page, size
            )
        states = await asyncio.gather(*(self._state(call, entry) for entry in entries))
        return {
            "corrections": [
                correction(entry, state=state) for entry, state in zip(entries, states, strict=True)
            ],
            "total": total,
            "page": page,
            "page_size": size,
        }

    async def switch(
        self, call: Call, knowledgebase_id: str, identifier: str, *, active: bool
    ) -> dict[str, Any]:
        """Undo or redo a correction; search shows it on return. Repeating it is harmless."""
        async with self._database.read() as tx:
            await require_owned(tx, self._catalogue, call.project.id, [knowledgebase_id])
            entry = await self._tasks.correction(tx, call.project.id, identifier)
        if entry is None or entry.knowledgebase_id != knowledgebase_id:
            raise NotFound(f"there is no correction {identifier!r}")
        await self._records.set_correction(call.project.id, UUID(identifier), active=active)
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            await self._tasks.set_correction(tx, identifier, active=active, now=now)
            # A feedback that repeats an undone one is a new wish, not a retry.
            await self._writes.touch(tx, call, [f"correction:{knowledgebase_id}"])
            found = await self._tasks.correction(tx, call.project.id, identifier)
        return correction(found or entry, state="active" if active else "undone")

    async def one(self, call: Call, knowledgebase_id: str, identifier: str) -> dict[str, Any]:
        """One correction, before and after; NotFound."""
        async with self._database.read() as tx:
            await require_linked(tx, self._catalogue, call.project.id, [knowledgebase_id])
            entry = await self._tasks.correction(tx, call.project.id, identifier)
        if entry is None or entry.knowledgebase_id != knowledgebase_id:
            raise NotFound(f"there is no correction {identifier!r}")
        return correction(entry, state=await self._state(call, entry))

    async def decide(
        self, call: Call, knowledgebase_id: str, identifier: str, *, accepted: bool
    ) -> dict[str, Any]:
        """Accept or reject a proposal; NotFound, Conflict for a correction that stands already:
        feedback is applied, added or ignored at once, and nothing waits for a decision.
        """
        found = await self.one(call, knowledgebase_id, identifier)
        verb = "accepted" if accepted else "rejected"
        raise Conflict(
            f"correction {identifier!r} is no proposal that could be {verb}: it is "
            f"{found['state']}; undo takes it back, redo applies it again",
            code=Code.STATE_CONFLICT,
        )

    async def _state(self, call: Call, entry: CorrectionEntry) -> str:
        """active, undone, superseded (by a later correction), retired (a newer document says the
        same) or deleted.
        """
        if not entry.active:
            return "undone"
        try:
            record = await self._records.get(call.project.id, UUID(entry.id))
        except NotFound:
            return "deleted"
        if record.superseded_by is not None:
            return "superseded"
        if _says_itself(record):
            return "retired"
        return {"activated": "active", "archived": "retired"}.get(
            record.status.value, record.status.value
        )

    async def _event(self, call: Call, request: AddFeedback) -> FeedbackGiven:
        tokens = tokens_of(request.feedback_content)
        if tokens > MAX_QUERY_TOKENS:
            raise InvalidInput(
                f"`feedback_content` has about {tokens} tokens; send at most {MAX_QUERY_TOKENS}",
                code=Code.INPUT_TOO_LONG,
            )
        now = self._clock.now_ms()
        when = (
            now
            if request.feedback_time is None or request.feedback_time == ""
            else await asyncio.to_thread(
                parse_time,
                request.feedback_time,
                zone=ZoneInfo(self._limits.timezone),
                now_ms=now,
                field="feedback_time",
            )
        )
        owner = Owner(type=OwnerType.USER, id=request.user_id)
        async with self._database.read() as tx:
            knowledge_bases = await require_owned(
                tx, self._catalogue, call.project.id, request.allow_knowledgebase_ids
            )
            recent = (
                await self._conversations.last_messages(
                    tx,
                    call.project.id,
                    owner.key,
                    request.conversation_id,
                    roles=("user", "assistant"),
                    limit=_RECENT,
                )
                if request.conversation_id
                else []
            )
        return FeedbackGiven(
            project_id=call.project.id,
            feedback_id=uuid4().hex,
            task_id=str(uuid4()),
            user_id=request.user_id,
            conversation_id=request.conversation_id or "",
            content=request.feedback_content,
            feedback_time=when,
            agent_id=request.agent_id or "",
            app_id=request.app_id or "",
            allow_public=request.allow_public,
            knowledgebase_ids=tuple(knowledge_bases),
            recent_messages=tuple(message for message, _ in recent),
            timezone=self._limits.timezone,
        )


def _corrected(event: FeedbackGiven) -> list[Owner]:
    """Whose memories a feedback may change, beside the user's own."""
    owners = [
        Owner(type=OwnerType.KNOWLEDGE_BASE, id=identifier)
        for identifier in event.knowledgebase_ids
    ]
    return [*owners, Owner(type=OwnerType.PUBLIC)] if event.allow_public else owners


def _says_itself(record: MemoryRecord) -> bool:
    """Whether a document that came after the correction says what it says."""
    restated = record.detail.get("restated")
    return isinstance(restated, list) and any(
        isinstance(item, dict) and item.get("says") == "new" for item in restated
    )
