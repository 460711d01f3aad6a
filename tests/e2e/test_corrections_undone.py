"""Dry run, apply, undo and redo over real HTTP: equal records, equal index, equal answers."""

from collections.abc import Iterator

import pytest

from tests.e2e.test_corrections import (
    QUERY,
    RULES,
    WORDS,
    add,
    found,
    log,
    request,
    say,
    shown,
)
from tests.support.embedded import Memloom
from tests.support.exporting import export


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("undone") / "data") as running:
        yield running


def switch(memloom: Memloom, kb: str, correction: str, how: str) -> None:
    request(memloom, "POST", f"/knowledge-bases/{kb}/corrections/{correction}/{how}")


def answers(memloom: Memloom, kb: str) -> list[list[tuple[str, float, tuple[str, ...]]]]:
    """What readers get: texts, scores and marks."""
    return [
        [
            (item["memory_value"], item["relativity"], tuple(item.get("corrected_by", [])))
            for item in found(memloom, kb, query)
        ]
        for query in (QUERY, "笔记本能领几本？", "离职要还什么")
    ]


def test_a_dry_run_an_undo_and_a_redo_leave_no_trace(memloom: Memloom) -> None:
    kb = memloom.create_kb("规定")
    add(memloom, kb, RULES)
    plain, before = export(memloom, kb), answers(memloom, kb)
    assert len(plain.index) >= 2
    assert set(plain.index) <= set(plain.records)
    dry = {"content": WORDS, "dry_run": True}
    shows = request(memloom, "POST", f"/knowledge-bases/{kb}/corrections", json=dry)
    assert [decision["new"] for decision in shows["decisions"]] == ["八支"]
    assert export(memloom, kb) == plain
    assert log(memloom, kb) == []

    correction = say(memloom, kb, WORDS)
    applied, after = export(memloom, kb), answers(memloom, kb)
    assert set(applied.index) - set(plain.index) == {correction}
    assert applied.without(correction) == plain
    (entry,) = log(memloom, kb)
    for name in ("kind", "text", "old", "new", "before", "after", "anchors"):
        assert entry[name] == shows["decisions"][0][name]

    switch(memloom, kb, correction, "undo")
    undone = export(memloom, kb)
    assert undone.index == plain.index
    assert undone.without(correction) == plain
    assert answers(memloom, kb) == before
    switch(memloom, kb, correction, "redo")
    assert export(memloom, kb) == applied
    assert answers(memloom, kb) == after
    switch(memloom, kb, correction, "redo")
    assert export(memloom, kb) == applied


def test_undo_and_redo_in_the_middle_of_a_chain(memloom: Memloom) -> None:
    kb = memloom.create_kb("规定")
    add(memloom, kb, RULES)
    first = say(memloom, kb, WORDS)
    second = say(memloom, kb, "签字笔的上限不是八支，是九支。", "deputy")
    third = say(memloom, kb, "签字笔的上限改成十支了。")
    whole, after = export(memloom, kb), answers(memloom, kb)
    assert {entry["id"]: entry["state"] for entry in log(memloom, kb)} == {
        first: "superseded",
        second: "superseded",
        third: "active",
    }
    assert {entry["id"]: entry["user_id"] for entry in log(memloom, kb)}[second] == "deputy"
    assert "十支" in found(memloom, kb)[0]["memory_value"]

    switch(memloom, kb, second, "undo")
    assert answers(memloom, kb) == after
    switch(memloom, kb, third, "undo")
    assert shown(found(memloom, kb), first) == ["correction", "old marked"]
    switch(memloom, kb, second, "redo")
    assert "九支" in found(memloom, kb)[0]["memory_value"]
    switch(memloom, kb, third, "redo")
    assert export(memloom, kb) == whole
    assert answers(memloom, kb) == after


def test_the_same_words_twice_are_one_correction_and_new_ones_after_an_undo(
    memloom: Memloom,
) -> None:
    kb = memloom.create_kb("规定")
    add(memloom, kb, RULES)
    correction = say(memloom, kb, WORDS)
    once = export(memloom, kb)
    for user in ("boss", "deputy"):
        memloom.wait_for_task(memloom.feedback(user, WORDS, [kb]))
    assert [entry["id"] for entry in log(memloom, kb)] == [correction]
    assert export(memloom, kb) == once
    switch(memloom, kb, correction, "undo")
    again = say(memloom, kb, WORDS)
    assert again != correction
    assert shown(found(memloom, kb), again) == ["correction", "old marked"]
