"""A reading that was kept is the reading that was made."""

from hypothesis import given
from hypothesis import strategies as st

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.language.naming import names
from services.kernel.language.quantities import Quantity, quantities, ranges
from services.kernel.language.reading import decode, decode_bag, encode, read
from services.kernel.language.text import Lexicon
from tests.support.searching import passage

ENCODER = LexicalBm25()
LEXICON = Lexicon(ENCODER.tokens, ENCODER.singles, remember=0)
# What each rule looks at: negators, ranges, numbers beside words, long words, both scripts, marks.
PIECES = st.sampled_from(
    [
        *("不吃", "鸡肉", "过敏", "以下", "两岁半", "三号", "線路", "国家", "盐", "的", "没有"),
        *("，而", "。", "除外", "禁用", "2-12月龄", "ｆｕｌｌ", "|", "US", "us", "65+"),
        *("no", "allergic", "nuts", "internationally", "nova", "10", "under", "12", "years"),
        "not suitable for children.",
        "at least 3 kg, ",
        "\n",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=24).map(" ".join)


@given(text=TEXTS, title=TEXTS, heading=TEXTS, name=st.text(max_size=8))
def test_a_kept_reading_is_the_same(text: str, title: str, heading: str, name: str) -> None:
    record = passage(text, document=name, title=title, headings=[heading])
    reading = read(record, LEXICON)
    kept = encode(reading)
    assert decode(kept) == reading
    assert decode_bag(kept) == reading.bag


DIGITS = st.text(st.characters(categories=["Nd"]), min_size=1, max_size=4)


@given(number=DIGITS, after=PIECES)
def test_digits_of_any_script_are_numbers(number: str, after: str) -> None:
    assert quantities(f"It weighs {number} kg.") == [Quantity("mass", float(number))]
    # Whatever stands beside them.
    quantities(f"{number} kg {after}")
    ranges(f"{number}岁以下 {after}")


@given(text=TEXTS, title=TEXTS, asked=TEXTS)
def test_of_what_is_wanted_nothing_is_left_out(text: str, title: str, asked: str) -> None:
    reading = read(passage(text, document="d.md", title=title), LEXICON)
    wanted = frozenset(names(asked, LEXICON))
    some = decode(encode(reading), wanted=wanted)
    assert some is not None
    for kept, whole in (
        (some.signed.plus, reading.signed.plus),
        (some.signed.minus, reading.signed.minus),
    ):
        assert {t: n for t, n in kept.items() if t in wanted} == {
            t: n for t, n in whole.items() if t in wanted
        }
    assert (some.heading, some.title, some.ranges, some.bag) == (
        reading.heading,
        reading.title,
        reading.ranges,
        reading.bag,
    )


def test_what_another_version_kept_is_not_taken() -> None:
    assert decode("") is None
    assert decode_bag("") is None
    assert decode("[99]") is None
