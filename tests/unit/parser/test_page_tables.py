"""Tables on PDF pages."""

from services.kernel.contracts.blocks import BlockKind, ParsedDocument
from services.kernel.ports.reader import PageLayout
from tests.support.pages import FULL, HEIGHT, WIDTH, line, page, read, ruled, table_page


def rows_of(document: ParsedDocument) -> list[tuple[str, ...]]:
    return [b.cells for b in document.blocks if b.kind is BlockKind.TABLE_ROW]


def test_a_ruled_table_with_a_cell_of_two_lines() -> None:
    document = read(
        page(
            1,
            line("Name", 690, x=55),
            line("Limit", 690, x=255),
            line("Office", 672, x=55),
            line("software", 660, x=55),
            line("800", 666, x=255),
            line("After the table.", 600),
            rules=ruled((50, 250, 400), (655, 684, 705)),
        )
    )
    rows = [b for b in document.blocks if b.kind is BlockKind.TABLE_ROW]
    assert [b.cells for b in rows] == [("Name", "Limit"), ("Office software", "800")]
    assert rows[1].header == ("Name", "Limit")
    assert document.blocks[-1].text == "After the table."


def test_columns_without_rules_are_a_table() -> None:
    body = [("Eco", "50 C", "3 h 55"), ("Auto mode", "65 C", "2 h 10"), ("Glass", "40 C", "1 h 30")]
    lines = [
        line(a, y, x=50) + line(b, y, x=200) + line(c, y, x=350)
        for y, (a, b, c) in zip(
            (700, 685, 670, 655), [("Programme", "Temperature", "Duration"), *body], strict=True
        )
    ]
    document = read(page(1, *lines))
    assert [b.cells for b in document.blocks[1:]] == body
    assert document.blocks[3].header == ("Programme", "Temperature", "Duration")


def test_a_table_over_two_pages_is_one_table_under_its_header() -> None:
    head = ("Article", "Pack of", "Price")
    for again in (True, False):
        document = read(
            table_page(1, 700, head, ("Bolt", "100", "7.90"), ("Nut", "200", "8.10"), words=760),
            table_page(
                2,
                780,
                *([head] if again else []),
                ("Washer", "500", "6.20"),
                ("Rivet", "50", "1.10"),
            ),
        )
        rows = [b for b in document.blocks if b.kind is BlockKind.TABLE_ROW]
        assert [row.is_header for row in rows].count(True) == 1
        assert {row.header for row in rows} == {head}
        assert [row.cells[0] for row in rows] == ["Article", "Bolt", "Nut", "Washer", "Rivet"]


def test_a_framed_header_that_every_page_repeats_goes() -> None:
    pages = [
        table_page(
            number, 780, ("Form 7", "Issue B", "secret"), ("ACME", "Works", f"sheet {number}")
        )
        for number in (1, 2, 3)
    ]
    assert "Issue" not in read(*pages).text


def test_short_paragraphs_before_a_table_do_not_run_together() -> None:
    """How wide and how far apart lines are is known from the whole page."""
    table = table_page(1, 560, ("Room", "Seats"), ("Oak", "12"), ("Ash", "20"))
    document = read(
        PageLayout(
            1,
            WIDTH,
            HEIGHT,
            (
                line("The badge is lost? Pay at once.", 700),
                line("A late visitor signs a list.", 680),
                *table.lines,
                line(FULL, 80),
                line("and it ends here.", 66),
            ),
            table.rules,
        )
    )
    texts = [b.text for b in document.blocks if b.kind is BlockKind.PARAGRAPH]
    assert texts[:2] == ["The badge is lost? Pay at once.", "A late visitor signs a list."]
    assert texts[-1] == f"{FULL} and it ends here."


def test_names_above_blank_columns_and_labels_between_rows_belong_to_the_table() -> None:
    """As statements of accounts are set: names drawn cell by cell, in two lines, over amounts."""
    document = read(
        page(
            1,
            line("Statement", 760, size=16),
            line("Three months ended", 700, x=300, size=8),
            line("July 1,", 690, x=300, size=8),
            line("2023", 682, x=306, size=8),
            line("June 25,", 690, x=400, size=8),
            line("2022", 682, x=406, size=8),
            line("Net sales:", 670),
            line("Products", 658) + line("$", 658, x=290) + line("60,584", 658, x=310)
            + line("$", 658, x=390) + line("63,355", 658, x=410),
            line("Services", 646) + line("21,213", 646, x=310) + line("19,604", 646, x=410),
            line("Cost of sales:", 634),
            line("Products", 622) + line("39,136", 622, x=310) + line("41,485", 622, x=410),
            line("See the notes.", 600),
        )
    )  # fmt: skip
    assert rows_of(document) == [
        ("", "Three months ended July 1, 2023", "June 25, 2022"),
        ("Net sales:", "", ""),
        ("Products", "$ 60,584", "$ 63,355"),
        ("Services", "21,213", "19,604"),
        ("Cost of sales:", "", ""),
        ("Products", "39,136", "41,485"),
    ]
    rows = [b for b in document.blocks if b.kind is BlockKind.TABLE_ROW]
    assert {row.header for row in rows} == {rows[0].cells}


