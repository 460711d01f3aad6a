"""A role told with its place keeps its words until the place changes."""

from itertools import permutations

import pytest

from services.kernel.contracts.events import Message, MessagesRecorded
from services.kernel.contracts.records import MemoryRecord, Owner, OwnerType, Status
from services.memorizer.domain.extraction import extract, records
from services.memorizer.domain.merging import reconcile

DAY = 86_400_000


def said(number: int, text: str) -> MessagesRecorded:
    message = Message(id=f"m{number}", role="user", text=text, chat_time=number * DAY)
    return MessagesRecorded(
        project_id="p",
        owner=Owner(type=OwnerType.USER, id="u"),
        conversation_id="c",
        task_id="t",
        messages=(message,),
        recorded_at=1,
    )


def remembered(events: list[MessagesRecorded]) -> dict[str, Status]:
    known: dict[object, MemoryRecord] = {}
    for event in events:
        fresh = records(event, extract(event), now=1)
        for change in reconcile(list(known.values()), fresh, now=1):
            known[change.record.id] = change.record
    return {record.value: record.status for record in known.values()}


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        ("我是市场部门的翻译。", "市场部门的翻译"),
        ("你好，我是客服中心的主管，想问个问题。", "客服中心的主管"),
        ("I am a nurse at Riverside hospital in Leeds.", "a nurse at Riverside hospital"),
    ],
)
def test_the_words_stay_whole(words: str, whole: str) -> None:
    values = remembered([said(1, words)])
    assert any(whole in value for value in values), values


def test_the_role_outlives_the_place() -> None:
    events = [said(1, "我是市场部门的翻译。"), said(2, "我调到法务部了。")]
    for order in permutations(events):
        values = remembered(list(order))
        active = [value for value, status in values.items() if status is Status.ACTIVATED]
        assert any("翻译" in value for value in active)
        assert any("法务部" in value for value in active)
        assert not any("市场部门" in value for value in active)
