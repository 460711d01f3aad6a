"""A document is asked for as a whole: by whom it is about, its period, its version."""

import pytest

from services.kernel.contracts.records import MemoryRecord
from tests.support.searching import World, passage

TOPICS = ("rents", "wages", "energy", "insurance", "repairs", "travel", "training", "taxes", "food",
          "software")  # fmt: skip


def report(name: str, firm: str) -> list[MemoryRecord]:
    """A report that names its firm at its beginning only."""
    texts = [f"Report of {firm}."]
    texts += [f"What we spent on {topic} went up against the year before." for topic in TOPICS]
    return [
        passage(text, document=name, ordinal=place, start=place * 100, title="Annual report")
        for place, text in enumerate(texts)
    ]


@pytest.fixture
async def world() -> World:
    world = World()
    for year in (2021, 2022, 2023):
        for firm in ("Brindle", "Okapi"):
            await world.put(report(f"{year}_{firm[:3].upper()}.pdf", firm))
    return world


@pytest.mark.parametrize("firm", ["Brindle", "Okapi"])
@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("in 2022", 2022),
        ("in 2021", 2021),
        ("according to the latest report", 2023),
        ("in 2023年", 2023),
    ],
)
async def test_a_long_document_is_found_by_firm_and_period(
    world: World, firm: str, words: str, year: int
) -> None:
    answer = await world.search(f"How much has {firm} spent on energy {words}, and did it go up?")
    first = answer.memories[0].record
    assert first.anchor is not None
    assert first.anchor.document_name == f"{year}_{firm[:3].upper()}.pdf"
    best = next(i.record for i in answer.memories if "energy" in i.record.value)
    assert best.anchor is not None
    assert best.anchor.document_name == first.anchor.document_name


async def test_the_newest_version_is_the_latest_one() -> None:
    world = World()
    names = ("考勤制度v9.md", "考勤制度v10.md", "考勤制度v2.md")
    await world.put(
        [passage("迟到三次扣半天工资。", document=name, title="考勤制度") for name in names]
    )
    answer = await world.search("最新的考勤制度里迟到怎么扣？")
    anchor = answer.memories[0].record.anchor
    assert anchor is not None
    assert anchor.document_name == "考勤制度v10.md"