def test_items_whose_markers_stand_far_off_are_a_list() -> None:
    document = read(
        page(
            1,
            line("Excluded", 760, size=16),
            *(
                line("•", 700 - 14 * at) + line(text, 700 - 14 * at, x=90)
                for at, text in enumerate(["Opened software", "Fresh flowers", "Gift cards"])
            ),
        )
    )
    assert [b.text for b in document.blocks if b.kind is BlockKind.LIST_ITEM] == [
        "- Opened software",
        "- Fresh flowers",
        "- Gift cards",
    ]


def test_a_wide_line_above_does_not_tear_a_narrow_column() -> None:
    narrow = "these lines end at a third of the page and go on"
    document = read(
        page(
            1,
            line(
                "A. Author and B. Writer, of the Institute for Valleys and Rivers, in a wide head",
                700,
                size=8,
            ),
            *(line(narrow, 660 - 12 * at) for at in range(14)),
        )
    )
    assert document.blocks[-1].text == " ".join([narrow] * 14)


def test_a_first_cell_of_two_lines_is_one() -> None:
    document = read(
        page(
            1,
            line("Cash", 688) + line("28,408", 688, x=310) + line("23,646", 688, x=410),
            line("Change in the value of all", 676),
            line("securities", 664) + line("(282)", 664, x=310) + line("2,148", 664, x=410),
            line("Inventories", 652) + line("7,351", 652, x=310) + line("4,946", 652, x=410),
            line("See the notes to these figures.", 620),
        )
    )
    assert rows_of(document)[-3:] == [
        ("Cash", "28,408", "23,646"),
        ("Change in the value of all securities", "(282)", "2,148"),
        ("Inventories", "7,351", "4,946"),
    ]
    assert not any(b.header for b in document.blocks)


def test_a_bold_title_row_names_no_columns() -> None:
    """A first row with one filled cell says what the table is about."""
    bold = page(1, line("Assets", 700, bold=True), line("Cash", 680) + line("28", 680, x=255),
                line("Debt", 660) + line("23", 660, x=255),
                rules=ruled((50, 250, 400), (655, 675, 695, 715)))  # fmt: skip
    document = read(bold)
    assert rows_of(document) == [("Assets", ""), ("Cash", "28"), ("Debt", "23")]
    assert not any(b.header for b in document.blocks)


def test_names_in_two_rows_and_a_page_of_names_alone() -> None:
    first, second = ("Region", "Fee", "", "Days"), ("Region", "first", "more", "Days")
    document = read(
        table_page(1, 700, first, second, ("East", "12", "2", "1"), words=760),
        table_page(2, 780, first, second, words=None),
        table_page(
            3, 780, first, second, ("South", "15", "3", "2"), ("South", "15", "3", "2"), words=None
        ),
        table_page(4, 780, ("South", "15", "3", "2"), ("West", "22", "8", "4")),
    )
    rows = [b for b in document.blocks if b.kind is BlockKind.TABLE_ROW]
    assert [row.is_header for row in rows] == [True, True, *[False] * 5]
    assert {row.header for row in rows} == {("Region", "Fee first", "Fee more", "Days")}
    assert [row.cells[0] for row in rows[2:]] == ["East", "South", "South", "South", "West"]


def test_a_heading_as_large_as_the_text_stands_above_its_table() -> None:
    table = table_page(1, 640, ("房型", "价格"), ("单间", "12"), ("套间", "20"), words=None)
    long = "本章说明住宿的各项标准和申请的办法适用于全体人员以及来访的客人并由行政部负责解释"
    lines = (
        line("手册", 760, size=18),
        line("住宿", 730, size=14),
        line(long, 710),
        line("自发布之日起执行。", 696),
    )
    document = read(page(1, *lines, line("标准", 672), *table.lines, rules=table.rules))
    assert document.blocks[-1].heading_path == ("住宿", "标准")
