"""Laws of segmentation, for any document."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.kernel.contracts.blocks import BlockKind, ParsedDocument, Passage
from services.memorizer.domain.segmentation import count_tokens, segment
from tests.support.parsed import documents

BUDGETS = st.tuples(st.integers(20, 300), st.integers(0, 40)).map(
    lambda pair: {
        "target_tokens": pair[0],
        "max_tokens": pair[0] * 2,
        "overlap_tokens": min(pair[1], pair[0] // 4),
    }
)


def cut(
    document: ParsedDocument, budget: dict[str, int], *, tiny_tokens: int = 10
) -> list[Passage]:
    return segment(
        document,
        document_name="made.md",
        target_tokens=budget["target_tokens"],
        max_tokens=budget["max_tokens"],
        overlap_tokens=budget["overlap_tokens"],
        tiny_tokens=tiny_tokens,
    )


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(documents(), BUDGETS)
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_offsets_are_exact(
    document: ParsedDocument, budget: dict[str, int]
) -> None:
    passages = cut(document, budget)
    covered: set[int] = set()
    for ordinal, passage in enumerate(passages):
        assert passage.ordinal == ordinal
        assert passage.text.endswith(document.text[passage.start : passage.end])
        covered.update(range(passage.start, passage.end))
    paths = {entry for passage in passages for entry in (*passage.heading_path, passage.title)}
    for block in document.blocks:
        lost = [at for at in range(block.start, block.end) if at not in covered]
        if block.kind is BlockKind.HEADING and lost:
            assert block.text in paths
        else:
            assert not squeezed("".join(document.text[at] for at in lost))


@given(documents(), BUDGETS)
@settings(max_examples=100, deadline=None)
def test_passages_come_in_order_and_stay_in_their_section(
    document: ParsedDocument, budget: dict[str, int]
) -> None:
    passages = cut(document, budget, tiny_tokens=0)
    starts = [passage.start for passage in passages]
    assert starts == sorted(starts)
    for passage in passages:
        inside = [
            block
            for block in document.blocks
            if block.start < passage.end
            and block.end > passage.start
            and block.kind is not BlockKind.HEADING
        ]
        assert all(block.heading_path == passage.heading_path for block in inside)


@given(documents(), BUDGETS)
@settings(max_examples=100, deadline=None)
def test_no_passage_is_much_larger_than_its_budget(
    document: ParsedDocument, budget: dict[str, int]
) -> None:
    codes = sum(count_tokens(b.text) for b in document.blocks if b.kind is BlockKind.CODE)
    headings = sum(count_tokens(b.text) for b in document.blocks if b.kind is BlockKind.HEADING)
    for passage in cut(document, budget):
        room = budget["max_tokens"] + 2 * budget["overlap_tokens"] + headings + codes + 2 * 60
        assert count_tokens(passage.text) <= room + budget["target_tokens"]


@given(documents(), BUDGETS)
@settings(max_examples=100, deadline=None)
def test_every_row_is_with_its_header(document: ParsedDocument, budget: dict[str, int]) -> None:
    for passage in cut(document, budget):
        rows = [
            block
            for block in document.blocks
            if block.kind is BlockKind.TABLE_ROW
            and block.header
            and passage.start <= block.start
            and block.end <= passage.end
        ]
        assert all(name in passage.text for row in rows for name in row.header)
