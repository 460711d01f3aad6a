"""Steps of a worker's call: from bytes or a reading to a parsed document as JSON."""

from io import BytesIO
from typing import Any

from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.ports.reader import Reading
from services.parser.domain.build import parse_reading, parse_skill, parse_text

Answer = tuple[dict[str, Any], bytes]
"""What events tell about the document, and the document as JSON."""


def answer_reading(reading: Reading, arguments: dict[str, Any]) -> Answer:
    """Blocks of what a local reader yielded."""
    return _answer(
        parse_reading(reading, name=arguments["name"], media_type=arguments["media_type"])
    )


def answer_html(arguments: dict[str, Any]) -> Answer:
    """Blocks of what a reader elsewhere yielded."""
    reading = Reading(
        html=arguments["html"],
        title=arguments["title"],
        pages=arguments["pages"],
        reader=arguments["reader"],
    )
    return answer_reading(reading, arguments)


def answer_text(data: bytes, arguments: dict[str, Any]) -> Answer:
    """Blocks of a text file."""
    return _answer(parse_text(data, name=arguments["name"], media_type=arguments["media_type"]))


def answer_skill(data: bytes, arguments: dict[str, Any]) -> Answer:
    """What a skill's file says."""
    return _answer(
        parse_skill(BytesIO(data), name=arguments["name"], media_type=arguments["media_type"])
    )


def _answer(document: ParsedDocument) -> Answer:
    facts = {"title": document.title, "pages": document.pages, "characters": len(document.text)}
    return facts, document.model_dump_json().encode()
