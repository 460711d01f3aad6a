"""What single sentences say: signs, subjects, quantities."""

import pytest

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.language.quantities import Quantity, quantities, ranges
from services.kernel.language.signs import signed
from services.kernel.language.text import Lexicon
from services.retriever.domain.background.evidence import akin
from services.retriever.domain.background.facts import Source, clauses, facts
from services.retriever.domain.query import analyse

LEXICON = Lexicon(LexicalBm25().tokens)


@pytest.mark.parametrize(
    ("text", "negated", "said"),
    [
        ("它不吃鸡肉口味的，爱吃羊肉", "鸡肉", "羊肉"),
        ("我对青霉素过敏，正在吃维生素", "青霉", "维生"),
        ("香菜我一口都不吃，川菜可以", "香菜", "川菜"),
        ("牛奶、芝士这些都不能碰，豆浆没问题", "芝士", "豆浆"),
        ("费用不超过五千元，含税", "", "费用"),
        ("No nuts are handled here, only fruit", "nut", "fruit"),
        ("I never buy leather but I like canvas", "leather", "canva"),
        ("I take no more than two sugars", "", "sugar"),
        ("Anything with almond or hazelnut sends her to hospital", "hazelnut", ""),
        ("Not suitable for wheelchairs, flat shoes needed", "wheelchair", "shoe"),
        ("dairy-free and tasty", "dairi", "tasti"),
        ("零乳糖，口感偏甜", "乳糖", "口感"),
        ("零售价格便宜", "", "零售"),
        ("红木家具我也不考虑，太普通", "家具", "普通"),
        ("折叠椅千万别给我推荐", "折叠", ""),
        ("这种面料穿着发热，以后再也不买了", "面料", ""),
        ("Stairs are out of the question, a lift is fine", "stair", "lift"),
        ("Wool isn't an option for us", "wool", ""),
        ("Tried the window seat, never again", "window", ""),
        ("He throws up whenever there is rice in it", "rice", ""),
        ("The berries are toxic to hens, ducks can eat them", "hen", "duck"),
        ("这种花对兔子有毒，仓鼠可以养", "兔子", "仓鼠"),
        ("Nothing where you have to kneel, sitting is fine", "kneel", "sit"),
        ("I'm off sugar, but fruit is fine", "sugar", "fruit"),
    ],
)
def test_signs(text: str, negated: str, said: str) -> None:
    found = signed(text, LEXICON)
    assert not negated or (negated in found.minus and negated not in found.plus)
    assert not said or (said in found.plus and said not in found.minus)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("我老公开油车，我开电车", [("other", 1), ("self", 1)]),
        ("My wife took Flex, I went for Light", [("other", 1), ("self", 1)]),
        ("我女儿五岁", [("dependant", 1)]),
        ("I used to live in Rome", [("self", 0.15)]),
        ("Do you deliver to Cork?", [("self", 0.35)]),
        ("我在北京上班，附近有健身房吗？", [("self", 1), ("self", 0.35)]),
        ("我和老婆都吃素", [("self", 1)]),
        ("带我的那位师傅住城东，人挺好", [("other", 1), ("other", 1)]),
        ("我有个在外地的同事办的是年卡", [("other", 1)]),
        ("The landlord wants proof that I hold a permit", [("other", 1), ("self", 1)]),
        ("我们部门老大坐商务舱，我坐经济舱", [("other", 1), ("self", 1)]),
        ("老板让我用平板", [("other", 1), ("self", 1)]),
        ("My boss put me on the late shift", [("other", 1), ("self", 1)]),
        ("He has the big one. Mine's the small one", [("other", 1), ("self", 1)]),
    ],
)
def test_subjects_questions_and_past(text: str, weights: list[tuple[str, float]]) -> None:
    found = [(clause.subject, round(clause.weight, 2)) for clause in clauses(text, LEXICON)]
    assert found == weights


def weights_of(text: str, query: str) -> list[float]:
    analysis = analyse(query, LEXICON, now=0, timezone="UTC")
    return [fact.weight for fact in facts([Source(text, 0)], analysis, LEXICON)]


def test_another_person_counts_only_where_the_query_names_them() -> None:
    assert weights_of("我妈是退休职工", "我能报销多少") == []
    assert weights_of("我妈是退休职工", "我妈能报销多少") == [1.0]


