"""Periods and versions in the names of documents and in questions."""

import pytest

from services.retriever.domain.whole import periods


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2023_Q3_report", {"year": {(2023,)}, "quarter": {(3,)}}),
        ("the third quarter of 2023", {"year": {(2023,)}, "quarter": {(3,)}}),
        ("2023年第三季度财报", {"year": {(2023,)}, "quarter": {(3,)}}),
        ("二季度和3季度", {"quarter": {(2,), (3,)}}),
        ("2022年上半年", {"year": {(2022,)}, "half": {(1,)}}),
        ("minutes of the second half", {"half": {(2,)}}),
        ("minutes-march-2024", {"year": {(2024,)}, "month": {(3,)}}),
        ("5月的例会", {"month": {(5,)}}),
        ("May 2024", {"year": {(2024,)}, "month": {(5,)}}),
        ("May I take leave?", {}),
        ("handbook v2.10", {"version": {(2, 10)}}),
        ("手册第3版", {"version": {(3,)}}),
        ("order 20230715, 12023 pieces", {}),
    ],
)
def test_periods(text: str, found: dict[str, set[tuple[int, ...]]]) -> None:
    assert periods(text) == found
