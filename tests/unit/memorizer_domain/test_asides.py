"""What is said in passing is no memory of its own; what only sounds alike is."""

import pytest

from services.kernel.contracts.records import Kind
from services.memorizer.domain.extraction import extract
from tests.support.dialogues import talk

PASSING = [
    "我感到很乏味。",
    "听到你的声音让我感到很温暖。",
    "我一定会认真学习，好好努力。",
    "也许我可以尝试一下新的方法。",
    "每个人的喜好都不同。",
    "互相学习互相进步嘛。",
    "总是为我提供支持和建议。",
    "今天是第七天了。",
    "我不知道该怎么办。",
    "这个方法很适合我的情况。",
    "I feel much better now.",
    "I feel a bit down.",
    "I'll keep these tips in mind and use them.",
    "I will work on making my answers more engaging.",
    "I'm honoured to have you as my friend.",
    "Italian food looks really amazing.",
    "Setting aside 30 minutes each evening sounds doable.",
    "I just want to make sure I get it right.",
    "The example really helped me understand it.",
    "Here's my current code:",
]
TOLD = [
    ("我会弹吉他，也会拉小提琴。", "吉他"),
    ("膝盖做过半月板手术。", "半月板"),
    ("家里装了充电桩。", "充电桩"),
    ("晚上打算和朋友去看电影。", "电影"),
    ("今天下雨，我有些郁闷。", "郁闷"),
    ("我打算明年考研。", "考研"),
    ("我下周会去医院复查。", "复查"),
    ("I can speak three languages.", "three languages"),
    ("I'll move to Lisbon in May.", "Lisbon"),
    ("I was very nervous before the interview yesterday.", "interview"),
    ("My doctor put me on a low-salt diet.", "low-salt"),
    ("About eight people are in my team.", "eight"),
    ("I'm going to adopt a puppy next week.", "puppy"),
    ("I will have surgery on my knee in June.", "surgery"),
    ("I bank with you under a joint account.", "joint account"),
    ("I started a master's in physics, it's a taught course.", "taught course"),
]


@pytest.mark.parametrize("text", PASSING)
def test_what_is_said_in_passing_is_no_memory(text: str) -> None:
    assert {one.kind for one in extract(talk(text))} <= {Kind.MESSAGE}


@pytest.mark.parametrize(("text", "words"), TOLD)
def test_what_only_sounds_alike_is_told(text: str, words: str) -> None:
    told = [one.value for one in extract(talk(text)) if one.kind is not Kind.MESSAGE]
    assert any(words in value for value in told), told


def test_an_aside_of_substance_stays_among_the_turns_words() -> None:
    drafts = extract(talk("The scenery and the atmosphere there were fascinating."))
    assert [one.kind for one in drafts] == [Kind.MESSAGE]
    assert "fascinating" in drafts[0].value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("花生、核桃这些都不能碰。", "核桃"),
        ("我的年票能转让吗？", "年票"),
        ("Does my season ticket cover trams?", "season ticket"),
    ],
)
def test_what_shows_whom_one_talks_to_stays_among_the_turns_words(text: str, words: str) -> None:
    assert any(words in one.value for one in extract(talk(text)))


def test_a_recommendation_to_the_assistant_names_who_spoke() -> None:
    told = [one.value for one in extract(talk("你可以看看《回家吃饭》这个节目。"))]
    assert any(value.startswith("用户说：“你可以看看《回家吃饭》") for value in told)


def test_how_one_wants_to_be_called_is_told_with_the_name() -> None:
    assert any("被称呼为：志强" in one.value for one in extract(talk("你也可以叫我志强。")))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "I am reading Book I of the Elements.",
            'The user said: "I am reading Book I of the Elements."',
        ),
        (
            "My lawyer asked what should I sign.",
            'The user said: "My lawyer asked what should I sign."',
        ),
    ],
)
def test_first_person_is_only_what_is_one(text: str, value: str) -> None:
    assert value in [one.value for one in extract(talk(text))]
