"""`memloom keys`, `plans` and `projects` on the data of a gateway that serves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.kernel.contracts.errors import MemloomError
from tests.support.gateway import Door, opened_door


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("MEMLOOM_POSTGRES__URL", "MEMLOOM_GATEWAY__PLANS_FILE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


async def ran(folder: Path, *arguments: str) -> Result:
    """The command to its end, in a thread with a loop of its own."""
    whole = [*arguments, "--data", str(folder)]
    return await asyncio.to_thread(CliRunner().invoke, app, whole)


def refusal(result: Result) -> str:
    """What `main` would print of our own error."""
    assert isinstance(result.exception, MemloomError), result.output
    return result.exception.message


async def told(folder: Path, *arguments: str) -> str:
    result = await ran(folder, *arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout.strip()


@pytest.fixture
async def door(tmp_path: Path, clean: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    del clean
    async with opened_door(tmp_path) as opened:
        yield opened


async def works(door: Door, key: str) -> bool:
    # As a second later: another process is heard that late.
    door.gateway.access.forget()
    return (await door.as_key(key).get("/api/v1/plan")).status_code == 200


async def test_keys_are_made_rotated_renamed_and_revoked(door: Door, tmp_path: Path) -> None:
    key = await told(tmp_path, "keys", "create", "--role", "read", "--name", "screen")
    assert await works(door, key)
    listed = await told(tmp_path, "keys", "list", "--project", "default")
    (line,) = [line for line in listed.splitlines() if "screen" in line]
    assert key not in listed
    assert "  active  read  used never  screen" in line
    assert any("  operator  " in other for other in listed.splitlines())
    identifier = line.split()[0]
    await told(tmp_path, "keys", "rename", identifier, "window")
    rotated = await told(tmp_path, "keys", "rotate", identifier, "--overlap-hours", "0")
    assert not await works(door, key)
    assert await works(door, rotated)
    await door.gateway.access.flush_use()
    listed = await told(tmp_path, "keys", "list")
    (line,) = [line for line in listed.splitlines() if "window" in line]
    assert "used never" not in line
    await told(tmp_path, "keys", "revoke", identifier)
    assert not await works(door, rotated)
    again = await ran(tmp_path, "keys", "revoke", identifier)
    assert refusal(again) == f"there is no active key '{identifier}'"


async def test_the_last_admin_key_is_revoked_by_force_only(door: Door, tmp_path: Path) -> None:
    made = await ran(tmp_path, "keys", "create", "--project", "shop")
    assert "the project 'shop' was made, on the plan free" in made.stderr
    key = made.stdout.strip()
    listed = await told(tmp_path, "keys", "list", "--project", "shop")
    identifier = listed.split()[0]
    assert "--force" in refusal(await ran(tmp_path, "keys", "revoke", identifier))
    assert await works(door, key)
    await told(tmp_path, "keys", "revoke", identifier, "--force")
    assert not await works(door, key)


async def test_a_key_may_expire_and_an_operators_is_asked_for(door: Door, tmp_path: Path) -> None:
    key = await told(tmp_path, "keys", "create", "--operator", "--expires-in-days", "1")
    answer = await door.as_key(key).get("/api/v1/projects")
    assert answer.status_code == 200
    (entry,) = [
        entry
        for entry in (await door.get("/api/v1/keys")).json()["keys"]
        if entry["expires_at"] is not None
    ]
    assert entry["operator"] is True
    assert entry["expires_at"] - entry["create_time"] < 86_400_000 + 60_000
    wrong = await ran(tmp_path, "keys", "create", "--operator", "--role", "read")
    assert "leave --role out" in refusal(wrong)
    never = await ran(tmp_path, "keys", "create", "--expires-in-days", "0")
    assert "between 0 and" in refusal(never)


async def test_a_plan_for_a_project_that_is_there_changes_nothing(
    door: Door, tmp_path: Path
) -> None:
    await told(tmp_path, "projects", "create", "shop", "--plan", "starter")
    before = len(await door.gateway.access.list_keys())
    refused = await ran(tmp_path, "keys", "create", "--project", "shop", "--plan", "pro")
    assert "memloom plans set shop pro" in refusal(refused)
    assert len(await door.gateway.access.list_keys()) == before
    await told(tmp_path, "keys", "create", "--project", "shop", "--plan", "starter")
    await told(tmp_path, "plans", "set", "shop", "pro")
    assert "shop  pro" in await told(tmp_path, "plans", "list")
    assert "free  10 bases  1 GB each" in await told(tmp_path, "plans", "show")
    assert "there is no plan 'gold'" in refusal(await ran(tmp_path, "plans", "set", "shop", "gold"))


async def test_projects_are_made_listed_and_renamed(door: Door, tmp_path: Path) -> None:
    made = await told(tmp_path, "projects", "create", "store", "--plan", "starter")
    identifier = made.split()[0]
    await told(tmp_path, "projects", "rename", "store", "depot")
    lines = (await told(tmp_path, "projects", "list")).splitlines()
    assert f"{identifier}  depot  starter" in lines
    assert "already" in refusal(await ran(tmp_path, "projects", "create", "depot"))
    assert "already" in refusal(await ran(tmp_path, "projects", "rename", "depot", "default"))
    assert "no project" in refusal(await ran(tmp_path, "projects", "rename", "none", "x"))
    shown = (await door.get("/api/v1/projects")).json()["projects"]
    assert {"default", "depot"} == {project["name"] for project in shown}


async def test_a_folder_that_no_server_uses_is_not_made_by_accident(
    tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    del clean
    folder = tmp_path / "dtaa"
    for arguments in (
        ("keys", "list"),
        ("keys", "create"),
        ("plans", "list"),
        ("projects", "list"),
        ("projects", "create", "x"),
    ):
        refused = refusal(await ran(folder, *arguments))
        assert "no Memloom has used the data folder" in refused
        assert "--data" in refused
        assert not folder.exists()
    key = await told(folder, "keys", "create", "--create")
    assert key.startswith("mpg-")
    assert "active" in await told(folder, "keys", "list")


async def test_commands_know_the_plans_of_the_file(
    door: Door, tmp_path: Path, clean: pytest.MonkeyPatch
) -> None:
    del door
    file = tmp_path / "plans.yaml"
    file.write_text("plans: {tiny: {knowledge_bases: 2, bytes_each: 1 MB}}", encoding="utf-8")
    clean.setenv("MEMLOOM_GATEWAY__PLANS_FILE", str(file))
    assert (await told(tmp_path, "plans", "show")) == "tiny  2 bases  1 MB each  -"
    assert "default is on tiny" in await told(tmp_path, "plans", "set", "default", "tiny")
