"""Profile templates and the profiles of users and agents."""

from typing import Any

import pytest

from tests.support.gateway import API, Door

TREE: dict[str, Any] = {
    "Basics": {"name": {"value": ""}, "city": {"value": "Berlin", "algorithm_updatable": False}},
    "Work": {"Team": {"role": {"value": ""}}},
}


async def template(door: Door, tree: dict[str, Any] | None = None) -> str:
    data = await door.ok("/add/profile_template", {"name": "Staff", "metadata": tree or TREE})
    identifier: str = data["profile_template_id"]
    return identifier


async def bind(door: Door, identifier: str, **subject: str) -> None:
    entry = {"profile_template_id": identifier, **(subject or {"user_id": "u1"})}
    assert await door.ok("/bind/profile_template", {"bind_list": [entry]}) == {"success": True}


async def searched(door: Door, **more: Any) -> dict[str, Any]:
    asked = {"query": "x", "user_id": "u1", "include_memory_view": ["profile"], **more}
    data = await door.ok("/search/memory", asked)
    assert isinstance(data, dict)
    return data


async def test_a_template_is_kept_listed_changed_and_deleted(door: Door) -> None:
    identifier = await template(door)
    await bind(door, identifier)
    await bind(door, identifier, agent_id="a1")
    await bind(door, identifier)
    listed = await door.ok("/list/profile_template", {})
    assert (listed["total"], listed["current"], listed["size"], listed["pages"]) == (1, 1, 10, 1)
    assert listed["profile_templates"][0]["instance_count"] == 2
    asked = {"profile_template_id": identifier}
    found = (await door.ok("/get/profile_template", asked))["profile_template"]
    assert found["metadata"]["Work"]["Team"]["role"] == {"value": "", "algorithm_updatable": True}
    changed = {"Basics": {"name": {"value": "nobody"}}}
    answer = await door.ok(
        "/update/profile_template", {**asked, "name": "Crew", "metadata": changed}
    )
    assert answer["affected_instances"] == 2
    (item,) = (await searched(door))["profile_detail_list"]
    assert (item["memory"], item["profile_path"]) == ("nobody", "Basics.name")
    gone = await door.ok("/delete/profile_template", asked)
    assert gone["deleted_instances"] == 2
    assert (await door.post("/get/profile_template", asked))["code"] == 40001


async def test_values_are_edited_found_and_taken_away(door: Door) -> None:
    identifier = await template(door)
    await bind(door, identifier)
    whom = {"profile_template_id": identifier, "user_id": "u1"}
    news = {"Basics": {"name": {"value": "Lin"}}, "Pets": {"cat": {"value": "Miu"}}}
    await door.ok("/edit/profile", {**whom, "metadata": news, "remove_fields": ["Basics.city"]})
    data = await searched(door)
    values = {one["profile_path"]: one["memory"] for one in data["profile_detail_list"]}
    assert values == {"Basics.name": "Lin", "Pets.cat": "Miu"}
    assert any("edit/profile" in note for note in data["notes"])
    item = data["profile_detail_list"][0]
    assert (item["memory_type"], item["template_id"]) == ("ProfileMemory", identifier)
    await door.ok("/update/memory", {"memory_id": item["id"], "content": "Lin Wei"})
    (tree,) = (await door.ok("/get/memory", {"user_id": "u1"}))["profile_detail_list"]
    assert tree["properties"]["Basics"] == {
        "name": {"value": "Lin Wei", "algorithm_updatable": True}
    }
    assert (await searched(door, user_id="u2"))["profile_detail_list"] == []
    odd = await door.post("/edit/profile", {**whom, "remove_fields": ["Basics.city"]})
    assert odd["code"] == 40000
    await door.ok("/delete/profile", whom)
    assert (await door.post("/edit/profile", {**whom, "metadata": news}))["code"] == 40001
    lost = await door.post("/update/memory", {"memory_id": item["id"], "content": "x"})
    assert lost["code"] == 40307


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"a": "text"},
        {"a": {"b": {"c": {"d": {"value": ""}}}}},
        {"a": {"value": 5}},
        {"a": {"value": "", "algorithm_updatable": "yes"}},
        {"a.b": {"value": ""}},
        {"a": {"value": "x" * 4_001}},
        {f"f{number}": {"value": ""} for number in range(201)},
    ],
)
async def test_trees_that_are_no_templates(door: Door, tree: dict[str, Any]) -> None:
    refused = await door.post("/add/profile_template", {"name": "odd", "metadata": tree})
    assert (refused["code"], refused["data"]) == (40000, {"profile_template_id": ""})


async def test_binding_is_bounded_and_all_or_none(door: Door) -> None:
    identifier = await template(door)
    entry = {"profile_template_id": identifier, "user_id": "u1"}
    many = await door.post("/bind/profile_template", {"bind_list": [entry] * 21})
    assert many["code"] == 40000
    unknown = {**entry, "profile_template_id": "nowhere"}
    refused = await door.post("/bind/profile_template", {"bind_list": [entry, unknown]})
    assert refused["code"] == 40001
    assert (await searched(door))["profile_detail_list"] == []


async def test_views_that_nothing_fills_say_so(door: Door) -> None:
    asked = {"query": "x", "user_id": "u1", "include_memory_view": ["skill"]}
    refused = await door.post("/search/memory", asked)
    assert (refused["code"], refused["data"]) == (50002, {})
    assert "here" in refused["message"]
    asked = {"user_id": "u1", "include_memory_view": ["skill"]}
    assert (await door.post("/get/memory", asked))["code"] == 50002
    both = {"query": "x", "user_id": "u1", "include_memory_view": ["event", "detail_factual"]}
    assert (await door.ok("/search/memory", both))["notes"][0].startswith("event: ")
    flagged = {"query": "x", "user_id": "u1", "include_skill": True}
    assert (await door.ok("/search/memory", flagged))["notes"][0].startswith("skill: ")


async def test_profiles_ask_for_a_key_and_a_body(door: Door) -> None:
    for path in ("bind/profile_template", "edit/profile", "add/profile_template"):
        answer = await door.http.post(f"{API}/{path}", json={}, headers=door.headers)
        assert answer.json()["code"] in {40000, 40002}
        assert (await door.http.post(f"{API}/{path}", json={})).status_code == 401
