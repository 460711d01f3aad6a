"""Which processes the faults of the stack may kill, with a Qdrant server and without."""

import pytest

from tests.support.services import INDEX, StackMemloom, service_names


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:6333"])
def test_every_name_is_a_process(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("MEMLOOM_TEST_QDRANT_URL", url)
    memloom = StackMemloom(tmp_path_factory.mktemp("data"))
    assert set(service_names()) == set(memloom.services)
    assert (INDEX in service_names()) == (url == "")
