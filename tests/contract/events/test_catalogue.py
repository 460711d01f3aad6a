"""The exported catalogue equals the code; every published example parses for ever."""

import json

import pytest
from jsonschema import Draft202012Validator

from services.kernel.contracts.events import EVENTS, Envelope
from services.kernel.contracts.topics import CATALOGUE
from services.kernel.runtime.catalogue import differing
from tests.support.shared import ROOT

PROTO = ROOT / "proto"
EXAMPLES = sorted((PROTO / "events" / "examples").glob("*.json"))


def test_the_export_is_current() -> None:
    assert differing(PROTO) == [], "run `memloom topics export`"


def test_every_event_has_an_example() -> None:
    shown = {json.loads(path.read_text())["type"] for path in EXAMPLES}
    assert shown == set(EVENTS)


def kept(shown: object, again: object) -> object:
    """What is left of the example after the way through, without the fields that are younger."""
    if isinstance(shown, dict) and isinstance(again, dict):
        return {name: kept(shown[name], again[name]) for name in shown if name in again}
    if isinstance(shown, list) and isinstance(again, list) and len(shown) == len(again):
        return [kept(one, other) for one, other in zip(shown, again, strict=True)]
    return again


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_is_understood(path: object) -> None:
    raw = json.loads(path.read_text())  # type: ignore[attr-defined] # a Path; pytest types no params
    envelope = Envelope.model_validate(raw)
    event = envelope.open()
    assert event.key() == envelope.key
    schema = PROTO / "events" / f"{envelope.type}.v{envelope.version}.schema.json"
    Draft202012Validator(json.loads(schema.read_text())).validate(raw["payload"])
    # Nothing in the example is dropped on the way through.
    again = json.loads(event.model_dump_json())
    assert kept(raw["payload"], again) == raw["payload"]


def test_every_topic_has_an_event_and_a_reader() -> None:
    for topic in CATALOGUE:
        assert topic.readers
        assert any(event.TOPIC is topic for event in EVENTS.values()), topic.name
    assert len({topic.name for topic in CATALOGUE}) == len(CATALOGUE)
