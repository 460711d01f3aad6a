"""PDF pages by their layout."""

from services.kernel.contracts.blocks import BlockKind
from services.kernel.ports.reader import Bookmark, Reading, Word
from services.parser.domain.build import PDF, parse_reading
from tests.support.pages import FULL, line, page, read


def test_larger_letters_are_headings_and_lines_are_joined() -> None:
    document = read(
        page(
            1,
            line("The Report", 740, size=18),
            line("1 Scope", 700, size=14),
            line(FULL, 680),
            line("and ends here.", 668),
            line("1.1 Parts", 640, size=12),
            line("Short text.", 620),
        )
    )
    assert document.title == "The Report"
    assert [(b.kind.value, b.heading_path) for b in document.blocks[1:]] == [
        ("heading", ("1 Scope",)),
        ("paragraph", ("1 Scope",)),
        ("heading", ("1 Scope", "1.1 Parts")),
        ("paragraph", ("1 Scope", "1.1 Parts")),
    ]
    assert document.blocks[2].text == f"{FULL} and ends here."


def test_headers_footers_and_page_numbers_go() -> None:
    pages = [
        page(
            number,
            line("ACME Handbook", 780, size=8),
            line(f"Text number {number} stands alone.", 600),
            line(f"Page {number} of 3", 30, size=8),
        )
        for number in (1, 2, 3)
    ]
    document = read(*pages)
    assert document.text == "\n\n".join(f"Text number {n} stands alone." for n in (1, 2, 3))
    assert [b.page for b in document.blocks] == [1, 2, 3]


def test_a_title_that_the_header_repeats_stays() -> None:
    pages = [
        page(
            1,
            line("采购制度", 740, size=17),
            line("采购制度", 780, size=8),
            line("第一段内容。", 600),
        ),
        page(2, line("采购制度", 780, size=8), line("第二段内容。", 600)),
    ]
    document = read(*pages)
    assert document.title == "采购制度"
    assert document.text.count("采购制度") == 1


def test_a_paragraph_goes_on_over_the_page_break() -> None:
    document = read(
        page(1, line(FULL, 100), line(FULL, 88)), page(2, line("with its last words.", 740))
    )
    assert [b.text for b in document.blocks] == [f"{FULL} {FULL} with its last words."]


def test_chinese_lines_join_without_blanks() -> None:
    document = read(
        page(
            1,
            line("这一行文字一直写到了右边的尽头没有停下来还在继续写下去", 700),
            line("直到这里。", 688),
        )
    )
    assert document.text == "这一行文字一直写到了右边的尽头没有停下来还在继续写下去直到这里。"


def test_a_soft_hyphen_is_undone() -> None:
    document = read(page(1, line(f"{FULL} seg\x02", 700), line("mentation works.", 688)))
    assert "segmentation works." in document.text


def test_two_columns_of_text_are_read_one_after_the_other() -> None:
    left = [line("left column text that goes on", 700 - 12 * n, x=50) for n in range(3)]
    right = [line("right column text goes on too", 700 - 12 * n, x=320) for n in range(3)]
    document = read(page(1, *left, *right))
    assert document.text.index("right") > document.text.rindex("left")


def test_bookmarks_give_the_levels() -> None:
    document = read(
        page(1, line("Alpha", 700), line(FULL, 680), line("Beta", 650), line(FULL, 630)),
        page(2, line("Gamma", 700), line(FULL, 680)),
        bookmarks=(Bookmark("Alpha", 1, 1), Bookmark("Beta", 2, 1), Bookmark("Gamma", 1, 2)),
    )
    paths = [b.heading_path for b in document.blocks if b.kind is BlockKind.PARAGRAPH]
    assert paths == [("Alpha",), ("Alpha", "Beta"), ("Gamma",)]


def test_tikas_pages_without_positions() -> None:
    html = (
        '<div class="page"><p>1 总则\n</p>'
        "<p>为规范公司的采购流程，控制费用支出，保障信息安全，结合公司\n实际情况，制定本制度。\n</p></div>"
        '<div class="page"><p>2 附则\n</p><p>由财务解释。\n</p></div>'
    )
    document = parse_reading(Reading(html, pages=2), name="a.pdf", media_type=PDF)
    assert [(b.page, b.heading_path, b.text) for b in document.blocks] == [
        (1, ("1 总则",), "1 总则"),
        (
            1,
            ("1 总则",),
            "为规范公司的采购流程，控制费用支出，保障信息安全，结合公司实际情况，制定本制度。",
        ),
        (2, ("2 附则",), "2 附则"),
        (2, ("2 附则",), "由财务解释。"),
    ]


