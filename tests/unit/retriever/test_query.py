"""What a query asks for: language, time, days, kind of answer."""

from datetime import UTC, datetime

import pytest

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.language.text import Lexicon
from services.retriever.domain.asking import can_answer, kind_of
from services.retriever.domain.query import Analysis, Day, Tense, analyse

LEXICON = Lexicon(LexicalBm25().tokens)
NOW = int(datetime(2025, 5, 20, 12, tzinfo=UTC).timestamp() * 1000)


def ask(text: str) -> Analysis:
    return analyse(text, LEXICON, now=NOW, timezone="UTC")


@pytest.mark.parametrize(
    ("text", "tense"),
    [
        ("用户现在住在哪里", Tense.CURRENT),
        ("我以前住在哪里", Tense.PAST),
        ("Where does she live now?", Tense.CURRENT),
        ("Where did I use to live originally?", Tense.PAST),
        ("Where do I live?", Tense.OPEN),
    ],
)
def test_time_words(text: str, tense: Tense) -> None:
    assert ask(text).tense is tense


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("我在5月2日看了什么展览", (Day(5, 2),)),
        ("2024年12月31号", (Day(12, 31, 2024),)),
        ("What did I do on May 3rd?", (Day(5, 3),)),
        ("the 3 of June 2023", (Day(6, 3, 2023),)),
        ("我昨天说了什么", (Day(5, 19, 2025),)),
        ("买 3 月卡", ()),
    ],
)
def test_days(text: str, days: tuple[Day, ...]) -> None:
    assert ask(text).days == days


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("全长多少公里", "amount"),
        ("哪一年成立的", "when"),
        ("在哪里", "where"),
        ("又被称为什么", "name"),
        ("Who is the nurse?", "who"),
        ("Which colour is it?", ""),
    ],
)
def test_kind_of_answer(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_a_length_does_not_say_where() -> None:
    assert not can_answer("天水围河在哪里？", "25公里", "")
    assert can_answer("天水围河有多长？", "25公里", "")
    assert can_answer("华山厅在哪里？", "7 楼", "")
