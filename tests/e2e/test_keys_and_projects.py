"""Keys, and the walls between projects, as an operator and a client see them."""

import re
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from memloom.v1 import memloom_pb2 as pb
from memloom.v1 import memloom_pb2_grpc

from services.kernel.runtime.grpc_server import CODE_TRAILER
from tests.support.embedded import Memloom
from tests.support.operating import command, encoded, file_of, told, upload

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def memloom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memloom]:
    with Memloom(tmp_path_factory.mktemp("operations") / "data") as running:
        yield running


def test_keys_are_made_listed_and_revoked_while_the_server_runs(memloom: Memloom) -> None:
    key = told(memloom, "keys", "create", "--project", "shop", "--name", "till", "--plan", "pro")
    assert re.fullmatch(r"mpg-\S{20,}", key)
    asked = {"user_id": "u", "query": "anything"}
    assert memloom.call("/search/memory", asked, key=key)["code"] == 0

    listed = told(memloom, "keys", "list")
    (line,) = [line for line in listed.splitlines() if "till" in line]
    assert key not in listed
    assert memloom.key not in listed
    assert "shop" in line
    assert "active" in line
    assert "shop  pro" in told(memloom, "plans", "list")

    identifier = line.split()[0]
    last = command("keys", "revoke", identifier, "--data", str(memloom.data))
    assert last.returncode == 2
    assert "last active admin key" in last.stderr
    told(memloom, "keys", "revoke", identifier, "--force")
    assert memloom.call("/search/memory", asked, key=key)["code"] == 40132
    assert f"{identifier}  shop" in told(memloom, "keys", "list")
    again = command("keys", "revoke", identifier, "--data", str(memloom.data))
    assert again.returncode == 2
    assert again.stderr.strip() == f"there is no active key '{identifier}'"


def test_a_key_opens_its_own_project_only_over_rest_and_grpc(memloom: Memloom) -> None:
    kb = memloom.create_kb("ours")
    file = upload(memloom, kb, "parking.md")
    memloom.wait_for_files([file])
    task = memloom.add_messages("anna", [{"role": "user", "content": "I drive a red car."}])
    assert memloom.wait_for_task(task)["status"] == "completed"
    ours = memloom.search("anna", "parking red car", [kb])["memory_detail_list"]
    assert any("red car" in item["memory_value"] for item in ours)
    memory = ours[0]["id"]

    key = told(memloom, "keys", "create", "--project", "strangers")
    stranger = Memloom(memloom.data, key=key, port=memloom.port, grpc_port=memloom.grpc_port)
    for path, body, code in (
        ("/search/memory", {"user_id": "anna", "query": "x", "knowledgebase_ids": [kb]}, 50120),
        ("/get/knowledgebase-file", {"knowledgebase_id": kb}, 50120),
        ("/get/knowledgebase-file", {"file_ids": [file]}, 40001),
        ("/delete/knowledgebase-file", {"file_ids": [file]}, 40001),
        ("/delete/knowledgebase", {"knowledgebase_id": kb, "delete_all": True}, 50120),
        ("/delete/memory", {"memory_ids": [memory]}, 40307),
        ("/update/memory", {"memory_id": memory, "content": "mine"}, 40307),
        (
            "/add/knowledgebase-file",
            {"knowledgebase_id": kb, "file": [{"name": "a.md", "content": encoded("# a")}]},
            50120,
        ),
    ):
        assert stranger.call(path, body)["code"] == code, path
    assert stranger.search("anna", "parking red car", ["all"])["memory_detail_list"] == []
    headers = {"authorization": f"Token {key}"}
    looked = httpx.get(f"{memloom.url}/api/openmem/v1/get/memory/{memory}", headers=headers)
    assert looked.json()["code"] != 0
    assert "red car" not in looked.text
    _walled_over_grpc(memloom, key, kb, file, memory)
    # Nothing of it went through.
    assert file_of(memloom, file)["status"] == "COMPLETED"
    assert memory in {
        item["id"] for item in memloom.search("anna", "parking red car", [kb])["memory_detail_list"]
    }


def _walled_over_grpc(memloom: Memloom, key: str, kb: str, file: str, memory: str) -> None:
    metadata = (("authorization", f"Token {key}"),)
    with grpc.insecure_channel(f"127.0.0.1:{memloom.grpc_port}") as channel:
        api = memloom_pb2_grpc.MemloomStub(channel)
        for method, request, code in (
            (
                api.SearchMemory,
                pb.SearchMemoryRequest(user_id="anna", query="x", knowledgebase_ids=[kb]),
                50120,
            ),
            (api.GetKnowledgebaseFile, pb.GetKnowledgebaseFileRequest(file_ids=[file]), 40001),
            (
                api.DeleteKnowledgebaseFile,
                pb.DeleteKnowledgebaseFileRequest(file_ids=[file]),
                40001,
            ),
            (api.DeleteMemory, pb.DeleteMemoryRequest(memory_ids=[memory]), 40307),
        ):
            with pytest.raises(grpc.RpcError) as caught:
                method(request, metadata=metadata, timeout=30)
            failed: Any = caught.value
            assert dict(failed.trailing_metadata())[CODE_TRAILER] == str(code)
        found = api.SearchMemory(
            pb.SearchMemoryRequest(user_id="anna", query="red car", knowledgebase_ids=["all"]),
            metadata=metadata,
            timeout=30,
        )
        assert len(found.memory_detail_list) == 0
        with pytest.raises(grpc.RpcError) as refused:
            api.SearchMemory(
                pb.SearchMemoryRequest(user_id="anna", query="x"),
                metadata=(("authorization", "Token mpg-nobody-has-this-key"),),
                timeout=30,
            )
        assert "UNAUTHENTICATED" in str(refused.value)
