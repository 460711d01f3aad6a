"""Preferences: explicit, implicit, instructions to the assistant."""

import pytest

from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import MemoryDraft, extract
from tests.support.dialogues import talk, values


def preferences(*texts: str) -> list[MemoryDraft]:
    return [one for one in extract(talk(*texts)) if one.kind is Kind.PREFERENCE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("以后回答都用英文，尽量详细一点。", "英文"),
        ("从现在开始别再用列表格式回复我。", "列表"),
        ("我比较喜欢靠过道的座位。", "靠过道"),
        ("我受不了榴莲的味道。", "榴莲"),
        ("我从来不喝咖啡。", "咖啡"),
        ("From now on, answer in French.", "French"),
        ("Don't use emojis in your replies.", "emojis"),
        ("I'd rather sit by the aisle.", "aisle"),
        ("I can't stand coriander.", "coriander"),
        ("My favourite colour is teal.", "teal"),
        ("I want you to call me Max.", "Max"),
        ("Always include units when you give numbers.", "units"),
        ("I'm really into bouldering these days.", "bouldering"),
        ("She never eats pork, my flatmate.", "pork"),
    ],
)
def test_explicit_preferences(text: str, words: str) -> None:
    (draft,) = preferences(text)
    assert words in draft.value
    assert draft.detail["preference_type"] == "explicit_preference"
    assert words in str(draft.detail["reasoning"])


@pytest.mark.parametrize(
    "text", ["我一般都点微辣的锅底。", "I usually order the window table at the back."]
)
def test_a_habit_is_an_implicit_preference(text: str) -> None:
    (draft,) = preferences(text)
    assert draft.detail["preference_type"] == "implicit_preference"


@pytest.mark.parametrize("text", ["Recommend a book.", "帮我写一首诗。", "用 Python 写个排序。"])
def test_a_wish_for_now_is_no_preference(text: str) -> None:
    assert preferences(text) == []


def test_a_dislike_is_marked_as_negated() -> None:
    assert preferences("I hate mushrooms.")[0].negated
    assert not preferences("I love mushrooms.")[0].negated


def test_a_newer_taste_replaces_the_older() -> None:
    kept = values([talk("我喜欢香菜。"), talk("我现在不喜欢香菜了。", day=30)])
    assert kept == ["用户现在不喜欢香菜了。"]
    kept = values(
        [talk("Please always answer briefly."), talk("From now on, answer in detail.", day=3)]
    )
    assert len(kept) == 1
    assert "detail" in kept[0]
