"""What was stated with its time in words, as events through the whole product over REST."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.support.embedded import Memloom

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("events") / "data") as running:
        said = ["I visited the Prado museum yesterday.", "I keep two grey cats."]
        task = running.add_messages("ann", [{"role": "user", "content": one} for one in said])
        assert running.wait_for_task(task)["status"] == "completed"
        yield running


def values(items: list[dict[str, Any]], name: str) -> str:
    return " | ".join(item[name] for item in items)


def test_a_search_shows_events_apart_where_they_are_asked_for(memloom: Memloom) -> None:
    facts = memloom.search("ann", "Prado museum and cats", [])
    assert facts["event_detail_list"] == []
    assert "Prado museum" in values(facts["memory_detail_list"], "memory_value")
    alone = memloom.search("ann", "Prado museum and cats", [], include_memory_view=["event"])
    (event,) = alone["event_detail_list"]
    assert "Prado museum" in event["event_value"]
    assert event["event_type"] == "EventMemory"
    assert len(event["event_time"]) == 1
    date.fromisoformat(event["event_time"][0])
    assert (event["event_location"], event["event_roles"]) == ([], [])
    assert alone["memory_detail_list"] == []
    assert alone["notes"][0].startswith("event: ")
    views = ["event", "detail_factual"]
    both = memloom.search("ann", "Prado museum and cats", [], include_memory_view=views)
    assert [item["id"] for item in both["event_detail_list"]] == [event["id"]]
    assert event["id"] not in [item["id"] for item in both["memory_detail_list"]]
    assert "cats" in values(both["memory_detail_list"], "memory_value")
    others = memloom.search("bob", "Prado museum", [], include_memory_view=["event"])
    assert others["event_detail_list"] == []


def test_a_page_shows_events_apart_where_they_are_asked_for(memloom: Memloom) -> None:
    def page(**more: Any) -> dict[str, Any]:
        found = memloom.data_of("/get/memory", {"user_id": "ann", **more})
        assert isinstance(found, dict)
        return found

    assert "Prado museum" in values(page()["memory_detail_list"], "memory_value")
    assert page()["event_detail_list"] == []
    alone = page(include_memory_view=["event"])
    (event,) = alone["event_detail_list"]
    assert (alone["total"], alone["memory_detail_list"]) == (1, [])
    assert "Prado museum" in event["event_value"]
    both = page(include_memory_view=["event", "detail_factual"])
    assert [item["id"] for item in both["event_detail_list"]] == [event["id"]]
    assert event["id"] not in [item["id"] for item in both["memory_detail_list"]]
    either = {"or": [{"app_id": "a"}, {"app_id": "b"}]}
    asked = {"user_id": "ann", "include_memory_view": ["event"], "filter": either}
    assert memloom.call("/get/memory", asked)["code"] == 40000
