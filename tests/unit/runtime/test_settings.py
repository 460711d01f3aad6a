"""A wrong value is refused with a sentence that says how to mend it."""

import pytest
from pydantic import BaseModel, Field, SecretStr

from services.kernel.contracts.errors import InvalidInput
from services.kernel.runtime.settings import RuntimeSettings, Settings, describe, load


class Section(BaseModel):
    workers: int = Field(default=4, ge=1, description="How many at once.")
    token: SecretStr = Field(default=SecretStr("hush"), min_length=9, description="A secret.")


class Root(Settings):
    section: Section = Field(default_factory=Section)
    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)
    name: str = Field(description="What it is called.")


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMLOOM_NAME", "n")
    monkeypatch.setenv("MEMLOOM_SECTION__WORKERS", "7")
    root = load(Root)
    assert (root.name, root.section.workers, root.runtime.grpc_port) == ("n", 7, 0)


def test_what_is_wrong_is_said_with_name_value_and_meaning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEMLOOM_SECTION__WORKERS", "0")
    with pytest.raises(InvalidInput) as caught:
        load(Root)
    lines = caught.value.message.splitlines()
    assert len(lines) == 2
    assert lines[0] == (
        "MEMLOOM_SECTION__WORKERS is wrong: input should be greater than or equal to 1"
        " (it is '0'). How many at once. Default: 4."
    )
    assert lines[1] == "MEMLOOM_NAME is wrong: field required. What it is called."


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMLOOM_NAME", "n")
    monkeypatch.setenv("MEMLOOM_SECTION__TOKEN", "sesame")
    with pytest.raises(InvalidInput) as caught:
        load(Root)
    assert "MEMLOOM_SECTION__TOKEN" in caught.value.message
    assert "sesame" not in caught.value.message
    assert "hush" not in str(describe(Root))


def test_every_setting_is_described() -> None:
    settings = {setting.name: setting for setting in describe(Root)}
    workers = settings["MEMLOOM_SECTION__WORKERS"]
    assert (workers.type, workers.default, workers.description) == ("int", "4", "How many at once.")
    assert settings["MEMLOOM_NAME"].default == "(required)"
    assert settings["MEMLOOM_SECTION__TOKEN"].secret
    assert all(setting.description for setting in describe(RuntimeSettings))
