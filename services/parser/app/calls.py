"""What runs in a worker process: reading a file and building its blocks in one go."""

from pathlib import Path
from typing import Any

from services.kernel.adapters.reader_native import READERS
from services.kernel.adapters.reader_worker import Answer
from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.ports.reader import Reading
from services.parser.domain.build import parse_reading, parse_text


def read_and_build(arguments: dict[str, Any]) -> Answer:
    """A PDF, DOCX or DOC by one of the local readers."""
    reading = READERS[arguments["reader"]](arguments)
    return _answer(
        parse_reading(reading, name=arguments["name"], media_type=arguments["media_type"])
    )


def build_reading(arguments: dict[str, Any]) -> Answer:
    """What a reader elsewhere yielded."""
    reading = Reading(
        html=arguments["html"],
        title=arguments["title"],
        pages=arguments["pages"],
        reader=arguments["reader"],
    )
    return _answer(
        parse_reading(reading, name=arguments["name"], media_type=arguments["media_type"])
    )


def build_text(arguments: dict[str, Any]) -> Answer:
    """A TXT, MD, JSON or XML file."""
    data = Path(arguments["path"]).read_bytes()
    return _answer(parse_text(data, name=arguments["name"], media_type=arguments["media_type"]))


def _answer(document: ParsedDocument) -> Answer:
    return Answer(
        document.model_dump_json().encode(),
        {
            "title": document.title,
            "pages": document.pages,
            "characters": len(document.text),
        },
    )
