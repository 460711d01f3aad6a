"""What a newer document says about a corrected statement, and about no statement beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.adapters.lexical import LexicalBm25
from services.kernel.contracts.records import MemoryRecord
from services.memorizer.domain import restating
from tests.support.corrections import decided, passages

TOKENISE = LexicalBm25().tokens
ZH = """# 办公用品管理规定
## 申领上限
每人每季度申领签字笔的上限是十二支，笔记本的上限是四本。文件夹的上限是 20 个。
## 归还
离职时须归还计算器与订书机。访客须在前台登记。"""
EN = """# Workshop rules
## Tools
The drill may be borrowed for 3 days, the saw for 2 days. The ladder is kept in room 12.
## Safety
Visitors must wear goggles. Dust masks cost 4 EUR."""
TABLE = """# Prices
## Plans
Basic: 5 users, 10 USD a month.
Large: 50 users, 80 USD a month."""


def correction(words: str, text: str) -> MemoryRecord:
    """The correction that these words make of a document, as it is stored."""
    (decision,), _ = decided(words, passages("old.md", text))
    (record, *_) = passages("old.md", text)
    anchors = [anchor.model_dump(mode="json") for anchor in decision.anchors]
    return record.model_copy(
        update={
            "value": decision.text,
            "context": decision.title,
            "detail": {
                "correction": decision.kind,
                "old": decision.old,
                "new": decision.new,
                "before": decision.before,
                "after": decision.after,
                "anchors": anchors,
            },
        }
    )


def says(record: MemoryRecord, text: str) -> list[tuple[str, str]]:
    """Each place of a newer document, and what it says there."""
    found = restating.find(record, restating.read(passages("new.md", text), TOKENISE), TOKENISE)
    return [
        (item.says, text[item.anchor.start : item.anchor.end].strip(" ,.，。")) for item in found
    ]


CASES = [
    ("签字笔的上限是八支，不是十二支。", ZH, ("十二支", "八支"), "签字笔"),
    ("文件夹的上限改成 30 个", ZH, ("20 个", "30个"), "文件夹"),
    ("The saw may be borrowed for 5 days, not 2.", EN, ("2 days", "5 days"), "saw"),
    ("The ladder has moved to room 14.", EN, ("room 12", "room 14"), "ladder"),
    ("Large costs 95 USD a month, not 80 USD.", TABLE, ("80 USD", "95 USD"), "80 USD"),
]


@pytest.mark.parametrize(("words", "text", "values", "place"), CASES, ids=[c[0] for c in CASES])
def test_old_and_new_values_are_told_apart(
    words: str, text: str, values: tuple[str, str], place: str
) -> None:
    record, (old, new) = correction(words, text), values
    newer = text + "\n## More\nNothing else changed."
    (said,) = says(record, newer)
    assert said[0] == "old"
    assert place in said[1]
    assert {said for said, _ in says(record, newer.replace(old, new))} == {"new"}


def test_a_sibling_with_the_new_value_is_another_statement() -> None:
    record = correction("签字笔的上限是四支，不是十二支。", ZH)
    gone = ZH.replace("每人每季度申领签字笔的上限是十二支，", "").replace("四本", "四支")
    assert says(record, gone) == []
    assert {said for said, _ in says(record, ZH.replace("四本", "四支"))} == {"old"}


def test_the_section_tells_like_lines_apart() -> None:
    text = "# Fees\n## Hall A\nDeposit: 80 EUR.\n## Hall B\nDeposit: 60 EUR."
    record = correction("The deposit of hall A is 60 EUR, not 80 EUR.", text)
    assert says(record, text) == [("old", "Deposit: 80 EUR")]
    assert {said for said, _ in says(record, text.replace("80", "60"))} == {"new"}


def test_a_dropped_rule_that_stands_again_and_new_knowledge_that_is_written_down() -> None:
    dropped = correction("访客登记的要求已经取消了。", ZH)
    assert says(dropped, ZH) == [("old", "访客须在前台登记")]
    added = correction("新增：员工停车免费两小时。", ZH)
    assert says(added, ZH) == []
    assert says(added, ZH + "\n## 停车\n员工停车免费两小时。") == [("new", "员工停车免费两小时")]


def test_its_own_document_says_nothing_new() -> None:
    record = correction("签字笔的上限是八支，不是十二支。", ZH)
    own = restating.read(passages("old.md", ZH), TOKENISE)
    assert restating.find(record, own, TOKENISE) == []


def test_retired_and_spent() -> None:
    record = correction("签字笔的上限是八支，不是十二支。", ZH)
    text = restating.read(passages("new.md", ZH.replace("十二支", "八支")), TOKENISE)
    found = restating.find(record, text, TOKENISE)
    retired = restating.with_restated(record, found)
    assert restating.is_retired(retired)
    assert not restating.is_spent(retired)
    spent = restating.without_document(retired, "kb1/old.md")
    assert restating.is_spent(spent)
    back = restating.without_document(spent, "kb1/new.md")
    assert not restating.is_retired(back)
    assert back.detail["document_ids"] == []


@given(st.permutations(range(4)))
def test_what_documents_say_does_not_depend_on_their_order(order: list[int]) -> None:
    record = correction("签字笔的上限是八支，不是十二支。", ZH)
    texts = [ZH, ZH.replace("十二支", "八支"), ZH.replace("四本", "六本"), EN]
    read = [
        restating.read(passages(f"{number}.md", text), TOKENISE)
        for number, text in enumerate(texts)
    ]
    changed = whole = record
    for number in range(4):
        whole = restating.with_restated(whole, restating.find(record, read[number], TOKENISE))
    for number in order:
        found = restating.find(changed, read[number], TOKENISE)
        changed = restating.with_restated(changed, found)
    assert restating.restated_of(changed) == restating.restated_of(whole)
    assert [item.says for item in restating.restated_of(whole)] == ["old", "new", "old"]
    for number in order:
        changed = restating.without_document(changed, f"kb1/{number}.md")
    assert restating.restated_of(changed) == []
