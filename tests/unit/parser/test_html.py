"""The small HTML vocabulary: what readers yield."""

from services.kernel.contracts.blocks import BlockKind, ParsedDocument
from services.kernel.ports.reader import Reading
from services.parser.domain.build import DOC, DOCX, parse_reading
from tests.support.parsed import outline


def read(html: str, media_type: str = DOCX) -> ParsedDocument:
    return parse_reading(Reading(html, reader="test"), name="file.docx", media_type=media_type)


def test_a_styled_title_is_the_title() -> None:
    document = read('<h1 class="title">Lake</h1><h1>Swim</h1><p>Go.</p><h2>Eat</h2><p>Now.</p>')
    assert document.title == "Lake"
    assert document.blocks[-1].heading_path == ("Swim", "Eat")


def test_unmarked_first_row_names_the_columns_only_if_it_looks_so() -> None:
    named = read(
        "<table><tr><td>Food</td><td>Calories</td></tr><tr><td>Leaf</td><td>50</td></tr></table>"
    )
    assert named.blocks[1].header == ("Food", "Calories")
    numbers = read("<table><tr><td>11</td><td>12</td></tr><tr><td>21</td><td>22</td></tr></table>")
    assert numbers.blocks[1].header == ()


def test_spanned_cells_are_repeated_below_and_left_empty_beside() -> None:
    document = read(
        "<table><tr><th>部门</th><th>项目</th><th>金额</th></tr>"
        '<tr><td rowspan="2">销售</td><td>差旅</td><td>5</td></tr><tr><td>餐费</td><td>6</td></tr>'
        '<tr><td colspan="2">合计</td><td>11</td></tr></table>'
    )
    assert [b.cells for b in document.blocks[1:]] == [
        ("销售", "差旅", "5"),
        ("销售", "餐费", "6"),
        ("合计", "", "11"),
    ]


def test_a_table_of_one_cell_is_a_paragraph() -> None:
    document = read("<table><tr><td><p>Only</p><p>text</p></td></tr></table>")
    assert [(b.kind, b.text) for b in document.blocks] == [(BlockKind.PARAGRAPH, "Only text")]


def test_a_nested_table_stays_in_its_cell() -> None:
    document = read(
        "<table><tr><th>a</th><th>b</th></tr><tr><td>x</td><td>y"
        "<table><tr><td>1</td><td>2</td></tr></table></td></tr></table>"
    )
    assert document.blocks[-1].cells == ("x", "y1 | 2")


def test_tikas_list_paragraphs_are_items() -> None:
    document = read(
        '<p>Do:</p><p class="list_Bullet">· Relax</p><p class="list_Number">1. Go</p>', DOC
    )
    assert outline(document)[1:] == [("list_item", (), "- Relax"), ("list_item", (), "1. Go")]


def test_numbers_make_headings_where_no_style_does() -> None:
    document = read(
        "<p>居中的大标题</p><p>1. 章节一</p><p>内容，一段话。</p><p>1.1. 小节</p><p>更多内容。</p>",
        DOC,
    )
    assert document.blocks[-1].heading_path == ("1. 章节一", "1.1. 小节")


def test_names_of_columns_in_two_rows_are_stacked() -> None:
    html = (
        "<table>{open}<tr><{c} rowspan=2>楼栋</{c}><{c} colspan=2>费用</{c}></tr>"
        "<tr><{c}>水费</{c}><{c}>电费</{c}></tr>{close}"
        "<tr><td>一号楼</td><td>3.5</td><td>0.6</td></tr></table>"
    )
    for marks in (
        {"open": "<thead>", "close": "</thead>", "c": "th"},
        {"open": "", "close": "", "c": "td"},
    ):
        rows = read(html.format(**marks)).blocks
        assert [row.is_header for row in rows] == [True, True, False]
        assert rows[2].header == ("楼栋", "费用 水费", "费用 电费")
