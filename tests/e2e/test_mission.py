"""Two stories that plain retrieval fails: what a user said long ago decides which text is right."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.embedded import Memloom

pytestmark = pytest.mark.slow

FOOD = {
    "zh": """# 狗粮选购指南

## A 羊肉粮
成犬和幼犬通用，主要蛋白来源是羊肉。

## B 鸡肉低敏粮
适合肠胃敏感的幼犬，低敏配方，蛋白来源为水解鸡肉。

## C 三文鱼低敏粮
适合肠胃敏感的幼犬，低敏配方，蛋白来源为三文鱼，缓解拉稀。
""",
    "en": """# Dog food guide

## A Lamb
Kibble for adult dogs and puppies. Contains lamb, rice and beet pulp.

## B Chicken
Low-allergen food for puppies with a sensitive stomach. Protein: hydrolysed chicken.

## C Salmon
Low-allergen food for puppies with a sensitive stomach. Protein: salmon. Helps with diarrhoea.
""",
}
DAY_1 = {
    "zh": ("我家有只三个月大的金毛，吃什么狗粮好？它不吃鸡肉。", "好，我买了羊肉粮A。"),
    "en": (
        "I have a three-month-old golden retriever, which food? It does not eat chicken.",
        "OK, I bought lamb food A.",
    ),
}
DAY_10 = {
    "zh": "这款狗粮吃了拉稀，想换一款。",
    "en": "This food gives it diarrhoea, I want another.",
}
KNOWN = {
    "zh": (("三个月", "金毛"), ("不吃鸡肉",), ("买", "羊肉粮A")),
    "en": (
        ("three-month-old", "golden retriever"),
        ("not eat chicken",),
        ("bought", "lamb food A"),
    ),
}
GUIDES = {
    "Proxy for Intel Macs": "Download proxy-x64.dmg and reinstall if the proxy does not open.",
    "Proxy for ARM Macs": "Download proxy-arm64.dmg and reinstall if the proxy does not open.",
    "Proxy for Windows": "Download proxy-win.exe and reinstall if the proxy does not open.",
}


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("mission") / "data") as running:
        yield running


def base_of(memloom: Memloom, documents: dict[str, str]) -> str:
    kb = memloom.create_kb("guides")
    files = [
        {"name": f"{name}.md", "content": base64.b64encode(text.encode()).decode()}
        for name, text in documents.items()
    ]
    added = memloom.add_files(kb, files)
    ended = memloom.wait_for_files([file["id"] for file in added])
    assert {file["status"] for file in ended} == {"COMPLETED"}
    return kb


def tell(memloom: Memloom, user: str, words: tuple[str, ...], conversation: str) -> None:
    messages = [{"role": "user", "content": one} for one in words]
    memloom.wait_for_task(memloom.add_messages(user, messages, conversation_id=conversation))


def texts(answer: dict[str, Any], *, of_base: bool) -> list[str]:
    """What is said by the knowledge base, or known of the user, in the answer's order."""
    items = [item for item in answer["memory_detail_list"] if ("document_id" in item) == of_base]
    found = [str(item["memory_value"]) for item in items]
    return found if of_base else found + [p["preference"] for p in answer["preference_detail_list"]]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_puppy_that_must_not_eat_chicken(memloom: Memloom, language: str) -> None:
    kb = base_of(memloom, {"food": FOOD[language]})
    tell(memloom, f"keeper-{language}", DAY_1[language], "day 1")
    answer = memloom.search(f"keeper-{language}", DAY_10[language], [kb])
    known = texts(answer, of_base=False)
    for words in KNOWN[language]:
        assert any(all(word in text for word in words) for text in known), (words, known)
    found = texts(answer, of_base=True)
    order = [text.split()[0] for text in found if text.split()[0] in {"B", "C"}]
    assert order == ["C", "B"], found
    assert found[0].startswith("C")


def test_the_guide_for_the_machine_that_was_named_long_ago(memloom: Memloom) -> None:
    kb = base_of(memloom, {name: f"# {name}\n\n{text}\n" for name, text in GUIDES.items()})
    words = "My computer is a MacBook Pro 13 with an Intel chip, how do I install the proxy?"
    tell(memloom, "owner", (words,), "day 1")
    question = "The proxy does not open, which version do I reinstall?"
    answer = memloom.search("owner", question, [kb])
    assert any(
        "MacBook Pro 13" in text and "Intel" in text for text in texts(answer, of_base=False)
    )
    found = texts(answer, of_base=True)
    assert "proxy-x64" in found[0], found
    assert len(found) == len(GUIDES)
