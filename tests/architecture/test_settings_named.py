"""A setting that a text, a message or a file names is one that there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.client.settings import ClientProcess
from services.embedded import EmbeddedSettings
from services.gateway.app import GatewayProcess
from services.kernel.adapters.process import ProcessSettings
from services.kernel.runtime.settings import describe
from tests.support.shared import ROOT

NAME = re.compile(r"MEMLOOM_[A-Z0-9]+(?:_+[A-Z0-9]+)*(?!\w)")
# Not of the product: the image of compose.yaml, the developers' stack, the tests.
OTHERS = re.compile(r"MEMLOOM_(?:STACK|TEST|IMAGE|SERVICE_TOKEN)(?:_|$)")


def texts() -> Iterator[Path]:
    yield from (ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "compose.yaml")
    for folder in ("docs", "deploy", "services"):
        for suffix in ("*.py", "*.md", "*.yaml"):
            yield from (ROOT / folder).rglob(suffix)


@pytest.fixture(scope="module")
def known() -> set[str]:
    every = (EmbeddedSettings, GatewayProcess, ProcessSettings, ClientProcess)
    return {setting.name for settings in every for setting in describe(settings)}


def test_every_name_is_a_setting(known: set[str]) -> None:
    # `MEMLOOM_KAFKA` alone names the section.
    sections = {name.partition("__")[0] for name in known}
    named: set[str] = set()
    for path in texts():
        found = {name for name in NAME.findall(path.read_text("utf-8")) if not OTHERS.match(name)}
        assert found <= known | sections, (path, found - known - sections)
        named |= found
    assert len(named) > 30
