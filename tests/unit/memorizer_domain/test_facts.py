"""Facts of users: third person, words kept, small talk and questions dropped."""

import pytest

from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import extract, message_memory
from tests.support.dialogues import active, said, talk, values
from tests.support.dialogues import event as event_of


def facts(*texts: str) -> list[str]:
    return [one.value for one in extract(talk(*texts)) if one.kind is Kind.FACT]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我家有只三个月大的金毛", "用户家有只三个月大的金毛"),
        ("I moved to Lisbon.", "The user moved to Lisbon."),
        ("I have two kids and a mortgage.", "The user has two kids and a mortgage."),
        ("My office is on the fourth floor.", "The user's office is on the fourth floor."),
        ("I've been a beekeeper for six years.", "The user has been a beekeeper for six years."),
        ("I always carry an inhaler.", "The user always carries an inhaler."),
        ("I don't own a car.", "The user doesn't own a car."),
        ("我们公司在苏州工业园区", "用户说：“我们公司在苏州工业园区”"),
        ("在一家眼科医院做护士长", "用户说：“在一家眼科医院做护士长”"),
    ],
)
def test_statements_are_told_in_the_third_person(text: str, expected: str) -> None:
    assert facts(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "你好呀！",
        "哈哈哈，太好了，谢谢！",
        "嗯嗯，好的，明白了",
        "在吗？",
        "先这样，回头聊，拜拜～",
        "今天天气怎么样？",
        "Hey! How are you doing?",
        "Thanks a lot, that's great!",
        "haha nice one",
        "ok sounds good, see you later",
        "What's the weather like?",
        "Tell me a story.",
        "Not really.",
        "I'll give it a try.",
        "好的，我会去看一看。",
    ],
)
def test_small_talk_and_bare_questions_leave_nothing(text: str) -> None:
    assert extract(talk(text)) == []


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("我家有个刚满月的宝宝，晚上老是哭，怎么办？", "刚满月的宝宝", "怎么办"),
        ("My oven is a 2019 Bosch, what temperature is best for sourdough?", "Bosch", "sourdough"),
        ("Do you ship abroad? I'm in Galway, near the docks.", "Galway", "abroad"),
        ("我对芒果过敏，这个蛋糕能吃吗", "芒果", "蛋糕"),
        ("I run a small bakery with three employees, how do I register for VAT?", "bakery", "VAT"),
    ],
)
def test_a_fact_inside_a_question_is_kept(text: str, kept: str, dropped: str) -> None:
    found = facts(text)
    assert any(kept in value for value in found)
    assert not any(dropped in value for value in found)


def test_a_statement_under_a_condition_is_no_fact() -> None:
    assert facts("如果我搬到北京，房租大概要多少？", "If I move to Rome, how much is rent?") == []


def test_openers_are_not_part_of_a_fact() -> None:
    assert facts("对了，我下个月要做膝盖手术。")[0].startswith("用户下个月要做膝盖手术")
    assert facts("By the way, I work at a vet clinic.") == ["The user works at a vet clinic."]


def test_facts_about_others_carry_their_subject() -> None:
    drafts = extract(
        talk("我姐去年在萧山买了套新房。我自己还在滨江租房。", "My husband is vegetarian.")
    )
    subjects = {draft.subject for draft in drafts}
    assert {"older sister", "user", "partner"} <= subjects
    assert any(draft.value.startswith("用户姐") for draft in drafts)


def test_a_pronoun_is_told_with_what_it_stands_for() -> None:
    chinese = [one.value for one in extract(talk("我家有只两岁的布偶猫。它不吃牛肉。"))]
    assert any("布偶猫" in value and "不吃牛肉" in value for value in chinese)
    english = facts("My daughter starts school in August. She can't have dairy.")
    assert any("daughter" in value and "dairy" in value for value in english)


