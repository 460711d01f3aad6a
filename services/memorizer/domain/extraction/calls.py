"""Tool calls and schemas as drafts."""

from services.kernel.contracts.events import MessagesRecorded
from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import tools
from services.memorizer.domain.extraction.draft import MemoryDraft
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.turn import Turn


def tool_drafts(event: MessagesRecorded) -> list[MemoryDraft]:
    """Trajectories and schemas of the event's messages."""
    drafts = [_trajectory(event, one) for one in tools.trajectories(event.messages)]
    for message in event.messages:
        if message.role != "system":
            continue
        turn = Turn(event, message)
        for number, (name, text, schema) in enumerate(tools.schemas(message.text)):
            drafts.append(
                turn.draft(
                    Kind.TOOL,
                    number,
                    f"tool|{name}",
                    key=name,
                    value=text,
                    evidence=(turn.evidence(0, len(message.text)),),
                    tags=("tool_schema", "mode:fine"),
                    content=same_words(text),
                    subject="tool",
                    detail={
                        "tool_type": "ToolSchema",
                        "tool_value": schema,
                        "tool_used_status": [],
                    },
                )
            )
    return drafts


def _trajectory(event: MessagesRecorded, one: tools.Trajectory) -> MemoryDraft:
    turn = Turn(event, one.caller)
    text = tools.describe(one)
    spoken = [message for message in (one.wish, one.caller, one.answer) if message is not None]
    spoken.extend(outcome.result for outcome in one.outcomes if outcome.result is not None)
    evidence = tuple(Turn(event, message).evidence(0, len(message.text)) for message in spoken)
    if one.answer is not None:
        text += ("\n助手回答：" if is_chinese(text) else "\nassistant: ") + one.answer.text.strip()
    return turn.draft(
        Kind.TOOL,
        0,
        key=", ".join(dict.fromkeys(outcome.call.name for outcome in one.outcomes)),
        value=text,
        evidence=evidence,
        context=turn.said_on(text),
        tags=("tool", "mode:fine"),
        content=same_words(text),
        subject="tool",
        detail={
            "tool_type": "ToolTrajectoryMemory",
            "tool_used_status": tools.used_status(one),
            "experience": tools.experience(one),
        },
    )
