"""What holds for any words and any document."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.feedback.domain.folding import fold, occurrences
from services.feedback.domain.reading import read
from services.feedback.domain.splitting import clauses, sentences
from services.feedback.domain.values import values
from tests.support.corrections import NOW, decided, passages

LETTERS = st.text(
    alphabet=st.sampled_from(
        "上限是不为改成从起元天第，。？！“”：、 abcdeNot is now from to, .0123456789€$%()\n"
    ),
    max_size=120,
)
ANY = st.text(max_size=200) | LETTERS
NAMES = ("办公椅", "投影仪", "打印机", "显示器", "咖啡机")


@given(ANY)
def test_spans_are_where_they_say(text: str) -> None:
    assert len(fold(text)) == len(text)
    for cut in (sentences(text), sentences(text, keep_quotes=True), clauses(text, lists=True)):
        assert all(text[span.start : span.end] == span.text for span in cut)
        assert all(a.end <= b.start for a, b in pairwise(cut))
    for value in values(text):
        assert text[value.start : value.end] == value.text


@given(ANY, st.integers(0, 100), st.integers(1, 30))
def test_a_value_is_found_where_it_stands_or_its_edge_is_inside_a_word(
    text: str, start: int, length: int
) -> None:
    for begin, end in occurrences(text, text[start : start + length]):
        assert 0 <= begin < end <= len(text)


@settings(deadline=None)
@given(ANY)
def test_any_words_are_read_without_an_error(words: str) -> None:
    reading = read(words, now=NOW, timezone="Asia/Shanghai")
    assert reading.intents or reading.reason


@settings(deadline=None, max_examples=60)
@given(
    st.permutations(NAMES),
    st.lists(st.integers(100, 9999), min_size=6, max_size=6, unique=True),
    st.sampled_from(
        (
            "{name}的限价是{new}元，不是{old}元。",
            "{name}的限价由{old}元调整为{new}元。",
            "{name}限价改成 {new} 元了",
            "更正：{name}的限价应为{new}元",
        )
    ),
)
def test_the_named_item_is_corrected_and_no_sibling(
    order: list[str], prices: list[int], form: str
) -> None:
    text = "# 采购限价\n" + "。".join(
        f"{name}的限价为{price}元" for name, price in zip(order, prices, strict=False)
    )
    for name, price in zip(order, prices, strict=False):
        words = form.format(name=name, old=price, new=prices[-1])
        decisions, reason = decided(words, passages("a.md", text))
        assert len(decisions) == 1, reason
        (anchor,) = decisions[0].anchors
        assert text[anchor.start : anchor.end].startswith(f"{name}的限价为{price}元")
        assert decisions[0].after.startswith(f"{name}的限价为{prices[-1]}")
        assert decided(words, passages("a.md", text))[0] == decisions


@settings(deadline=None, max_examples=40)
@given(st.lists(LETTERS, min_size=1, max_size=5), LETTERS)
def test_anchors_lie_in_the_document(lines: list[str], words: str) -> None:
    text = "# 标题\n" + "\n".join(line.replace("\n", " ") for line in lines)
    for decision in decided(words, passages("a.md", text))[0]:
        for anchor in decision.anchors:
            assert 0 <= anchor.start < anchor.end <= len(text)
            assert decision.before in text
