"""The lexical encoder's terms and weights."""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest

from services.kernel.adapters.lexical import LexicalBm25


@pytest.fixture(scope="module")
def encoder() -> LexicalBm25:
    return LexicalBm25()


def test_chinese_is_cut_into_character_bigrams(encoder: LexicalBm25) -> None:
    assert encoder.tokens("金毛犬，狗") == ["金毛", "毛犬", "狗"]


def test_traditional_and_simplified_are_one(encoder: LexicalBm25) -> None:
    assert encoder.tokens("軟體採購報銷") == encoder.tokens("软体采购报销")


def test_full_width_and_half_width_are_one(encoder: LexicalBm25) -> None:
    assert encoder.tokens("ＧＸ－１５　ｐｒｏｘｙ") == encoder.tokens("gx-15 proxy")


def test_words_lose_endings_accents_and_function_words(encoder: LexicalBm25) -> None:
    assert encoder.tokens("The cafés were running") == ["cafe", "run"]


def test_codes_are_kept_whole_and_in_parts(encoder: LexicalBm25) -> None:
    assert encoder.tokens("proxy-mac_x64-3.1.dmg") == [
        "proxy-mac_x64-3.1.dmg",
        "proxi",
        "mac",
        "x64",
        "3",
        "1",
        "dmg",
    ]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("40,000 euros", ["40000", "euro"]),
        ("version 3.2", ["version", "3.2"]),
        ("13kg", ["13kg", "13", "kg"]),
        ("13公斤", ["13", "公斤"]),
        ("M3 序列", ["m3", "序列"]),
    ],
)
def test_numbers_stay_whole(encoder: LexicalBm25, text: str, terms: list[str]) -> None:
    assert encoder.tokens(text) == terms


def test_a_document_holds_saturated_frequencies() -> None:
    encoder = LexicalBm25(k1=1.0, b=0.0)
    vector = encoder.document("lamb lamb lamb rice")
    by_term = dict(zip(vector.indices, vector.values, strict=True))
    lamb, rice = (encoder.query(word).indices[0] for word in ("lamb", "rice"))
    assert by_term == {lamb: pytest.approx(1.5), rice: pytest.approx(1.0)}  # tf 2 / (tf + 1)


def test_headings_count_as_text(encoder: LexicalBm25) -> None:
    plain = encoder.document("lamb", context="dog food")
    assert set(encoder.query("dog food lamb").indices) == set(plain.indices)


def test_a_query_weighs_each_term_once(encoder: LexicalBm25) -> None:
    vector = encoder.query("lamb lamb rice")
    assert vector.values == (1.0, 1.0)
    assert list(vector.indices) == sorted(set(vector.indices))


def test_several_threads_at_once_find_what_one_does() -> None:
    """A stemmer keeps its place in the word in itself: shared, it cuts one word by another."""
    beginnings = (
        "relat",
        "organ",
        "modern",
        "hope",
        "sens",
        "care",
        "nation",
        "act",
        "form",
        "use",
    )
    endings = ("ational", "ization", "fulness", "iveness", "ing", "ousli", "alities", "ed", "ly")
    texts = ["".join(pair) for pair in product(beginnings, endings)] * 4
    expected = [LexicalBm25().tokens(text) for text in texts[: len(texts) // 4]] * 4
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            shared = LexicalBm25()
            with ThreadPoolExecutor(8) as threads:
                assert list(threads.map(shared.tokens, texts)) == expected
    finally:
        sys.setswitchinterval(before)
