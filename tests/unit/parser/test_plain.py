"""Plain text: structure by shape."""

from services.kernel.contracts.blocks import BlockKind
from services.parser.domain.decoding import decode
from tests.support.parsed import PLAIN, parsed


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


def headings(text: str) -> list[tuple[str, ...]]:
    document = parsed(text, PLAIN, "file.txt")
    return [b.heading_path for b in document.blocks if b.kind is BlockKind.HEADING]


def test_chinese_chapters_sections_and_lists() -> None:
    text = _paragraphs(
        "员工手册",
        "第一章 总则",
        "第一节 目的",
        "为了规范，制定本手册。",
        "第二章 考勤",
        "一、上班时间",
        "九点。",
        "二、请假",
        "（一）事假",
        "提前一天。",
    )
    assert headings(text) == [
        (),
        ("第一章 总则",),
        ("第一章 总则", "第一节 目的"),
        ("第二章 考勤",),
        ("第二章 考勤", "一、上班时间"),
        ("第二章 考勤", "二、请假"),
        ("第二章 考勤", "二、请假", "（一）事假"),
    ]


def test_decimal_numbers() -> None:
    text = _paragraphs(
        "Manual",
        "1 Safety",
        "Be careful.",
        "2 Use",
        "2.1 Salt",
        "Add 1.2 kg of it.",
        "2.1.1 Fine salt",
        "Never.",
        "2.2 Water",
        "Yes.",
    )
    assert headings(text) == [
        (),
        ("1 Safety",),
        ("2 Use",),
        ("2 Use", "2.1 Salt"),
        ("2 Use", "2.1 Salt", "2.1.1 Fine salt"),
        ("2 Use", "2.2 Water"),
    ]


def test_measures_and_years_are_no_headings() -> None:
    text = _paragraphs(
        "Notes",
        "1 Intro",
        "Some text here.",
        "3.5 million people",
        "2024 budget plan",
        "More text.",
    )
    assert ("3.5 million people",) not in headings(text)
    assert not any("2024 budget plan" in path[-1:] and len(path) == 1 for path in headings(text))


def test_numbered_sentences_in_a_row_are_a_list() -> None:
    document = parsed("步骤\n\n1. 打开软件\n2. 点击设置\n3. 保存\n", PLAIN)
    assert [b.kind for b in document.blocks] == [
        BlockKind.HEADING,
        *[BlockKind.LIST_ITEM] * 3,
    ]
    assert document.blocks[1].text == "1. 打开软件"


def test_plain_headings_of_two_levels() -> None:
    text = _paragraphs(
        "Wiki",
        "It is exported.",
        "Week one",
        "Accounts",
        "They are made early.",
        "Benefits",
        "Pension",
        "The company adds to it.",
    )
    assert headings(text)[1:] == [
        ("Week one",),
        ("Week one", "Accounts"),
        ("Benefits",),
        ("Benefits", "Pension"),
    ]


def test_a_part_stands_above_plain_headings_that_came_before_it() -> None:
    text = _paragraphs(
        "Minutes",
        "Report",
        "The list has grown.",
        "Decisions",
        "Water",
        "The pump runs early.",
        "Compost",
        "No meat in it.",
    )
    assert headings(text)[1:] == [
        ("Report",),
        ("Decisions",),
        ("Decisions", "Water"),
        ("Decisions", "Compost"),
    ]


def test_a_chapter_does_not_stand_under_a_preface() -> None:
    text = _paragraphs("手册", "前言", "写在前面的话。", "第一章 总则", "制定本手册。")
    assert headings(text)[1:] == [("前言",), ("第一章 总则",)]


def test_questions_are_headings_of_their_answers() -> None:
    text = _paragraphs(
        "常见问题",
        "账号",
        "忘记密码怎么办？",
        "在登录页点击找回密码。",
        "可以同时登录几台设备？",
        "两台。超过时最早登录的设备会被退出。",
    )
    assert headings(text)[1:] == [
        ("账号",),
        ("账号", "忘记密码怎么办？"),
        ("账号", "可以同时登录几台设备？"),
    ]
    talk = _paragraphs("Where is it?", "Who asks?", "I do, he said, and went on.")
    assert ("Where is it?",) not in headings(talk)


