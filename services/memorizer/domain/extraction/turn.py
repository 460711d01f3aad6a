"""One message in its event: evidence, ids, times and the raw draft that all rules share."""

from datetime import date, datetime

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import Kind, MessageEvidence, OwnerType
from services.memorizer.domain.extraction import talk
from services.memorizer.domain.extraction.chatter import is_chatter
from services.memorizer.domain.extraction.draft import MemoryDraft, Order, derive_id, identity_of
from services.memorizer.domain.extraction.language import is_chinese, same_words
from services.memorizer.domain.extraction.sentences import sentences, unframed
from services.memorizer.domain.extraction.third_person import Speaker
from services.memorizer.domain.extraction.times import local_day, zone_of

LONGEST_MESSAGE = 4000


class Turn:
    """One message in its event, with what is needed to make drafts of it."""

    def __init__(self, event: MessagesRecorded, message: Message) -> None:
        self.event = event
        self.message = message
        self.zone = zone_of(event.timezone)
        self.day: date = local_day(message.chat_time, self.zone)
        self.placed = event.place(message)
        self.speaker = _speaker(event, message)

    def evidence(self, start: int, end: int) -> MessageEvidence:
        """The words at `start:end`."""
        message = self.message
        return MessageEvidence(
            message_id=message.id,
            conversation_id=self.event.conversation_id,
            role=message.role,
            chat_time=message.chat_time,
            start=start,
            end=end,
            text=message.text[start:end],
            order=0 if self.placed == message.chat_time else self.placed,
        )

    def draft(self, kind: Kind, start: int, attribute: str = "", **fields: object) -> MemoryDraft:
        """A draft of this message that begins at `start`."""
        message, event = self.message, self.event
        identifier = derive_id(
            event.project_id,
            event.owner,
            event.conversation_id,
            identity_of(message),
            start,
            kind,
            attribute,
        )
        order = Order(self.placed, message.position, message.id, start)
        base: dict[str, object] = {"valid_from": message.chat_time, **fields}
        return MemoryDraft(id=identifier, kind=kind, order=order, attribute=attribute, **base)  # type: ignore[arg-type]  # fields are named as the dataclass names them

    def stamp(self) -> str:
        """`2025-06-11 14:30`, in the project's zone."""
        moment = datetime.fromtimestamp(self.message.chat_time / 1000, tz=self.zone)
        return moment.strftime("%Y-%m-%d %H:%M")

    def said_on(self, text: str) -> str:
        """The day in words, to index: people ask for "what I said on May 2"."""
        if is_chinese(text):
            return f"{self.day.isoformat()} {self.day.month}月{self.day.day}日"
        return f"{self.day.isoformat()} {self.day.strftime('%B')} {self.day.day}"


def _speaker(event: MessagesRecorded, message: Message) -> Speaker:
    name = message.role_name or message.role_id
    if event.owner.type not in (OwnerType.USER, OwnerType.AGENT):
        named = name or event.user_id or event.agent_id
        return Speaker(named, named, shared=True)
    other = message.role_id and event.user_id and message.role_id != event.user_id
    return Speaker(name, name) if other else Speaker()


def raw(
    turn: Turn,
    words: str,
    evidence: tuple[MessageEvidence, ...],
    *,
    weight: float,
    replies_to: str = "",
) -> MemoryDraft:
    """Words of the turn as they were said, behind role and time. replies_to: the id of the
    message that they answer.
    """
    return turn.draft(
        Kind.MESSAGE,
        0,
        key="",
        value=f"{turn.message.role}: [{turn.stamp()}]: {words}",
        context=turn.said_on(words),
        evidence=evidence,
        tags=("mode:fast", *turn.event.tags),
        content=same_words(words),
        confidence=0.5,
        weight=weight,
        detail={"replies_to": replies_to} if replies_to else {},
    )


def raw_draft(turn: Turn, replies_to: str = "") -> MemoryDraft | None:
    """The turn as it was said, None where it says nothing. replies_to: the id of the message that
    it answers.
    """
    # What a user hands over is not what he says.
    text = unframed(turn.message.text) if turn.message.role == "user" else turn.message.text
    telling = [
        one
        for one in sentences(text)
        if not one.is_readable or not (talk.is_small_talk(one.text) or is_chatter(one.text))
    ]
    coded = "```" in turn.message.text
    if not telling and not coded:
        return None
    start, end = (0, len(text)) if coded else (telling[0].start, telling[-1].end)
    evidence = (turn.evidence(start, end),)
    weight = 0.7 if turn.message.role == "user" else 0.5
    return raw(
        turn,
        (turn.message.text if coded else text)[start:end].strip()[:LONGEST_MESSAGE],
        evidence,
        weight=weight,
        replies_to=replies_to,
    )


def tags_of(event: MessagesRecorded, title: str, value: str) -> tuple[str, ...]:
    """The topic, those of the caller's labels that the text names, and how it was made."""
    low = value.casefold()
    given = [tag for tag in event.tags if tag.casefold() in low]
    own = [title.casefold()] if title else []
    return tuple(dict.fromkeys([*own, *given, "mode:fine"]))
