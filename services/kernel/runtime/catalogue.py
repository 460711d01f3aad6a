"""The catalogue as files: `topics.yaml`, a JSON Schema an event, and AsyncAPI.

`proto/` holds what this module writes; `make contracts` fails when the two differ.
"""

import json
from pathlib import Path
from typing import Any

import yaml

from services.kernel.contracts.events import EVENTS, Envelope
from services.kernel.contracts.topics import CATALOGUE, dead_letter_topic

_NOTE = "# Exported from services/kernel/contracts/topics.py; do not edit.\n"


def export() -> dict[str, str]:
    """Relative path to content of every exported file."""
    files = {"topics.yaml": _NOTE + _yaml(_topics()), "asyncapi.yaml": _NOTE + _yaml(_asyncapi())}
    files["events/envelope.schema.json"] = _json(Envelope.model_json_schema())
    for name, event in EVENTS.items():
        schema = event.model_json_schema()
        schema["title"] = name
        files[f"events/{name}.v{event.VERSION}.schema.json"] = _json(schema)
    return files


def write(folder: Path) -> list[Path]:
    """Write them below `folder`; the paths that changed."""
    changed = []
    for path in differing(folder):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(export()[path], encoding="utf-8")
        changed.append(target)
    return changed


def differing(folder: Path) -> list[str]:
    """Which files are missing or differ from the code."""
    return [
        path
        for path, content in export().items()
        if not (folder / path).is_file() or (folder / path).read_text(encoding="utf-8") != content
    ]


def _topics() -> dict[str, Any]:
    return {
        "topics": [
            {
                "name": topic.name,
                "purpose": topic.purpose,
                "key": topic.key,
                "writers": [topic.writer.value, *(who.value for who in topic.other_writers)],
                "readers": [
                    {"group": group, "dead_letters": dead_letter_topic(topic.name, group)}
                    for group in topic.readers
                ],
                "retention_ms": topic.retention_ms,
                "events": [
                    f"{event.TYPE} v{event.VERSION}"
                    for event in EVENTS.values()
                    if event.TOPIC is topic
                ],
            }
            for topic in CATALOGUE
        ]
    }


def _asyncapi() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Memloom events", "version": "1"},
        "defaultContentType": "application/json",
        "channels": {
            topic.name: {
                "address": topic.name,
                "description": topic.purpose,
                "messages": {
                    event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"}
                    for event in EVENTS.values()
                    if event.TOPIC is topic
                },
            }
            for topic in CATALOGUE
        },
        "components": {
            "messages": {
                name: {
                    "summary": (event.__doc__ or "").strip().splitlines()[0],
                    "payload": {
                        "allOf": [
                            {"$ref": "events/envelope.schema.json"},
                            {
                                "properties": {
                                    "payload": {
                                        "$ref": f"events/{name}.v{event.VERSION}.schema.json"
                                    }
                                }
                            },
                        ]
                    },
                }
                for name, event in EVENTS.items()
            }
        },
    }


def _yaml(value: Any) -> str:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=96)
    return text


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
