"""Memories as the API shows them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from services.kernel.contracts.records import (
    DocumentAnchor,
    Kind,
    MemoryRecord,
    MessageEvidence,
    OwnerType,
    Status,
)
from services.kernel.contracts.retrieval import SearchAnswer, SearchItem
from services.kernel.contracts.topics import DAY_MS

FACTUAL: Final = (Kind.FACT, Kind.MESSAGE, Kind.CORRECTION)
KNOWLEDGE: Final = (Kind.PASSAGE, Kind.SUMMARY)
VIEW_OF: Final[Mapping[Kind, str]] = {
    Kind.PREFERENCE: "preference",
    Kind.TOOL: "tool_memory",
    Kind.SKILL: "skill",
}
_NOTE_ZH: Final = (
    "# 提示：\n用户偏好分为显性偏好（用户明确说出）与隐性偏好（由对话推断）。"
    "回答时请遵循与问题相关的偏好；与用户当前的要求冲突时，以当前要求为准。"
)
_NOTE_EN: Final = (
    "# Note:\nPreferences are explicit (the user said so) or implicit (inferred from the "
    "conversation). Follow those that bear on the question; where they conflict with what the "
    "user asks for now, the present request wins."
)


def view_of(kind: Kind) -> str:
    """The API's name for the kind of a memory."""
    return VIEW_OF.get(kind, "detail_factual")


def memory_type(record: MemoryRecord, now_ms: int) -> str:
    """WorkingMemory for 24 h after creation or change and for an active correction; then
    LongTermMemory: by age at read time.
    """
    active = record.kind is Kind.CORRECTION and record.status is Status.ACTIVATED
    fresh = now_ms - max(record.created_at, record.updated_at) < DAY_MS
    return "WorkingMemory" if active or fresh else "LongTermMemory"


def _evidence(evidence: Iterable[MessageEvidence]) -> list[dict[str, Any]]:
    return [entry.model_dump(mode="json") for entry in evidence]


def title_of(record: MemoryRecord) -> str:
    """What a memory is called: a document's memory by its document's title, unless somebody gave
    it a name by hand; all others by their own.
    """
    anchor = record.anchor
    if record.kind not in KNOWLEDGE or anchor is None:
        return record.key
    title = str(record.detail.get("title", ""))
    own = ("", title, anchor.heading_path[-1] if anchor.heading_path else "")
    generated = record.kind is Kind.SUMMARY or record.key in own
    return (title or record.key) if generated else record.key


def _headings(anchor: DocumentAnchor, title: str) -> list[str]:
    """The path to a section, from the document's title on."""
    path = list(anchor.heading_path)
    return path if not title or path[:1] == [title] else [title, *path]


def _place(anchor: DocumentAnchor, title: str) -> dict[str, Any]:
    first, last = anchor.page_first, anchor.page_last
    return {
        "document_id": anchor.document_id,
        "document_name": anchor.document_name,
        "pages": [] if first is None else [first, first if last is None else last],
        "heading_path": _headings(anchor, title),
    }


def _citation(record: MemoryRecord) -> dict[str, Any]:
    anchor = record.anchor
    if anchor is None:
        return {"knowledgebase_id": record.owner.id}
    return {
        "knowledgebase_id": record.owner.id or anchor.knowledgebase_id,
        **_place(anchor, str(record.detail.get("title", ""))),
        "section": anchor.heading_path[-1] if anchor.heading_path else "",
        "start": anchor.start,
        "end": anchor.end,
    }


def _also_in(item: SearchItem) -> list[dict[str, Any]]:
    """Other places of the same text."""
    found = []
    for place in item.also_in:
        shown: dict[str, Any] = {"id": str(place.memory_id)}
        if place.owner.type is OwnerType.KNOWLEDGE_BASE:
            shown["knowledgebase_id"] = place.owner.id
        if place.anchor is not None:
            shown |= {"title": place.title, **_place(place.anchor, place.title)}
        else:
            shown["conversation_id"] = place.conversation_id
        found.append(shown)
    return found


