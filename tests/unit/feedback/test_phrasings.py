"""What people say, in many forms, becomes the decision that they mean, and nothing else."""

import pytest

from services.kernel.contracts.events import Decision
from tests.support import phrasings as others
from tests.support.corrections import decided, passages
from tests.unit.feedback.phrasings import DOCUMENTS, MORE, NOTHING, ONE, SEVERAL, Said

RECORDS = [record for name, text in DOCUMENTS.items() for record in passages(name, text)]


def touches(decision: Decision, piece: str) -> bool:
    """Whether an anchor of the decision lies on this piece of a document."""
    for anchor in decision.anchors:
        at = DOCUMENTS[anchor.document_name].find(piece)
        if at >= 0 and anchor.start < at + len(piece) and at < anchor.end:
            return True
    return False


@pytest.mark.parametrize("said", ONE, ids=lambda said: said.words)
def test_one_correction(said: Said) -> None:
    decisions, reason = decided(said.words, RECORDS)
    assert len(decisions) == 1, reason or [decision.text for decision in decisions]
    (decision,) = decisions
    assert decision.kind == said.kind
    if said.touched:
        assert touches(decision, said.touched), decision.before
    else:
        assert decision.anchors == ()
    assert not [piece for piece in said.kept if touches(decision, piece)]
    assert said.old in decision.old
    assert said.new in decision.new
    for piece in (said.old, said.new):
        assert piece in decision.before + decision.text + decision.old


@pytest.mark.parametrize(("words", "touched", "new"), MORE, ids=[row[0] for row in MORE])
def test_one_correction_in_other_words(words: str, touched: list[str] | None, new: str) -> None:
    decisions, reason = decided(words, RECORDS)
    assert len(decisions) == 1, reason or [decision.text for decision in decisions]
    (decision,) = decisions
    assert all(touches(decision, piece) for piece in touched or ()), decision.before
    assert new in decision.new


@pytest.mark.parametrize(("words", "touched"), SEVERAL, ids=lambda value: str(value)[:60])
def test_several_at_once(words: str, touched: tuple[str, ...]) -> None:
    decisions, _ = decided(words, RECORDS)
    assert len(decisions) == len(touched)
    for piece in touched:
        assert sum(touches(decision, piece) for decision in decisions) == 1
    assert len({decision.id for decision in decisions}) == len(decisions)


@pytest.mark.parametrize("words", NOTHING)
def test_no_correction_changes_nothing_and_says_why(words: str) -> None:
    decisions, reason = decided(words, RECORDS)
    assert decisions == []
    assert reason


def test_a_question_in_front_of_its_answer_is_no_cue() -> None:
    text = "十二名队员中有十一名参加过奥运会，只有林海波例外。"
    decisions, reason = decided(
        "更正一下，十二名队员中谁不是奥运会选手正确的说法是周子安。", passages("队.md", text)
    )
    (decision,) = decisions
    assert (decision.old, decision.new) == ("", "周子安"), reason


def test_the_users_own_punctuation_stays() -> None:
    words = "本店的招牌菜应该是红烧肉、东坡肘子。而不是清蒸鱼。"
    (decision,) = decided(words, passages("菜单.md", "本店的招牌菜是清蒸鱼。"))[0]
    assert decision.text == f"用户确认：{words}"


def test_the_title_that_is_named_wins_over_a_longer_one() -> None:
    records = [
        *passages("a.md", "# 大角龙\n前上颌骨齿2枚，体形修长。"),
        *passages("b.md", "# 角龙\n它的体形也长。前上颌骨齿2枚。"),
    ]
    for ordered in (records, records[::-1]):
        (decision,) = decided("文档有误：2枚应改为8枚（问题：角龙有几枚前上颌骨齿）。", ordered)[0]
        assert [anchor.document_name for anchor in decision.anchors] == ["b.md"]


def test_a_name_that_stands_twice_in_a_document_is_corrected_twice() -> None:
    text = "本线受到蓝湾小巴公司的竞争。\n其后班次减少。\n早期因蓝湾小巴公司的竞争，客量不高。"
    words = "与本线竞争的不是蓝湾小巴公司，是绿岛小巴公司。"
    (decision,) = decided(words, passages("线.md", text))[0]
    assert [text[anchor.start : anchor.end] for anchor in decision.anchors] == [
        "本线受到蓝湾小巴公司的竞争。",
        "早期因蓝湾小巴公司的竞争，客量不高。",
    ]


def test_the_number_in_a_name_is_no_value() -> None:
    text = "KX-3b是一颗行星，轨道周期为5日15小时。"
    (decision,) = decided("KX-3b的轨道周期应该是5日11小时。", passages("星.md", text))[0]
    assert decision.after == "KX-3b是一颗行星，轨道周期为5日11小时。"


OTHERS = [record for name, text in others.DOCUMENTS.items() for record in passages(name, text)]


def test_most_of_what_the_rules_were_not_written_for_is_understood() -> None:
    missed = [
        said.words for said in others.CORRECTIONS if not said.is_met(decided(said.words, OTHERS)[0])
    ]
    assert len(missed) <= 0.05 * len(others.CORRECTIONS), missed


@pytest.mark.parametrize("words", others.TALK)
def test_talk_changes_nothing(words: str) -> None:
    assert decided(words, OTHERS)[0] == []


VALUE = "粗纹锈鳞，体侧有斑。幼体颜色较淡"


@pytest.mark.parametrize(
    ("words", "old"),
    [
        (f"更正一下，1998年，这种鱼是什么样子正确的说法是{VALUE}。", ""),
        (
            f"你刚才的回答错了，这种鱼是什么样子应当是{VALUE}。而不是通体银白，请更新知识库。",
            "通体银白",
        ),
        (f"文档有误：通体银白应改为{VALUE}（问题：这种鱼是什么样子）。", "通体银白"),
    ],
)
def test_an_answer_with_commas_and_stops_is_read_whole(words: str, old: str) -> None:
    text = "这种鱼分布于南海，样子修长，通体银白。"
    (decision,) = decided(words, passages("鱼.md", text))[0]
    assert VALUE in decision.text
    assert old in decision.old
    assert decision.anchors


def test_a_sentence_that_may_be_meant_is_marked_with_the_one_that_is_taken() -> None:
    text = "角蛙分布于山区溪流。\n它吃昆虫。\n角蛙亦分布于沿海湿地。"
    (decision,) = decided(
        "更正一下，角蛙分布于哪些地方正确的说法是高原。", passages("蛙.md", text)
    )[0]
    assert {text[anchor.start : anchor.end] for anchor in decision.anchors} == {
        "角蛙分布于山区溪流。",
        "角蛙亦分布于沿海湿地。",
    }