@pytest.mark.parametrize(
    ("first", "second", "kin"),
    [
        ("belgium", "belgian", True),
        ("marri", "marriag", True),
        ("rent", "renter", True),
        ("company", "complet", False),
        ("art", "artist", False),
        ("孕", "孕", True),
    ],
)
def test_words_of_one_family(first: str, second: str, kin: bool) -> None:
    assert akin(first, second) is kin
    assert akin(second, first) is kin


def test_what_another_cannot_have_counts_where_both_are_asked_for() -> None:
    assert weights_of("My husband is allergic to latex", "Which gloves for me?") == []
    assert weights_of("My husband is allergic to latex", "Which gloves for the two of us?") == [0.7]
    assert weights_of("我爱人对花粉过敏", "我们俩去哪里玩好") == [0.7]
    assert weights_of("我爱人喜欢花", "我们俩去哪里玩好") == []


def test_the_pronoun_is_no_country() -> None:
    assert "us" not in signed("They cannot find us", LEXICON).minus
    assert "us" in signed("Orders from the US are late", LEXICON).plus


def test_it_in_a_question_is_no_pet() -> None:
    assert weights_of("My grandson loves it", "What does it cost?") == [0.7]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我家宝宝两岁半", [Quantity("age", 30)]),
        ("a three-month-old golden retriever", [Quantity("age", 3)]),
        ("She just turned 12", [Quantity("age", 144)]),
        ("重 13 公斤", [Quantity("mass", 13)]),
        ("不超过 5 公斤", []),
        ("it cost me 1,850 euros", [Quantity("eur", 1850)]),
        ("the meeting is 2 hours away from 9", [Quantity("minutes", 120)]),
        ("thirty-two years old", [Quantity("age", 384)]),
        ("我今年 38，", [Quantity("age", 456)]),
        ("in my late fifties", [Quantity("age", 696)]),
        ("there are five of us", [Quantity("people", 5)]),
        ("a team of 14", [Quantity("people", 14)]),
        ("一共四个人，两百多平", [Quantity("people", 4), Quantity("area", 200)]),
        ("I make £42k", [Quantity("gbp", 42000)]),
        ("年薪 30 万", [Quantity("cny", 300000)]),
        ("两千三百块", [Quantity("cny", 2300)]),
        ("27,500 a year", [Quantity("plain", 27500)]),
        ("with forty branches", [Quantity("thing:branche", 40)]),
        ("in 2019 or so", []),
        ("我们装的是 7.4，", [Quantity("version", 7004)]),
    ],
)
def test_quantities(text: str, found: list[Quantity]) -> None:
    assert quantities(text) == found


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2–12 月龄适用", Quantity("age", 3), Quantity("age", 14)),
        ("4–6 岁儿童", Quantity("age", 70), Quantity("age", 30)),
        ("12 岁以下禁用", Quantity("age", 200), Quantity("age", 30)),
        ("ages 3 to 5", Quantity("age", 48), Quantity("age", 12)),
        ("65 years and over", Quantity("age", 800), Quantity("age", 300)),
        ("up to 10 kg", Quantity("mass", 8), Quantity("mass", 14)),
        ("10–40 人", Quantity("people", 26), Quantity("people", 9)),
        ("10 or more people", Quantity("people", 12), Quantity("people", 9)),
        ("3 to 4 branches", Quantity("thing:branche", 4), Quantity("thing:branche", 5)),
        ("income 20,000 to 35,000", Quantity("gbp", 27500), Quantity("plain", 41000)),
        ("£20k to £35k", Quantity("plain", 27500), Quantity("gbp", 41000)),
        ("5–10 万元", Quantity("cny", 70000), Quantity("cny", 700000)),
        ("Not valid for people over 70", Quantity("age", 600), Quantity("age", 900)),
        ("over 65s", Quantity("age", 800), Quantity("age", 300)),
        ("7.x 版本", Quantity("version", 7004), Quantity("version", 8001)),
        ("3.2 or later", Quantity("version", 4000), Quantity("version", 3001)),
        ("适用于 5.1 及以下", Quantity("version", 5000), Quantity("version", 6000)),
    ],
)
def test_ranges(text: str, inside: Quantity, outside: Quantity) -> None:
    told = ranges(text)
    assert told
    assert all(one.concerns(inside) and one.admits(inside.value) for one in told)
    assert not any(one.admits(outside.value) for one in told)
