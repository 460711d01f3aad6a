"""The one search: what the caller may see, resolved at this moment."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.gateway.domain.documents import files_of
from services.gateway.domain.filters import Filters, parse_filter
from services.gateway.domain.items import FACTUAL, KNOWLEDGE, search_data
from services.gateway.domain.limits import MAX_QUERY_TOKENS, Limits, tokens_of
from services.gateway.domain.profiles import MANUAL
from services.gateway.domain.requests import VIEWS, SearchMemory
from services.gateway.domain.sources import message_keys, sources_of, with_sources
from services.gateway.handlers.calls import Call
from services.gateway.handlers.door import Gate
from services.gateway.handlers.knowledgebases import ALL, check_linked
from services.gateway.handlers.ports import ConversationStore, ScopeStore
from services.gateway.handlers.profiles import Profiles
from services.gateway.handlers.shedding import SearchTurns
from services.gateway.handlers.usage import Meter
from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput, MemloomError
from services.kernel.contracts.records import Kind, Owner, OwnerType
from services.kernel.contracts.retrieval import SearchAnswer, SearchRequest
from services.kernel.contracts.scope import Scope
from services.kernel.ports.clock import Clock
from services.kernel.ports.retrieval import Retrieval
from services.kernel.ports.store import Database

_EVENTS: Final = (
    "event: statements whose time words (such as `yesterday`) were resolved to a date; those with "
    "a date written out stay in `detail_factual`, and no places and roles are read, so "
    "`event_location` and `event_roles` are empty."
)
_UNSERVED: Final = {
    "skill": "skills are learnt from no conversation here; those of skill files lie in knowledge "
    "bases: list them by get/knowledgebase-file with `type` skill, and find them by search/memory "
    "with `knowledgebase_ids`.",
}


def subject_of(user_id: str | None, agent_id: str | None) -> Owner:
    """The one who asks."""
    if user_id is not None:
        return Owner(type=OwnerType.USER, id=user_id)
    return Owner(type=OwnerType.AGENT, id=agent_id or "")


def wanted_kinds(
    views: Sequence[str] | None,
    *,
    preference: bool,
    tool: bool,
    factual: Sequence[Kind],
    skill: bool = False,
) -> tuple[Kind, ...]:
    """Kinds by the newer views where they are given, else by the older flags."""
    if views is not None:
        for view in views:
            if view not in VIEWS:
                raise InvalidInput(f"`include_memory_view`: {view!r} is none of {', '.join(VIEWS)}")
        facts, preference, tool, skill = (
            "detail_factual" in views,
            "preference" in views,
            "tool_memory" in views,
            "skill" in views,
        )
    else:
        facts = True
    events = views is not None and "event" in views and not facts
    return (
        *(factual if facts else ()),
        *((Kind.FACT,) if events else ()),
        *((Kind.PREFERENCE,) if preference else ()),
        *((Kind.TOOL,) if tool else ()),
        *((Kind.SKILL,) if skill else ()),
    )


def unserved(
    views: Sequence[str] | None, *, skills: bool = False, bases: Sequence[str] = ()
) -> list[str]:
    """Sentences on the views that are asked for and that nothing here fills; MemloomError where
    nothing else is asked for, for an empty list would read as an answer. skills: asked for by
    the older flag. bases: knowledge bases that are searched, where skills lie.
    """
    unfilled = [name for name in _UNSERVED if not (bases and name == "skill")]
    asked = [name for name in unfilled if name in (views or ())]
    if views and len(asked) == len(set(views)):
        raise MemloomError(" ".join(_UNSERVED[name] for name in asked), code=Code.OPERATION_FAILED)
    if skills and views is None and "skill" in unfilled:
        asked.append("skill")
    found = [f"{name}: {_UNSERVED[name]}" for name in asked]
    return [*found, _EVENTS] if views and "event" in views else found


class Search:
    """Makes the scope from the key, asks the retriever, and shows its answer."""

    def __init__(
        self,
        *,
        database: Database,
        store: ScopeStore,
        profiles: Profiles,
        conversations: ConversationStore,
        retrieval: Retrieval,
        gate: Gate,
        turns: SearchTurns,
        clock: Clock,
        limits: Limits,
        meter: Meter,
    ) -> None:
        self._meter = meter
        self._gate = gate
        self.turns = turns
        self._database = database
        self._store = store
        self._profiles = profiles
        self._conversations = conversations
        self._retrieval = retrieval
        self._clock = clock
        self._limits = limits

    async def scope(
        self,
        call: Call,
        subject: Owner,
        knowledgebase_ids: Sequence[str],
        filters: Filters | None = None,
    ) -> Scope:
        """What the subject may see now: linked knowledge bases, without what was deleted and is
        not purged yet.
        """
        chosen = filters or Filters()
        wanted = (
            None if list(knowledgebase_ids) == [ALL] else list(dict.fromkeys(knowledgebase_ids))
        )
        async with self._database.read() as tx:
            own = files_of(call.project.id, subject)
            seen = await self._store.visible(tx, call.project.id, wanted, own)
        if wanted is not None:
            check_linked(wanted, seen.linked)
        ids = tuple(seen.linked) if wanted is None else tuple(wanted)
        if seen.files:
            ids = (*ids, own)
        return Scope(
            project_id=call.project.id,
            subject=subject,
            knowledgebase_ids=ids,
            hidden_documents=seen.hidden if ids else (),
            removed_owners=seen.removed,
            subject_filter=chosen.user if subject.type is OwnerType.USER else chosen.agent,
            public_filter=chosen.public,
            knowledgebase_filter=chosen.knowledgebase,
            lenders=seen.lenders,
        )

    async def search(self, call: Call, request: SearchMemory) -> dict[str, Any]:
        """User facts, preferences, tool memory and knowledge in one answer."""
        notes = unserved(
            request.include_memory_view,
            skills=request.include_skill,
            bases=request.knowledgebase_ids,
        )
        answer, now = await self.ask(call, request)
        data = search_data(answer, now_ms=now, explain=request.explain)
        if "profile" in (request.include_memory_view or ()):
            owner = subject_of(request.user_id, request.agent_id)
            data["profile_detail_list"] = await self._profiles.values(call, owner)
            notes.append(MANUAL)
        if notes:
            data["notes"] = [*data.get("notes", ()), *notes]
        if request.context_format == "memory":
            return data
        subject = subject_of(request.user_id, request.agent_id)
        records = [item.record for item in (*answer.memories, *answer.preferences)]
        keys = message_keys(records, subject)
        async with self._database.read() as tx:
            messages = await self._conversations.messages(tx, call.project.id, subject.key, keys)
        sources = {
            str(record.id): sources_of(record, messages if record.owner == subject else {})
            for record in records
        }
        replace = request.context_format == "sources"
        for name, field in (
            ("memory_detail_list", "memory_value"),
            ("preference_detail_list", "preference"),
        ):
            data[name] = with_sources(data[name], field, sources, replace=replace)
        return data

    async def ask(self, call: Call, request: SearchMemory) -> tuple[SearchAnswer, int]:
        """The retriever's answer, and the time by which it was asked."""
        tokens = tokens_of(request.query)
        if tokens > MAX_QUERY_TOKENS:
            raise InvalidInput(
                f"`query` has about {tokens} tokens; send at most {MAX_QUERY_TOKENS}",
                code=Code.INPUT_TOO_LONG,
            )
        await self._gate.text(call, tokens)
        now = self._clock.now_ms()
        kinds = wanted_kinds(
            request.include_memory_view,
            preference=request.include_preference,
            tool=request.include_tool_memory,
            skill=request.include_skill,
            factual=(*KNOWLEDGE, *FACTUAL),
        )
        # Written times may be read word by word, which takes its time.
        filters = (
            await asyncio.to_thread(
                parse_filter, request.filter, zone=ZoneInfo(self._limits.timezone), now_ms=now
            )
            if request.filter
            else Filters()
        )
        subject = subject_of(request.user_id, request.agent_id)
        views = request.include_memory_view or ()
        events_alone = "event" in views and "detail_factual" not in views
        self._meter.count(call.project.id, "searches")
        async with self.turns.turn():
            # Resolved after the wait: what was deleted meanwhile is not searched.
            scope = await self.scope(call, subject, request.knowledgebase_ids, filters)
            if not kinds:
                return SearchAnswer(), now
            answer = await self._retrieve(
                SearchRequest(
                    scope=scope,
                    query=request.query,
                    conversation_id=request.conversation_id or "",
                    memory_limit=0 if events_alone else request.memory_limit_number,
                    event_limit=request.memory_limit_number if "event" in views else 0,
                    preference_limit=request.preference_limit_number,
                    tool_limit=request.tool_memory_limit_number,
                    skill_limit=request.skill_limit_number,
                    kinds=kinds,
                    threshold=request.relativity,
                    now=now,
                    explain=request.explain,
                    timezone=self._limits.timezone,
                )
            )
        return answer, now

    async def _retrieve(self, request: SearchRequest) -> SearchAnswer:
        try:
            return await self._retrieval.search(request)
        except DependencyUnavailable as error:
            raise DependencyUnavailable(
                f"the search cannot answer now: {error.message}",
                code=Code.SEARCH_SERVICE_UNAVAILABLE,
            ) from error