def _extras(record: MemoryRecord) -> dict[str, Any]:
    extras: dict[str, Any] = {"kind": record.kind.value}
    if record.owner.type is OwnerType.KNOWLEDGE_BASE:
        extras |= _citation(record)
    if record.owner.type is not OwnerType.KNOWLEDGE_BASE or record.evidence:
        extras["evidence"] = _evidence(record.evidence)
    if record.owner.type not in (OwnerType.USER, OwnerType.AGENT) and record.user_id:
        # Whose words they are: whoever reads them is somebody else.
        extras |= {"user_id": record.user_id, "source_user_id": record.user_id}
    return extras


def _conversation(record: MemoryRecord) -> str:
    # The public API shows this name where a document, not a conversation, is the source.
    return record.conversation_id or (
        "default_session" if record.owner.type is OwnerType.KNOWLEDGE_BASE else ""
    )


def _common(record: MemoryRecord) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "create_time": record.created_at,
        "update_time": record.updated_at,
        "conversation_id": _conversation(record),
        "status": record.status.value,
        "confidence": record.confidence,
        "tags": list(record.tags),
    }


def memory_item(record: MemoryRecord, now_ms: int) -> dict[str, Any]:
    """One entry of `memory_detail_list`."""
    return {
        **_common(record),
        "memory_key": title_of(record),
        "memory_value": record.value,
        "memory_type": memory_type(record, now_ms),
        **_extras(record),
    }


def preference_item(record: MemoryRecord) -> dict[str, Any]:
    """One entry of `preference_detail_list`."""
    kind = record.detail.get("preference_type", "explicit_preference")
    return {
        **_common(record),
        "preference_type": kind,
        "preference": record.value,
        "reasoning": record.detail.get("reasoning", ""),
        **_extras(record),
    }


def extracted(records: Sequence[MemoryRecord], kinds: Sequence[str], now_ms: int) -> dict[str, Any]:
    """The answer of extract/memory: what was found, without what only stored memories have."""
    facts = [one for one in records if one.kind is Kind.FACT and "memory" in kinds]
    wishes = [one for one in records if one.kind is Kind.PREFERENCE and "preference" in kinds]
    return {
        "success": True,
        "memory_detail_list": [
            {
                "memory_key": one.key,
                "memory_value": one.value,
                "memory_type": memory_type(one, now_ms),
                "tags": list(one.tags),
                "evidence": _evidence(one.evidence),
            }
            for one in facts
        ],
        "preference_detail_list": [
            {
                "preference": one.value,
                "reasoning": one.detail.get("reasoning", ""),
                "preference_type": one.detail.get("preference_type", "explicit_preference"),
                "evidence": _evidence(one.evidence),
            }
            for one in wishes
        ],
    }


def tool_item(record: MemoryRecord) -> dict[str, Any]:
    """One entry of `tool_memory_detail_list`."""
    detail = record.detail
    return {
        **_common(record),
        "tool_type": detail.get("tool_type", "ToolTrajectoryMemory"),
        "tool_value": detail.get("tool_value", record.value),
        "tool_used_status": detail.get("tool_used_status", []),
        "experience": detail.get("experience", ""),
        **_extras(record),
    }


def skill_item(record: MemoryRecord) -> dict[str, Any]:
    """One entry of `skill_detail_list`; a name or text that was changed by hand shows here."""
    known = record.detail.get("skill")
    value: dict[str, Any] = dict(known) if isinstance(known, dict) else {}
    value["name"] = record.key
    if record.detail.get("edited"):
        value["procedure"] = record.value
    document = record.anchor.document_id if record.anchor is not None else ""
    return {
        **_common(record),
        "skill_value": value,
        "skill_url": f"/api/v1/documents/{document}/original",
        "skill_type": "SkillMemory",
        **_extras(record),
    }


def event_item(record: MemoryRecord) -> dict[str, Any]:
    """One entry of `event_detail_list`: a fact with its times; rules read no places and roles."""
    when = record.detail.get("event_time")
    return {
        **_common(record),
        "event_key": record.key,
        "event_value": record.value,
        "event_type": "EventMemory",
        "event_time": list(when) if isinstance(when, list) else [],
        "event_location": [],
        "event_roles": [],
        **_extras(record),
    }


