"""Laws of the parsers, for any text."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.blocks import ParsedDocument
from services.kernel.contracts.errors import InvalidInput
from services.parser.domain.build import parse_text
from tests.support.parsed import JSON, MARKDOWN, PLAIN, XML, parsed

_SAMPLE = """
# 一级标题
## Second
第一章 总则
1.1 范围
- item
  - deeper
1. first
```
code();
***
&amp; & <
普通的一段文字，没有别的。
A sentence of text that goes on. And another one.
<b>bold</b> <int>
    indented
a\tb
1\t2
KEY: value
> quoted
[x](http://e.example/y)
| a | b |
|---|---|
| 1 | 2 |
"""
_LINES = st.lists(st.sampled_from(_SAMPLE.split("\n")), max_size=40).map("\n".join)


def exact(document: ParsedDocument) -> None:
    end = 0
    for block in document.blocks:
        assert block.start >= end
        end = block.end
        assert document.text[block.start : block.end] == block.text
        assert block.text.strip()


def outcome(data: bytes, media_type: str) -> ParsedDocument | InvalidInput:
    try:
        return parse_text(data, name="any", media_type=media_type)
    except InvalidInput as refused:
        return refused


@given(_LINES, st.sampled_from([MARKDOWN, PLAIN]))
@settings(max_examples=300, deadline=None)
def test_offsets_are_exact_whatever_the_text(text: str, media_type: str) -> None:
    try:
        document = parsed(text, media_type)
    except InvalidInput:
        return
    exact(document)


@given(_LINES)
@settings(max_examples=200, deadline=None)
def test_plain_text_keeps_every_letter(text: str) -> None:
    try:
        document = parsed(f"Begin.\n\n{text}", PLAIN)
    except InvalidInput:
        return
    wanted = [c for c in text if c.isalnum()]
    found = [c for c in document.text if c.isalnum()]
    assert "".join(wanted) in "".join(found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
        ),
        max_leaves=30,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_json_is_read(value: object) -> None:
    ended = outcome(json.dumps(value).encode(), JSON)
    if isinstance(ended, InvalidInput):
        assert int(ended.code) in {50173, 50175, 50176}
    else:
        exact(ended)


@given(st.binary(max_size=400), st.sampled_from([MARKDOWN, PLAIN, JSON, XML]))
@settings(max_examples=400, deadline=None)
def test_any_bytes_end_in_a_document_or_a_reason(data: bytes, media_type: str) -> None:
    ended = outcome(data, media_type)
    if isinstance(ended, InvalidInput):
        assert ended.message
    else:
        exact(ended)