def test_capitals_stand_above_plain_headings() -> None:
    text = _paragraphs(
        "Manual", "STARTING", "Cold engine", "Prime it.", "STORAGE", "Drain the tank."
    )
    assert headings(text)[1:] == [("STARTING",), ("STARTING", "Cold engine"), ("STORAGE",)]


def test_a_command_or_setting_is_no_heading() -> None:
    text = _paragraphs("Guide", "tool push ./site --jobs 8", "It pushes.", "version: 2.3", "Done.")
    assert headings(text) == [()]


def test_paths_shares_and_quoted_messages_are_headings() -> None:
    text = _paragraphs(
        "Guide",
        "GET /v1/items/{id}",
        "It answers with one item.",
        "Uploads stall at 99 %",
        "The proxy waits for the last part.",
        '"index too new"',
        "Upgrade, then run it again.",
        '"Come here."',
        "He came.",
    )
    found = [path[-1] for path in headings(text)[1:]]
    assert found == ["GET /v1/items/{id}", "Uploads stall at 99 %", '"index too new"']


def test_bullets_under_numbered_items_leave_them_a_list() -> None:
    text = _paragraphs(
        "Wiki", "1. Urgent\n  - call the manager\n  - open a bridge\n2. High\n3. Normal"
    )
    assert headings(text) == [()]
    text = _paragraphs("纪要", "（一）运输", "- 恒温车\n- 双联条码", "（二）服务", "开放时间不变。")
    assert headings(text)[1:] == [("（一）运输",), ("（二）服务",)]


def test_a_list_that_begins_anew_under_a_numbered_heading_is_its_list() -> None:
    text = _paragraphs(
        "Manual",
        "1 Storm valve",
        "1. Close the valve and wait for a minute.\n2. Open it again.",
        "2. Pumps",
        "1. Look at the pump.\n2. Call us.",
    )
    assert headings(text)[1:] == [("1 Storm valve",), ("2. Pumps",)]


def test_tab_separated_lines_are_a_table_with_its_header() -> None:
    document = parsed("职级\t飞机\n专员\t经济舱\n总监\t公务舱\n", PLAIN)
    assert document.blocks[2].header == ("职级", "飞机")
    assert document.blocks[2].text == "总监 | 公务舱"


def test_columns_set_apart_by_blanks_are_a_table() -> None:
    document = parsed("Name     Age   City\nAnn      30    Rome\nBob      41    Oslo\n", PLAIN)
    assert [b.kind for b in document.blocks] == [BlockKind.TABLE_ROW] * 3
    assert document.blocks[1].cells == ("Ann", "30", "Rome")


def test_wrapped_lines_are_joined_and_hyphens_undone() -> None:
    lines = [
        "The quick brown fox jumps over the lazy dog and then it goes on run-",
        "ning through the forest until the evening comes and the sun is low so",
        "that nobody sees it any more, not even the well-known DW-",
        "640 camera that stands there.",
    ]
    text = "\n".join(lines) + "\n\n" + "\n".join(lines) + "\n"
    document = parsed(text, PLAIN)
    assert "running through" in document.text
    assert "DW-640 camera" in document.text
    assert document.text.count("\n\n") == 1


def test_code_stays_in_lines() -> None:
    document = parsed(
        "安装\n\n运行下面的命令。\n\n# 注释\ncurl -o x https://e.example\nbash x --all\n", PLAIN
    )
    assert document.blocks[-1].kind is BlockKind.CODE
    assert document.blocks[-1].text.split("\n")[0] == "# 注释"


def test_a_text_that_is_markdown_is_read_as_markdown() -> None:
    document = parsed("# Title\n\n## Part\n\n* item\n", PLAIN)
    assert document.blocks[-1].heading_path == ("Part",)


def test_encodings() -> None:
    text = "这是一个关于报销制度的说明，大家都可以看到的内容。"
    assert decode(text.encode("gb18030")) == text
    assert decode(text.encode("utf-16")) == text
    assert decode(text.encode("utf-16-le")) == text
    assert decode(text.encode("utf-8-sig")).lstrip("\ufeff") == text
    taiwan = "這是一個關於報銷制度的說明，大家都可以看到的內容，我們在這裡工作。"
    assert decode(taiwan.encode("big5")) == taiwan
    assert decode("Crème brûlée für älteres Gemüse, señor".encode("cp1252")) == (
        "Crème brûlée für älteres Gemüse, señor"
    )
