"""Whatever a user sends ends as memories or as the user's own error: no time, number or text makes
a consumer raise anything else.
"""

import asyncio
import tempfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from services.feedback.domain.reading import read
from services.kernel.contracts.errors import InvalidInput, StaleEvent
from services.kernel.contracts.events import (
    CorrectionDecided,
    Decision,
    Envelope,
    Event,
    FeedbackGiven,
    Message,
    MessagesRecorded,
    OwnerRemoved,
    ToolCall,
)
from services.kernel.contracts.records import Owner, OwnerType
from services.kernel.contracts.times import EARLIEST_MS, LATEST_MS
from services.memorizer.domain import prompts
from tests.support.memorizing import memorizer

TIMES = st.one_of(
    st.sampled_from(
        [
            9_999_999_999_999_999,
            -99_999_999_999_999,
            -62_135_596_800_000,
            10**18,
            2**63,
            -(2**70),
            0,
            EARLIEST_MS,
            LATEST_MS,
        ]
    ),
    st.integers(-(10**30), 10**30),
)
PIECES = [
    "I moved to Oslo",
    "yesterday",
    "in 99999999999999999999 years",
    "9999999999 days ago",
    "next week, back on Friday",
    "下周三出发，周五回来",
    "九十九年后",
    "99999999999999999999个月前",
    "去年13月",
    "我住在杭州",
    "I am ² years old",
    "I have ٣ cats",
    "my budget is 1e999",
    "9" * 5000,
    "从9999年99月99日起",
    "starting from 9999-12-31",
    "as of 0001-01-01",
    "明天起改为600",
    "it is capped at 600, not 800",
    "\x00",
    "\ud7ff\ufdd0\uffff\U0010ffff",
    "\u202e\u200b\u2028",
    "(" * 300,
    "```",
    "I don't eat fish",
    "%s{}\\",
]
TEXTS = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(max_size=30)), min_size=1, max_size=5
).map(" ".join)
NAMES = st.one_of(st.just("u"), st.text(max_size=20), st.just("\x00"), st.just("x" * 400))
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(2**80) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
MESSAGES = st.builds(
    Message,
    id=NAMES,
    role=st.sampled_from(["user", "assistant", "system", "tool"]),
    text=TEXTS,
    chat_time=TIMES,
    position=st.integers(-(2**70), 2**70),
    role_id=NAMES,
    role_name=NAMES,
    tool_calls=st.lists(st.builds(ToolCall, id=NAMES, name=NAMES, arguments=TEXTS), max_size=2).map(
        tuple
    ),
    tool_call_id=NAMES,
)
OWNERS = st.builds(Owner, type=st.sampled_from([OwnerType.USER, OwnerType.AGENT]), id=NAMES)
RECORDED = st.builds(
    MessagesRecorded,
    project_id=st.just("p"),
    owner=OWNERS,
    conversation_id=NAMES,
    task_id=NAMES,
    messages=st.lists(MESSAGES, min_size=1, max_size=3).map(tuple),
    user_id=NAMES,
    tags=st.lists(TEXTS, max_size=2).map(tuple),
    info=st.dictionaries(NAMES, JSON, max_size=2),
    allow_public=st.booleans(),
    recorded_at=TIMES,
    timezone=st.sampled_from(["Asia/Shanghai", "UTC", "", "no/zone", "../../etc", "\x00"]),
)
DECIDED = st.builds(
    CorrectionDecided,
    project_id=st.just("p"),
    feedback_id=NAMES,
    task_id=NAMES,
    user_id=NAMES,
    words=TEXTS,
    feedback_time=TIMES,
    decisions=st.lists(
        st.builds(
            Decision,
            id=st.uuids(),
            kind=st.sampled_from(["replace_value", "add_knowledge"]),
            owner=st.just(Owner(type=OwnerType.KNOWLEDGE_BASE, id="kb")),
            text=TEXTS,
            subject=TEXTS,
            attribute=NAMES,
            old=TEXTS,
            new=TEXTS,
            valid_from=st.none() | TIMES,
        ),
        max_size=2,
    ).map(tuple),
)
REMOVED = st.builds(OwnerRemoved, project_id=st.just("p"), owner=OWNERS, removed_at=TIMES)


def over_the_bus(event: Event) -> Event:
    """As a consumer gets it."""
    envelope = Envelope.wrap(event, event_id=UUID(int=7), time=0, producer="tests")
    return Envelope.model_validate_json(envelope.model_dump_json()).open()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(st.one_of(RECORDED, DECIDED, REMOVED), min_size=1, max_size=4))
def test_the_memorizer_takes_whatever_arrives(events: list[Event]) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with memorizer(Path(folder)) as service:
                for event in events:
                    try:
                        await service.handle(over_the_bus(event))
                    except (InvalidInput, StaleEvent):
                        continue

    asyncio.run(story())


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, now=TIMES, timezone=st.sampled_from(["Asia/Shanghai", "UTC", "", "../x"]))
def test_feedback_in_any_words_at_any_time_is_read(text: str, now: int, timezone: str) -> None:
    event = over_the_bus(
        FeedbackGiven(
            project_id="p",
            feedback_id="f",
            task_id="t",
            user_id="u",
            content=text,
            feedback_time=now,
            timezone=timezone,
        )
    )
    assert isinstance(event, FeedbackGiven)
    reading = read(event.content, now=event.feedback_time, timezone=event.timezone)
    for intent in reading.intents:
        assert intent.valid_from is None or isinstance(intent.valid_from, int)


@settings(max_examples=40, deadline=None)
@given(event=RECORDED)
def test_a_model_is_asked_about_any_message(event: MessagesRecorded) -> None:
    arrived = over_the_bus(event)
    assert isinstance(arrived, MessagesRecorded)
    assert prompts.facts(arrived).user is not None


@pytest.mark.parametrize("time", [9_999_999_999_999_999, -99_999_999_999_999, 2**63, -(2**63)])
async def test_a_message_of_an_impossible_time_is_remembered(tmp_path: Path, time: int) -> None:
    event = MessagesRecorded(
        project_id="p",
        owner=Owner(type=OwnerType.USER, id="u"),
        conversation_id="c",
        task_id="t",
        user_id="u",
        messages=(Message(id="m", role="user", text="I moved to Oslo yesterday.", chat_time=time),),
        recorded_at=1_765_525_947_718,
    )
    async with memorizer(tmp_path) as service:
        await service.handle(over_the_bus(event))
        assert any("Oslo" in text for _, text in (await service.indexed()).values())
