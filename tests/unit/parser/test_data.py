"""JSON and XML: keys, paths, attributes and records are kept."""

import pytest

from services.kernel.contracts.blocks import BlockKind
from services.kernel.contracts.errors import Code, InvalidInput
from tests.support.parsed import JSON, XML, outline, parsed


def code_of(text: str, media_type: str) -> Code:
    with pytest.raises(InvalidInput) as caught:
        parsed(text, media_type)
    return caught.value.code


def test_sections_with_titles_become_headings() -> None:
    document = parsed(
        '{"title": "制度", "sections": [{"level": 2, "heading": "1 总则", "content": ["目的。"]},'
        ' {"level": 3, "heading": "1.1 范围", "content": [{"品类": "办公", "上限": 800}]}]}',
        JSON,
    )
    assert document.title == "制度"
    assert outline(document)[1:] == [
        ("heading", ("1 总则",), "1 总则"),
        ("paragraph", ("1 总则",), "目的。"),
        ("heading", ("1 总则", "1.1 范围"), "1.1 范围"),
        ("table_row", ("1 总则", "1.1 范围"), "品类: 办公; 上限: 800"),
    ]


def test_arrays_of_records_are_rows_under_their_key() -> None:
    document = parsed('{"cities": [{"name": "Rome", "at": {"lat": 41.90, "lon": 12.5}}]}', JSON)
    assert document.blocks[-1].text == "name: Rome; at.lat: 41.90; at.lon: 12.5"
    assert document.blocks[-1].heading_path == ("cities",)


def test_nested_objects_keep_their_path() -> None:
    document = parsed('{"server": {"port": 8080, "tls": {"min": "1.2"}}, "debug": false}', JSON)
    assert "server.port: 8080" in document.text
    assert "server.tls.min: 1.2" in document.text
    assert "debug: false" in document.text


def test_a_json_value_a_line() -> None:
    document = parsed('{"a": 1}\n{"a": 2}\n', JSON)
    assert [b.text for b in document.blocks] == ["a: 1", "a: 2"]


def test_numbers_stay_as_they_are_written() -> None:
    assert "1.10" in parsed('{"version": 1.10, "big": 12345678901234567890}', JSON).text


def test_broken_json_and_xml() -> None:
    assert code_of('{"a": 1', JSON) is Code.CORRUPT
    assert code_of("<a><b></a>", XML) is Code.CORRUPT
    assert code_of("{}", JSON) is Code.NO_TEXT


def test_xml_records_with_attributes_and_namespaces() -> None:
    document = parsed(
        '<x:list xmlns:x="urn:x"><x:book id="7"><x:title>Dune</x:title>'
        '<x:price unit="EUR">9</x:price>'
        '</x:book><x:book id="8"><x:title>Emma</x:title></x:book></x:list>',
        XML,
    )
    rows = [b.text for b in document.blocks if b.kind is BlockKind.TABLE_ROW]
    assert rows == [
        "@id: 7; x:title: Dune; x:price.@unit: EUR; x:price: 9",
        "@id: 8; x:title: Emma",
    ]


def test_xml_documents_have_sections_lists_and_tables() -> None:
    document = parsed(
        "<article><title>Paper</title><sec><title>Method</title><p>We <b>did</b> it.</p>"
        "<list><list-item><p>one</p></list-item></list><sec><title>Detail</title><p>More.</p></sec></sec>"
        "<sec><title>Result</title><p>Fine &amp; good.</p></sec></article>",
        XML,
    )
    assert document.title == "Paper"
    paths = [path for kind, path, _ in outline(document) if kind != "heading"]
    assert paths[-1][-1] == "Result"
    assert ("Method", "Detail") in [path[-2:] for path in paths]
    assert "We did it." in document.text
    assert "Fine & good." in document.text


def test_html_entities_in_xml_are_read() -> None:
    assert "a\u00a0b é" in parsed("<d><p>a&nbsp;b &eacute;</p></d>", XML).text.replace(
        " b", "\u00a0b"
    )