def test_pages_of_one_line_each_are_not_all_header() -> None:
    document = read(*(page(n, line(f"Slide {n} says this and that.", 790)) for n in (1, 2, 3)))
    assert [b.page for b in document.blocks] == [1, 2, 3]


def test_a_footer_that_follows_the_text_wherever_it_ends_goes() -> None:
    pages = [
        page(
            number,
            line(f"Paragraph {'abcdefgh'[number]} of the document stands by itself here.", 700),
            line(f"And sentence {'stuvwxyz'[number]} is another one of its many lines.", 680),
            line(f"Acme Inc. | Form Q | {number}", 700 - 60 * number),
        )
        for number in range(1, 7)
    ]
    assert "Acme" not in read(*pages).text


def test_questions_numbers_with_dots_and_paths_are_headings_when_they_are_larger() -> None:
    document = read(
        page(
            1,
            line("Handbook", 760, size=18),
            line("1. Purpose", 720, size=14, bold=True),
            line("Why is this written down? For all who come later.", 700),
            line("How long is it kept?", 670, size=12),
            line("It is kept for nine years.", 650),
            line("GET /v1/items/{id}", 620, size=12),
            line("It answers with one item.", 600),
            line("2. 范围", 560, size=14),
            line("本手册适用于所有人。", 540),
        )
    )
    headings = [b.text for b in document.blocks[1:] if b.kind is BlockKind.HEADING]
    assert headings == ["1. Purpose", "How long is it kept?", "GET /v1/items/{id}", "2. 范围"]
    assert document.blocks[-1].heading_path == ("2. 范围",)


def test_headings_as_large_as_the_text_are_told_by_number_or_by_the_space_around_them() -> None:
    long = "这一行正文足够长可以一直排到这一栏的右边缘为止再换到下一行去接着写完它的内容"
    paragraph = [line(long, 0), line("并且在这里结束。", 0)]
    lines = [line("管理办法", 760, size=18), line("第一章 总则", 730, size=14)]
    y = 712.0
    for heading in ("（一）季度考核", "（二）年度考核", "转让"):
        lines.append(line(heading, y))
        y -= 16
        for text in paragraph:
            lines.append(tuple(Word(w.text, w.x0, w.x1, y, w.size) for w in text))
            y -= 14
        y -= 8
    document = read(page(1, *lines))
    assert [b.heading_path for b in document.blocks if b.kind is BlockKind.PARAGRAPH] == [
        ("第一章 总则", heading) for heading in ("（一）季度考核", "（二）年度考核")
    ] + [("第一章 总则", "（二）年度考核", "转让")]


def test_plain_headings_divide_the_fewer_numbered_ones_of_their_size() -> None:
    lines = [line("SOME COMMISSION", 790, size=15), line("FORM 7", 770, size=18)]
    y = 740.0
    for heading in (
        "Part I Figures",
        "Item 1. Statements",
        *("Income", "Costs", "Debt", "Cash"),
        "Item 1A. Risks",
        "Weather",
    ):
        lines.append(line(heading, y, bold=True))
        y -= 20
        if not heading.startswith(("Part", "Item")):
            lines += [line(FULL, y), line("and so it ends.", y - 12)]
            y -= 32
    document = read(page(1, *lines))
    paths = {b.text: b.heading_path for b in document.blocks}
    assert paths["Cash"][-3:] == ("Part I Figures", "Item 1. Statements", "Cash")
    assert paths["Weather"][-3:] == ("Part I Figures", "Item 1A. Risks", "Weather")


def test_verse_and_signatures_are_no_headings() -> None:
    lines = [line("Songs", 760, size=18), line("One", 730, size=14)]
    lines += [
        line(text, 700 - 14 * at - (6 if at in {3, 6} else 0))
        for at, text in enumerate(
            ["There was no word", "the wind that stirs", "heed our words"] * 3
        )
    ]
    document = read(page(1, *lines))
    assert [b.text for b in document.blocks if b.kind is BlockKind.HEADING] == ["Songs", "One"]


def test_entries_of_a_table_of_contents_stay_apart() -> None:
    document = read(
        page(
            1,
            line("目录", 760, size=16),
            line(f"第一章 总则 {'.' * 60} 3", 700),
            line(f"第二章 考勤与休假 {'.' * 56} 4", 688),
        )
    )
    assert [b.text for b in document.blocks[1:]] == ["第一章 总则 … 3", "第二章 考勤与休假 … 4"]
