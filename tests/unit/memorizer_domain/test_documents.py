# ruff: noqa: E501 - sentences stand on one line
"""Processed memories of documents: the document's own sentences, with their place."""

from services.kernel.contracts.blocks import Block, BlockKind, ParsedDocument, Passage
from services.memorizer.domain.documents import keywords, processed

POLICY = [
    ("适用范围", "本制度适用于全体正式员工的软件采购与报销。外包人员的软件采购由合作方承担。"),
    ("报销标准", "办公软件每人每年报销上限为 800 元。设计软件每人每年报销上限为 3000 元，需要部门经理审批。"),
    ("报销流程", "员工应在采购后 30 天内提交报销申请，并附上发票与采购截图。财务部在 5 个工作日内完成审核。"),
]  # fmt: skip


def document(title: str, sections: list[tuple[str, str]]) -> ParsedDocument:
    text, blocks = "", []
    for heading, body in sections:
        for kind, part in ((BlockKind.HEADING, heading), (BlockKind.PARAGRAPH, body)):
            start = len(text)
            text += part + "\n"
            blocks.append(
                Block(
                    kind=kind,
                    text=part,
                    start=start,
                    end=start + len(part),
                    heading_path=(heading,),
                    page=1,
                )
            )
    return ParsedDocument(title=title, text=text, blocks=tuple(blocks))


def passages_of(parsed: ParsedDocument, times: int = 1) -> list[Passage]:
    bodies = [block for block in parsed.blocks if block.kind is BlockKind.PARAGRAPH]
    return [
        Passage(
            ordinal=at,
            text=one.text,
            start=one.start,
            end=one.end,
            title=parsed.title,
            heading_path=one.heading_path,
        )
        for at, one in enumerate(one for one in bodies for _ in range(times))
    ]


def test_a_summary_names_title_and_headings_and_keeps_numbers() -> None:
    parsed = document("软件采购报销制度", POLICY)
    (summary,), words = processed(parsed, passages_of(parsed))
    assert summary.key == "软件采购报销制度"
    assert "《软件采购报销制度》" in summary.value
    for heading, _ in POLICY:
        assert heading in summary.value
    assert "800 元" in summary.value
    assert any("报销" in word or "采购" in word for word in words)
    assert summary.tags == words


def test_every_sentence_of_a_summary_stands_in_its_span() -> None:
    parsed = document("软件采购报销制度", POLICY)
    (summary,), _ = processed(parsed, passages_of(parsed))
    span = parsed.text[summary.start : summary.end]
    points = summary.value.split("要点：")[1]
    for sentence in points.strip("。").split("。"):
        assert sentence in span
    assert (summary.page_first, summary.page_last) == (1, 1)


def test_a_long_section_gets_a_statement_of_its_own() -> None:
    parsed = document(
        "Backup guide",
        [
            ("Restore", "Restores take about 20 minutes for 50 GB. It may take longer at night. Only owners can start a restore."),
            ("Limits", "Backups are kept for 35 days on the Team plan. Older backups are deleted for good."),
        ],
    )  # fmt: skip
    found, _ = processed(parsed, passages_of(parsed, times=2))
    statements = [one for one in found if one.heading_path]
    assert [one.heading_path for one in statements] == [("Restore",), ("Limits",)]
    assert statements[0].value.startswith("Backup guide, Restore: ")
    assert "It may take longer" not in statements[0].value


def test_too_little_text_has_no_summary() -> None:
    parsed = document("Note", [("A", "Call Bob at noon.")])
    assert processed(parsed, passages_of(parsed))[0] == []


def test_keywords_are_repeated_phrases() -> None:
    text = "The proxy client needs a token. Install the proxy client first. A proxy client token expires. The token is short."
    assert "proxy client" in keywords("Setup", text)
    assert keywords("Setup", "") == ()


def test_the_same_document_gives_the_same_memories() -> None:
    parsed = document("软件采购报销制度", POLICY)
    assert processed(parsed, passages_of(parsed)) == processed(parsed, passages_of(parsed))
