"""Messages as callers send them, made into the event's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4
from zoneinfo import ZoneInfo

from services.gateway.domain.limits import MAX_MESSAGE_TOKENS, tokens_of
from services.gateway.domain.requests import MessageIn
from services.gateway.domain.times import parse_time
from services.kernel.contracts.errors import Code, InvalidInput
from services.kernel.contracts.events import Message, ToolCall

_IMAGE = "[image]"
_FILE = "[file]"
_IMAGES = ("image_url", "image")
UNREAD_IMAGES = (
    "images are kept as [image]: no text is read from pictures here; send what they say as text, "
    "or a document with a text layer as a file"
)


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in a message: `content` is a URL, a data URI or Base64. message, part: where."""

    content: str
    name: str
    message: int
    part: int


def file_parts(sent: Sequence[MessageIn]) -> list[FilePart]:
    """The files of the messages, in order. InvalidInput for a part without content."""
    found = []
    for position, message in enumerate(sent):
        if isinstance(message.content, str):
            continue
        for number, part in enumerate(message.content):
            if part.get("type") == "file":
                found.append(_file_part(part, position, number))
    return found


def _file_part(part: dict[str, Any], position: int, number: int) -> FilePart:
    given = part.get("file")
    file: dict[str, Any] = given if isinstance(given, dict) else {}
    content = next(
        (file[key] for key in ("file_data", "url", "content") if isinstance(file.get(key), str)), ""
    )
    if not content.strip():
        raise InvalidInput(
            f"`messages.{position}.content.{number}.file.file_data` is required: a URL or Base64",
            code=Code.FIELD_MISSING,
        )
    name = next(
        (file[key] for key in ("filename", "file_name", "name") if isinstance(file.get(key), str)),
        "",
    )
    return FilePart(content.strip(), name, position, number)


def has_images(sent: Sequence[MessageIn]) -> bool:
    """Whether a message holds a picture, which nobody here can read."""
    return any(
        part.get("type") in _IMAGES
        for message in sent
        if not isinstance(message.content, str)
        for part in message.content
    )


def attached(
    messages: Sequence[Message], parts: Sequence[FilePart], documents: Sequence[str]
) -> tuple[Message, ...]:
    """The messages with the documents that were made of their files."""
    of: dict[int, list[str]] = {}
    for part, document in zip(parts, documents, strict=True):
        of.setdefault(part.message, []).append(document)
    return tuple(
        message.model_copy(update={"attachments": tuple(of[number])}) if number in of else message
        for number, message in enumerate(messages)
    )


def read_messages(
    sent: list[MessageIn],
    *,
    zone: ZoneInfo,
    now_ms: int,
    most: int = MAX_MESSAGE_TOKENS,
    new_id: Callable[[], str] = lambda: str(uuid4()),
) -> tuple[Message, ...]:
    """The messages with ids, times (arrival where none is given) and positions.

    InvalidInput for a part or time that cannot be read, MESSAGES_TOO_LONG above `most`
    tokens.
    """
    found = []
    for position, message in enumerate(sent):
        text = _text(message.content, position)
        when = (
            now_ms
            if message.chat_time is None or message.chat_time == ""
            else parse_time(
                message.chat_time,
                zone=zone,
                now_ms=now_ms,
                field=f"messages.{position}.chat_time",
            )
        )
        found.append(
            Message(
                id=message.id or new_id(),
                role=message.role,
                text=text,
                chat_time=when,
                timed=message.chat_time is not None and message.chat_time != "",
                position=position,
                role_id=message.role_id,
                role_name=message.role_name,
                tool_calls=tuple(_tool_call(call, position) for call in message.tool_calls),
                tool_call_id=message.tool_call_id,
            )
        )
    _check_ids(found)
    total = sum(
        tokens_of(message.text) + sum(tokens_of(call.arguments) for call in message.tool_calls)
        for message in found
    )
    if total > most:
        raise InvalidInput(
            f"the messages have about {total} tokens together; send at most {most} in a request",
            code=Code.MESSAGES_TOO_LONG,
        )
    if not any(message.text.strip() or message.tool_calls for message in found):
        raise InvalidInput("`messages` say nothing: all are empty", code=Code.FIELD_MISSING)
    return tuple(found)


def _check_ids(messages: Sequence[Message]) -> None:
    seen: set[str] = set()
    for position, message in enumerate(messages):
        if message.id in seen:
            raise InvalidInput(
                f"`messages.{position}.id`: {message.id!r} is the id of two messages of this "
                "request; an edit is sent in a request of its own"
            )
        seen.add(message.id)


def as_kept(message: Message, known: Message | None, sequence: int) -> Message:
    """The message as it is kept. One whose id is `known` is that one where nothing changed, else
    an edit in its place; a time that the caller gave moves it. sequence: of this write.
    """
    if known is None:
        return message.model_copy(update={"sequence": sequence})
    moved = message.timed and message.chat_time != known.chat_time
    kept = message.model_copy(
        update={
            "chat_time": message.chat_time if moved else known.chat_time,
            "timed": known.timed or moved,
            "position": known.position,
            "sequence": known.sequence,
            "edition": known.edition,
        }
    )
    return known if kept == known else kept.model_copy(update={"edition": sequence})


def _text(content: str | list[dict[str, Any]], position: int) -> str:
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for number, part in enumerate(content):
        kind = part.get("type", "text")
        if kind == "text" and isinstance(part.get("text"), str):
            texts.append(cast("str", part["text"]))
        elif kind in _IMAGES:
            texts.append(_IMAGE)
        elif kind == "file":
            texts.append(_FILE)
        else:
            raise InvalidInput(
                f"`messages.{position}.content.{number}`: a part is "
                '{"type": "text", "text": "…"}, {"type": "image_url", …} or {"type": "file", …}'
            )
    return "\n".join(texts)


def _tool_call(call: dict[str, Any], position: int) -> ToolCall:
    function = call.get("function") if isinstance(call.get("function"), dict) else call
    name = cast("dict[str, Any]", function).get("name")
    arguments = cast("dict[str, Any]", function).get("arguments", "")
    if not isinstance(name, str) or not name or not isinstance(arguments, str):
        raise InvalidInput(
            f"`messages.{position}.tool_calls`: a call is "
            '{"id": "…", "type": "function", "function": {"name": "…", "arguments": "<JSON>"}}'
        )
    return ToolCall(id=str(call.get("id", "")), name=name, arguments=arguments)


def last_exchange(messages: list[Message]) -> tuple[Message, ...]:
    """The newest question with what was answered to it, and the exchange before it: at most six
    messages, oldest first.
    """
    return tuple(messages[-6:])
