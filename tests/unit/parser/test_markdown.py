"""Markdown by a Markdown parser."""

from services.kernel.contracts.blocks import BlockKind
from tests.support.parsed import MARKDOWN, PLAIN, outline, parsed


def test_headings_make_paths_and_a_lone_first_one_is_the_title() -> None:
    document = parsed("# Guide\n\nIntro.\n\n## Setup\n\n### Linux\n\nRun it.\n\n## Use\n\nGo.\n")
    assert document.title == "Guide"
    assert outline(document) == [
        ("heading", (), "Guide"),
        ("paragraph", (), "Intro."),
        ("heading", ("Setup",), "Setup"),
        ("heading", ("Setup", "Linux"), "Linux"),
        ("paragraph", ("Setup", "Linux"), "Run it."),
        ("heading", ("Use",), "Use"),
        ("paragraph", ("Use",), "Go."),
    ]


def test_several_first_headings_leave_the_file_name_as_title() -> None:
    document = parsed("# One\n\na\n\n# Two\n\nb\n", name="notes/全员.md")
    assert document.title == "全员"
    assert [b.heading_path for b in document.blocks] == [("One",), ("One",), ("Two",), ("Two",)]


def test_front_matter_gives_the_title_and_is_kept() -> None:
    document = parsed("---\ntitle: 手册\nowner: Ann\n---\n\nText.\n")
    assert document.title == "手册"
    assert "owner: Ann" in document.text


def test_tables_know_their_header() -> None:
    document = parsed("| 品类 | 上限 |\n|---|---|\n| 办公类 | 800 |\n| 设计类 | 1000 |\n")
    assert [b.is_header for b in document.blocks] == [True, False, False]
    assert document.blocks[1].header == ("品类", "上限")
    assert document.blocks[1].cells == ("办公类", "800")
    assert document.blocks[1].text == "办公类 | 800"
    assert len({b.group for b in document.blocks}) == 1


def test_lists_keep_numbers_and_depth() -> None:
    document = parsed("Do:\n\n3. first\n4. second\n   - inner\n")
    items = [(b.text, b.level) for b in document.blocks if b.kind is BlockKind.LIST_ITEM]
    assert items == [("3. first", 0), ("4. second", 0), ("- inner", 1)]


def test_code_is_kept_as_it_is_and_its_hash_is_no_heading() -> None:
    document = parsed("# T\n\n```sh\n# comment\nrun   --fast\n```\n")
    assert [b.text for b in document.blocks if b.kind is BlockKind.CODE] == [
        "# comment\nrun   --fast"
    ]
    assert document.title == "T"


def test_html_inside_markdown_is_read_as_html() -> None:
    document = parsed(
        "<h1>Wiki</h1>\n<p>Hi</p>\n<h2>Pay</h2>\n<table>\n<tr><th>Who</th><th>How much</th></tr>\n"
        "<tr><td>Ann</td><td>5</td></tr>\n</table>\n"
    )
    assert document.title == "Wiki"
    assert document.blocks[-1].header == ("Who", "How much")
    assert document.blocks[-1].heading_path == ("Pay",)


def test_what_looks_like_a_tag_but_is_none_stays() -> None:
    document = parsed("Use vector<int> and <your-key> or List<String>.\n")
    assert document.text == "Use vector<int> and <your-key> or List<String>."


def test_links_keep_their_address() -> None:
    document = parsed("See [the portal](https://portal.example/a) or <mailto:a@b.example>.\n")
    assert "the portal (https://portal.example/a)" in document.text
    assert document.text.count("a@b.example") == 1


def test_wrapped_chinese_is_joined_without_blanks_and_english_with_one() -> None:
    assert parsed("第一行没有完\n第二行接着。\n").text == "第一行没有完第二行接着。"
    assert parsed("first line\nsecond line\n").text == "first line second line"


def test_a_bold_line_alone_is_a_heading_below_the_real_ones() -> None:
    document = parsed(
        "# T\n\n## A\n\n**注意事项**\n\n不要碰水。\n\n**This is one bold sentence.**\n"
    )
    assert document.blocks[-2].heading_path == ("A", "注意事项")
    assert document.blocks[-1].kind is BlockKind.PARAGRAPH


def test_scripts_and_comments_say_nothing() -> None:
    assert parsed("<script>alert(1)</script>\n\n<!-- secret -->\n\nText\n").text == "Text"


def test_a_page_of_html_is_read_as_html_whatever_its_blank_lines_and_indents() -> None:
    text = """<!DOCTYPE html>
<html><body>
<h1>Guide</h1>

<div>
    <h2>Rooms</h2>

    <p>The big room has <b>forty</b> seats.</p>

    <ul>

        <li>Oak</li>
    </ul>

    <pre># first
make all

make push</pre>

    <table>

        <tr><th>Room</th><th>Seats</th></tr>
        <tr><td>Oak</td><td>12</td></tr>
    </table>
</div>
</body></html>
"""
    for media_type in (MARKDOWN, PLAIN):
        assert outline(parsed(text, media_type))[1:] == [
            ("heading", ("Rooms",), "Rooms"),
            ("paragraph", ("Rooms",), "The big room has forty seats."),
            ("list_item", ("Rooms",), "- Oak"),
            ("code", ("Rooms",), "# first\nmake all\n\nmake push"),
            ("table_row", ("Rooms",), "Room | Seats"),
            ("table_row", ("Rooms",), "Oak | 12"),
        ]


def test_markdown_that_begins_with_html_stays_markdown() -> None:
    text = '<p align="center"><b>Tool</b></p>\n\n## Use\n\n- run it\n\n<p>end</p>\n<p>x</p>'
    assert ("heading", ("Use",), "Use") in outline(parsed(text)) or parsed(text).title == "Use"
