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


def letter(name: str, firm: str, topics: tuple[str, ...]) -> list[MemoryRecord]:
    """A letter that speaks of its firm in passages of their own."""
    texts = [f"{firm} has met its owners in room {number}." for number in range(6)]
    texts += [f"What was spent on {topic} went up against the year before." for topic in topics]
    return [
        passage(text, document=name, ordinal=place, start=place * 100, title="Letter")
        for place, text in enumerate(texts)
    ]


async def test_a_name_is_looked_for_in_all_of_a_document() -> None:
    """The passages that answer name nobody; elsewhere their documents do, or never."""
    world = World()
    await world.put(letter("one.pdf", "Okapi", ("energy", "rents")))
    # More of the words, of another firm.
    await world.put(letter("two.pdf", "Brindle", ("energy and energy", "rents", "wages")))
    answer = await world.search("Did the energy go up that was spent by Okapi?", explain=True)
    best = next(item for item in answer.memories if "energy" in item.record.value)
    assert best.record.anchor is not None
    assert best.record.anchor.document_name == "one.pdf"
    other = [i for i in answer.memories if i.record.anchor and "two" in i.record.anchor.document_id]
    assert all(item.scores["named"] < 1 for item in other)


async def test_a_question_about_many_reports_draws_on_all(world: World) -> None:
    for query in (
        "How did the wages of Okapi change over the reported years?",
        "Okapi 历年报告里 Report 的变化趋势",
    ):
        answer = await world.search(query, memory_limit=4)
        names = {i.record.anchor.document_name for i in answer.memories if i.record.anchor}
        assert len([name for name in names if "OKA" in name]) == 3
