"""Memories of messages that are not stored, through the whole product."""

from pathlib import Path

import httpx
import pytest

from tests.support.embedded import Memloom

pytestmark = pytest.mark.slow


def test_memories_are_extracted_and_nothing_is_stored(tmp_path: Path) -> None:
    with Memloom(tmp_path / "data") as memloom:

        def ask(**body: object) -> dict[str, object]:
            answer = httpx.post(
                f"{memloom.url}/api/openmem/v1/extract/memory",
                json=body,
                headers={"authorization": f"Token {memloom.key}"},
                timeout=30,
            ).json()
            assert isinstance(answer, dict)
            return answer

        messages = [
            {"role": "user", "content": "I live in Oslo. I love window seats."},
            {"role": "assistant", "content": "Noted."},
            {"role": "user", "content": "哈哈，我刚搬到杭州了。"},
        ]
        data = ask(messages=messages)["data"]
        assert isinstance(data, dict)
        assert data["success"] is True
        assert [one["memory_value"] for one in data["memory_detail_list"]] == ["用户刚搬到杭州了。"]
        (wish,) = data["preference_detail_list"]
        assert "window seats" in wish["preference"]
        assert wish["preference_type"] == "explicit_preference"
        only = ask(messages=messages, extraction_types=["memory"])["data"]
        assert isinstance(only, dict)
        assert only["preference_detail_list"] == []
        assert ask(messages=[{"role": "user", "content": "我住在杭州。" * 3000}])["code"] == 40013
        assert ask(messages=[])["code"] == 40003
