"""What a chat model is asked: prompts are files beside this one, in Chinese and English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files

from pydantic import JsonValue

from services.kernel.contracts.events import Message, MessagesRecorded
from services.memorizer.domain.extraction.language import is_chinese
from services.memorizer.domain.extraction.times import zone_of

# The model's names for the views of the API that it extracts.
_KINDS = {"detail_factual": "fact", "preference": "preference"}
_TEXT: dict[str, JsonValue] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a model. name: of the schema; schema: what an answer must satisfy."""

    name: str
    system: str
    user: str
    schema: Mapping[str, JsonValue]


def facts(event: MessagesRecorded) -> Prompt:
    """What is worth remembering of these messages; numbered from 1 in their order."""
    lines = [
        f'<message number="{number}" role="{message.role}" time="{_time(message, event)}">'
        f"{_safe(message.text)}</message>"
        for number, message in enumerate(event.messages, start=1)
        if message.text.strip()
    ]
    said = " ".join(one.text for one in event.messages if one.role == "user")
    memory = _object(
        {
            "kind": {"type": "string", "enum": ["fact", "preference"]},
            "title": _TEXT,
            "value": _TEXT,
            "message": {"type": "integer", "minimum": 1, "maximum": len(event.messages)},
            "quote": _TEXT,
            "preference_type": {"type": "string", "enum": ["", "explicit", "implicit"]},
            "reasoning": _TEXT,
        }
    )
    listed: dict[str, JsonValue] = {"type": "array", "items": memory}
    schema = _object({"memories": listed})
    chinese = is_chinese(said)
    system = _system("facts", chinese=chinese)
    wishes = _wishes(event)
    if wishes:
        system = f"{system}\n\n{_system('wishes', chinese=chinese)}"
    return Prompt("facts", system, "\n".join((*wishes, *lines)), schema)


def _wishes(event: MessagesRecorded) -> list[str]:
    """What the caller wants to be looked for, as data: it decides what is worth a memory, never
    what is true or how the answer looks.
    """
    return [
        f'<wish kind="{_KINDS[view]}">{_safe(text)}</wish>'
        for view, text in sorted(event.custom_extract_prompt.items())
        if view in _KINDS and text.strip()
    ]


def section(title: str, heading_path: Sequence[str], text: str) -> Prompt:
    """Self-contained statements of one section, and its keywords."""
    user = (
        f"<title>{_safe(title)}</title>\n<headings>{_safe(' › '.join(heading_path))}</headings>\n"
        f"<section>{_safe(text)}</section>"
    )
    statement = _object({"title": _TEXT, "value": _TEXT, "quote": _TEXT})
    schema = _object(
        {
            "statements": {"type": "array", "items": statement, "maxItems": 6},
            "keywords": {"type": "array", "items": _TEXT, "maxItems": 6},
        }
    )
    return Prompt("section", _system("section", chinese=is_chinese(text)), user, schema)


def _object(properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    names: list[JsonValue] = list(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": False,
    }


def _time(message: Message, event: MessagesRecorded) -> str:
    moment = datetime.fromtimestamp(message.chat_time / 1000, tz=zone_of(event.timezone))
    return moment.strftime("%Y-%m-%d %H:%M, %A")


def _safe(text: str) -> str:
    """Text that cannot close the element in which it stands."""
    return text.replace("</", "<\u200b/")


@cache
def _system(name: str, *, chinese: bool) -> str:
    file = f"{name}.{'zh' if chinese else 'en'}.md"
    return files(__package__).joinpath(file).read_text("utf-8").strip()
