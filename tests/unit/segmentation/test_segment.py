"""What passages look like."""

from itertools import pairwise

from services.memorizer.domain.segmentation import count_tokens, segment
from tests.support.parsed import parsed

SENTENCE = "采购完成后三十日内，在报销系统上传发票和付款凭证。"


def test_sections_with_headings_never_mix() -> None:
    document = parsed(
        "# 粮食\n\n## B 款\n\n鸡肉，168 元。\n\n## C 款\n\n三文鱼，199 元，适合过敏的狗。\n"
    )
    passages = segment(document, document_name="低敏推荐.md")
    assert [(p.heading_path, p.text) for p in passages] == [
        (("B 款",), "B 款\n\n鸡肉，168 元。"),
        (("C 款",), "C 款\n\n三文鱼，199 元，适合过敏的狗。"),
    ]
    assert passages[0].context == "低敏推荐 › 粮食 › B 款"


def test_a_file_name_that_says_nothing_is_left_out_of_the_context() -> None:
    document = parsed("# 粮食\n\n## B 款\n\n鸡肉。\n")
    for name in ("粮食.md", "document1.md", "8f14e45fceea167a5a36dedd4bea2543.md", ""):
        assert segment(document, document_name=name)[0].context == "粮食 › B 款"


def test_a_long_table_repeats_its_header() -> None:
    rows = "".join(f"| item number {n} | {n} |\n" for n in range(200))
    passages = segment(parsed(f"# T\n\n| Thing | Price |\n|---|---|\n{rows}"))
    assert len(passages) > 2
    assert all(p.text.startswith("Thing | Price\n") or p.ordinal == 0 for p in passages)
    assert all("Thing | Price" in p.text for p in passages)
    assert all(p.tokens <= 400 for p in passages)


def test_names_of_many_columns_are_repeated_too() -> None:
    names = [f"第{n}季度销售额（万元）" for n in range(9)]
    rows = "".join("| " + " | ".join(f"{n * 10 + c}" for c in range(9)) + " |\n" for n in range(90))
    head = "| " + " | ".join(names) + " |\n" + "|---" * 9 + "|\n"
    passages = segment(parsed(f"# T\n\n{head}{rows}"))
    assert len(passages) > 2
    assert all(" | ".join(names) in p.text for p in passages)


def test_a_list_stays_with_its_lead_in() -> None:
    items = "".join(f"- requirement number {n} has some words of its own\n" for n in range(60))
    passages = segment(parsed(f"# T\n\nYou need these papers:\n\n{items}"))
    assert len(passages) > 1
    assert all("You need these papers:" in p.text for p in passages)


def test_a_paragraph_without_punctuation_is_cut_with_overlap() -> None:
    text = "今天我们讲讲高血压这个事情" * 60
    passages = segment(parsed(f"# T\n\n{text}\n"))
    assert len(passages) > 2
    for before, after in pairwise(passages):
        assert before.start < after.start < before.end
        assert 0 < count_tokens(before.text[-(before.end - after.start) :]) <= 50


def test_sentences_are_not_torn() -> None:
    passages = segment(parsed(f"# T\n\n{SENTENCE * 60}\n"))
    assert len(passages) > 2
    assert all(p.text.endswith("。") for p in passages)


def test_code_is_not_cut() -> None:
    code = "\n".join(f"call({n}, 'some argument')" for n in range(120))
    passages = segment(parsed(f"# T\n\nIntro.\n\n```\n{code}\n```\n"))
    assert any(code in p.text for p in passages)


def test_pages_come_from_the_blocks() -> None:
    assert segment(parsed("# T\n\ntext\n"))[0].page_first is None


def test_tiny_neighbours_join_only_when_they_are_a_few_words() -> None:
    document = parsed(
        "# G\n\n## A\n\nyes\n\n## B\n\nno\n\n## C\n\n" + "a longer text of its own " * 3
    )
    passages = segment(document)
    assert len(passages) == 2
    assert "## " not in passages[0].text
    assert all(word in passages[0].text for word in ("A", "yes", "B", "no"))


def test_a_heading_at_the_end_is_not_lost() -> None:
    passages = segment(parsed("# T\n\n## A\n\ntext\n\n## Appendix\n"))
    assert passages[-1].text == "Appendix"


def test_tokens_are_estimated_for_both_languages() -> None:
    assert count_tokens("报销制度") == 4
    assert count_tokens("one two three four") == 5
    assert count_tokens("") == 0