def test_evidence_is_the_exact_span() -> None:
    text = "早啊！对了，我在宁波开了家书店。你觉得咖啡机买哪款？"
    draft = next(one for one in extract(talk(text)) if one.kind is Kind.FACT)
    (evidence,) = draft.evidence
    assert text[evidence.start : evidence.end] == evidence.text == "我在宁波开了家书店。"


def test_relative_dates_are_resolved_beside_the_words() -> None:
    (draft,) = extract(talk("我下周三要去无锡见客户，周五回来。"))
    assert draft.value == "用户下周三要去无锡见客户，周五回来。"
    assert draft.detail["event_time"] == ["2025-06-11", "2025-06-13"]
    assert "2025-06-11" in draft.context
    (draft,) = extract(talk("I had my knee surgery three weeks ago."))
    assert draft.value == "The user had the user's knee surgery three weeks ago."
    assert draft.detail["event_time"] == ["2025-05-12"]


def test_a_past_since_is_when_it_became_true() -> None:
    (draft,) = extract(talk("Since last month I'm based in Oslo."))
    assert draft.valid_from is not None
    assert draft.valid_from < draft.order.place


def test_a_confirmation_takes_what_it_points_at_from_the_assistant() -> None:
    drafts = extract(
        talk(
            ("assistant", "The 9:40 to Ghent has window seats at 32 euros."),
            ("user", "Great, book it."),
        )
    )
    decided = next(one for one in drafts if "decided" in one.value)
    assert "9:40 to Ghent" in decided.value
    assert {one.role for one in decided.evidence} == {"user", "assistant"}


def test_an_order_is_a_fact() -> None:
    found = facts("好，那就下单 B 款的净水器吧。")
    assert found == ["用户决定：“那就下单 B 款的净水器吧。”"]


def test_what_the_assistant_did_is_kept_and_its_small_talk_is_not() -> None:
    kept = values([talk(("assistant", "已为您预约 7 月 3 日下午的体检，预约号 TJ20398。"))])
    assert any("TJ20398" in value for value in kept)
    assert values([talk(("assistant", "Have a great day! I'm happy to help."))]) == []
    assert values([talk(("assistant", "好的，记住了。"))]) == []


def test_raw_turns_come_first_without_small_talk() -> None:
    event = talk("hello", "I play the cello in a quartet.", ("assistant", "Lovely!"))
    (draft,) = message_memory(event)
    assert draft.kind is Kind.MESSAGE
    assert draft.value == "user: [2025-06-02 10:01]: I play the cello in a quartet."
    assert "mode:fast" in draft.tags


def test_an_answer_knows_what_it_answers() -> None:
    answer = "I recommend three trails near the city: Fern Gully, Mount Ash and the Old Dam loop."
    event = talk("Any good hiking places?", ("assistant", answer), ("assistant", answer))
    for drafts in (message_memory(event), extract(event)):
        told = [one for one in drafts if one.evidence[0].role == "assistant"]
        assert [one.detail["replies_to"] for one in told] == ["m0-0", "m0-0"]
    (unasked,) = message_memory(talk(("assistant", answer)))
    assert "replies_to" not in unasked.detail


def test_a_long_answer_of_the_assistant_stays_searchable() -> None:
    answer = "I recommend three trails near the city: Fern Gully, Mount Ash and the Old Dam loop."
    kept = active([talk("Any good hiking places?", ("assistant", answer))])
    assert [record.kind for record in kept] == [Kind.MESSAGE]
    assert "Fern Gully" in kept[0].value
    assert kept[0].weight < 1


def test_another_speaker_of_a_group_is_named() -> None:
    message = said("我在厦门开民宿。", role_id="u2", role_name="小林")
    (draft,) = extract(event_of([message]))
    assert draft.value == "小林在厦门开民宿。"


def test_only_the_views_asked_for_are_made() -> None:
    event = talk("I prefer tea. I live in Porto.")
    only = extract(event.model_copy(update={"allow_memory_view": ("preference",)}))
    assert {draft.kind for draft in only} == {Kind.PREFERENCE}