def _scored(shown: dict[str, Any], item: SearchItem, explain: bool) -> dict[str, Any]:
    shown["relativity"] = item.relativity
    if explain:
        shown["scores"] = dict(item.scores)
    if item.also_in:
        shown["also_in"] = _also_in(item)
    return shown


def _corrected(answer: SearchAnswer) -> dict[str, list[str]]:
    """Correction id → ids of the items of this answer that it corrects."""
    found: dict[str, list[str]] = {}
    for item in answer.memories:
        for correction in item.corrected_by:
            found.setdefault(correction, []).append(str(item.record.id))
    return found


def _corrects(record: MemoryRecord) -> list[str]:
    """What a correction corrects, also where it is not in the answer."""
    lists = (record.detail.get(name) for name in ("target_ids", "corrected_ids"))
    return [str(one) for named in lists if isinstance(named, list) for one in named]


def search_data(answer: SearchAnswer, *, now_ms: int, explain: bool) -> dict[str, Any]:
    """`data` of a search."""
    corrects = _corrected(answer)
    memories = []
    for item in answer.memories:
        shown = memory_item(item.record, now_ms)
        if item.record.owner.type is OwnerType.KNOWLEDGE_BASE or item.corrected_by:
            shown["corrected_by"] = list(item.corrected_by)
        if item.record.kind is Kind.CORRECTION:
            known = corrects.get(str(item.record.id), [])
            shown["corrects"] = list(dict.fromkeys([*known, *_corrects(item.record)]))
        memories.append(_scored(shown, item, explain))
    preferences = [
        _scored(preference_item(item.record), item, explain) for item in answer.preferences
    ]
    data: dict[str, Any] = {
        "memory_detail_list": memories,
        "preference_detail_list": preferences,
        "tool_memory_detail_list": [
            _scored(tool_item(item.record), item, explain) for item in answer.tools
        ],
        "skill_detail_list": [
            _scored(skill_item(item.record), item, explain) for item in answer.skills
        ],
        "profile_detail_list": [],
        "event_detail_list": [
            _scored(event_item(item.record), item, explain) for item in answer.events
        ],
        "preference_note": preference_note([item.record for item in answer.preferences]),
    }
    if answer.notes:
        data["notes"] = list(answer.notes)
    return data


def preference_note(preferences: Sequence[MemoryRecord]) -> str:
    """How to use preferences, in the language that most of them are in; '' when there are none."""
    if not preferences:
        return ""
    chinese = sum(any("\u4e00" <= char <= "\u9fff" for char in r.value) for r in preferences)
    return _NOTE_ZH if chinese * 2 >= len(preferences) else _NOTE_EN


def by_id(record: MemoryRecord, *, status: str) -> dict[str, Any]:
    """`data` of get/memory/{id}."""
    return {
        "id": str(record.id),
        "memory_view": view_of(record.kind),
        "title": title_of(record),
        "content": record.value,
        "conversation_id": _conversation(record),
        "message_ids": list(dict.fromkeys(entry.message_id for entry in record.evidence)),
        "status": status,
        "algorithm_updatable": True,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "revision": record.revision,
        "user_id": record.user_id
        or (record.owner.id if record.owner.type is OwnerType.USER else ""),
        "agent_id": record.agent_id
        or (record.owner.id if record.owner.type is OwnerType.AGENT else ""),
        "tags": list(record.tags),
        "info": dict(record.info),
        **_extras(record),
    }


def memory_views(changes: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """`memory_views` of a finished task: counts, and ids by view; None when nothing changed.
    Archived memories count as deleted.
    """
    counted = {"added": 0, "updated": 0, "deleted": 0}
    ids: dict[str, list[str]] = {}
    total = 0
    for change in changes:
        word = "deleted" if change["change"] == "archived" else str(change["change"])
        counted[word] += 1
        ids.setdefault(view_of(Kind(change["kind"])), []).append(str(change["memory_id"]))
        total += 1
    if not total:
        return None
    return {**counted, **{view: {"memory_ids": found} for view, found in ids.items()}}
