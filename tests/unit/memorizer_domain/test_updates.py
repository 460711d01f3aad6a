# ruff: noqa: E501 - sentences stand on one line
"""Update, not pile-up: newer replaces older, duplicates merge, the unrelated stay."""

import pytest

from services.kernel.contracts.records import Status
from tests.support.dialogues import remember, talk, values


@pytest.mark.parametrize(
    ("old", "new", "gone", "holds"),
    [
        ("我住在成都高新区。", "我上周搬到昆明了。", "成都", "昆明"),
        ("I live in Graz.", "We moved to Bergen in May.", "Graz", "Bergen"),
        ("我是一名会计。", "我转行做产品经理了。", "会计", "产品经理"),
        ("I work as a nurse.", "I've been promoted to ward manager.", "a nurse", "ward manager"),
        ("I work for Alder & Co.", "I joined Fennel Labs last week.", "Alder", "Fennel"),
        ("我在腾云科技上班。", "我跳槽到蓝鲸数据了。", "腾云", "蓝鲸"),
        ("我的手机是小米 13。", "我的手机换成 iPhone 15 了。", "小米", "iPhone"),
        ("My laptop is a ThinkPad T480.", "My laptop is now a MacBook Air.", "ThinkPad", "MacBook"),
        ("我们的预算是 5 万。", "预算改成 8 万了。", "5 万", "8 万"),
        ("Our budget is 3,000 dollars.", "The budget was increased to 4,500 dollars.", "3,000", "4,500"),
        ("The deadline is March 3.", "The deadline has been moved to March 17.", "March 3.", "17"),
        ("I have 3 fish tanks.", "I have 5 fish tanks now.", "has 3", "5 fish"),
        ("My dentist appointment is on Tuesday.", "My dentist appointment was moved to Friday.", "on Tuesday", "Friday"),
        ("房租 3800 一个月。", "房租涨到 4200 了。", "3800", "4200"),
        ("我下个月要去三亚旅游。", "三亚的行程取消了。", "要去三亚", "取消"),
        ("I'm learning Italian, level A1.", "I'm learning Italian, level B1 by now.", "A1", "B1"),
        ("My email is a@b.example.", "My email has changed to c@d.example.", "a@b", "c@d"),
        ("我女儿今年三岁。", "我女儿刚满四岁。", "三岁", "四岁"),
        ("I use a Garmin watch for runs.", "I switched from Garmin to Coros.", "Garmin watch", "Coros"),
    ],
)  # fmt: skip
def test_the_newer_statement_replaces_the_older(old: str, new: str, gone: str, holds: str) -> None:
    kept = values([talk(old), talk(new, day=40)])
    assert any(holds in value for value in kept)
    assert not any(gone in value and holds not in value for value in kept)


def test_the_older_one_is_kept_archived_and_linked() -> None:
    older, newer = sorted(
        remember([talk("I live in Graz."), talk("I moved to Bergen.", day=9)]),
        key=lambda record: record.valid_from or 0,
    )
    assert (older.status, newer.status) == (Status.ARCHIVED, Status.ACTIVATED)
    assert older.superseded_by == newer.id
    assert newer.supersedes == (older.id,)
    assert older.valid_to == newer.valid_from
    assert "Graz" in newer.context


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (("我对花生过敏。", "再说一次，我花生过敏。", "提醒一下，我对花生严重过敏"), "花生"),
        (("I'm allergic to latex.", "Remember, I'm allergic to latex!", "I have a latex allergy."), "latex"),
        (("I play the oboe.", "I play the oboe!", "As I said, I play the oboe"), "oboe"),
        (("我在读《三体》。", "我在读《三体》", "对了，我在读《三体》"), "三体"),
    ],
)  # fmt: skip
def test_a_fact_said_three_times_is_one_memory(texts: tuple[str, ...], word: str) -> None:
    events = [talk(text, day=day) for day, text in enumerate(texts)]
    hits = [record for record in remember(events) if record.status is Status.ACTIVATED]
    assert len(hits) == 1
    assert word in hits[0].value
    assert len({one.message_id for one in hits[0].evidence}) == 3


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("我对花生过敏。", "我对虾过敏。"),
        ("I have a dog called Rex.", "I have a cat called Mina."),
        ("我住在成都。", "我姐住在昆明。"),
        ("I live in Graz.", "My brother lives in Oslo."),
        ("My car is a 2014 Fiat.", "My car is broken."),
        ("I work for Alder.", "I live in Graz."),
        ("The theme of the novel is love and loss.", "The theme of the film is war and peace."),
    ],
)
def test_the_unrelated_stay(first: str, second: str) -> None:
    assert len(values([talk(first), talk(second, day=3)])) == 2


def test_one_clause_with_employer_and_role_is_updated_apart() -> None:
    kept = values([talk("I work for Alder as a data analyst."), talk("I'm team lead now.", day=60)])
    assert any("Alder" in value for value in kept)
    assert not any("data analyst" in value for value in kept)


def test_what_was_deleted_stays_deleted_and_revives_nothing() -> None:
    first = talk("I live in Graz.")
    second = talk("I moved to Bergen.", day=9)
    held = remember([first, second])
    gone = [
        record.model_copy(update={"status": Status.DELETED}) if "Bergen" in record.value else record
        for record in held
    ]
    after = remember([first, second], gone)
    assert [record.value for record in after if record.status is Status.ACTIVATED] == []


def test_words_edited_by_hand_are_kept() -> None:
    first = talk("I live in Graz.")
    (record,) = remember([first])
    edited = record.model_copy(
        update={"value": "The user lives in Linz.", "detail": {**record.detail, "edited": True}}
    )
    (after,) = remember([first], [edited])
    assert after.value == "The user lives in Linz."
