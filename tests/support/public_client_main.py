"""Runs in an environment of its own, which holds the public Python client of the API we speak:
one call of each kind, one JSON line each.

    python public_client_main.py <url> <key> <folder>
"""

import base64
import json
import logging
import sys
import time
import types
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests


def client(url: str, key: str) -> Any:
    """The public client without the engine that its package would import beside it."""
    # Asking for the package itself would run it.
    (root,) = (Path(folder) / "memos" for folder in sys.path if (Path(folder) / "memos").is_dir())
    for name in ("memos", "memos.api"):
        package = types.ModuleType(name)
        package.__path__ = [str(root / name.partition(".")[2])]
        sys.modules[name] = package
    log = types.ModuleType("memos.log")
    log.get_logger = logging.getLogger  # type: ignore[attr-defined] # a made module
    sys.modules["memos.log"] = log
    if find_spec("transformers") is None:
        heavy = types.ModuleType("transformers")
        heavy.DynamicCache = type("DynamicCache", (), {})  # type: ignore[attr-defined] # a made module
        sys.modules["transformers"] = heavy
    from memos.api.client import (  # type: ignore[import-not-found] # noqa: PLC0415 - only in that environment
        MemOSClient,
    )

    return MemOSClient(api_key=key, base_url=url)


def say(name: str, answer: Any) -> Any:
    """One line: what was called, and what the client made of the answer."""
    shown = answer if isinstance(answer, dict | list) else answer.model_dump(mode="json")
    print(json.dumps({"call": name, "answer": shown}, ensure_ascii=False), flush=True)  # noqa: T201 - its answer to the test
    return answer


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll as a user of the client does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.2)


def main(url: str, key: str, folder: Path) -> None:
    """The story of a knowledge base, a user and a correction."""
    one = client(url, key)
    base = say("create_knowledgebase", one.create_knowledgebase("Policies")).knowledgebase_id
    rules = base64.b64encode("# 采购\n\n办公类软件的采购上限是800元。\n".encode()).decode()
    files = [{"content": rules, "name": "rules.md"}]
    added = say("add_knowledgebase_file_json", one.add_knowledgebase_file_json(base, files))
    path = folder / "dogs.md"
    path.write_text("# Dogs\n\nDogs may enter on Fridays.\n", encoding="utf-8")
    form = say("add_knowledgebase_file_form", one.add_knowledgebase_file_form(base, [str(path)]))
    ids = [file["id"] for file in (*added.data, *form.data)]
    until(
        lambda: all(
            file.status == "COMPLETED" for file in one.get_knowledgebase_file(file_ids=ids).files
        )
    )
    say("get_knowledgebase_file", one.get_knowledgebase_file(knowledgebase_id=base, page=1))
    talk = [
        {"role": "user", "content": "我是创意平台部门的设计师，我喜欢简短的回答。"},
        {"role": "assistant", "content": "好的。"},
    ]
    told = say("add_message", one.add_message(talk, user_id="u1", conversation_id="c1"))
    until(lambda: one.get_task_status(told.task_id).data.status == "completed")
    say("get_task_status", one.get_task_status(told.task_id))
    question = "帮我查一下软件采购上限。"
    found = one.search_memory(question, user_id="u1", knowledgebase_ids=[base])
    say("search_memory", found)
    memory = say("get_memory", one.get_memory(user_id="u1")).memories[0].id
    say("get_memory_by_id", one.get_memory_by_id(memory))
    say("get_message", one.get_message("u1", "c1"))
    say("update_memory", one.update_memory(memory, content="用户是平台部门的设计师。"))
    words = "办公类软件的采购上限是600元，而不是800元。"
    given = one.add_feedback("u1", "c1", words, allow_knowledgebase_ids=[base])
    say("add_feedback", given)
    until(lambda: one.get_task_status(given.task_id).data.status == "completed")
    found = one.search_memory(question, user_id="u2", knowledgebase_ids=[base])
    say("search_memory corrected", found)
    say("search_memory refused", one.search_memory("x", user_id="u2", knowledgebase_ids=["none"]))
    say("chat", one.chat("u1", "c1", "hello"))
    _further(one, url, key, folder)
    say("delete_memory", one.delete_memory(memory_ids=[memory]))
    say("delete_memory user", one.delete_memory(user_id="u1"))
    say("delete_knowledgebase_file", one.delete_knowledgebase_file(ids))
    say("delete_knowledgebase", one.delete_knowledgebase(base))


def _further(one: Any, url: str, key: str, folder: Path) -> None:
    """The methods beside the story: extraction, ranking, skills, profiles, a chat as a stream."""
    talk = [{"role": "user", "content": "I live in Cork and I prefer tea."}]
    say("extract_memory", one.extract_memory(talk, extraction_types=["memory", "preference"]))
    say("rerank", one.rerank("tea", ["green tea", "red wine"], top_n=1))
    skill = folder / "brew.md"
    skill.write_text(
        "---\nname: brew\ndescription: How to brew tea.\n---\n# Steps\n\nBoil water.\n"
    )
    base = one.create_knowledgebase("Skills").knowledgebase_id
    made = say("skill", one.add_knowledgebase_file_form(base, [str(skill)], type="skill"))
    until(
        lambda: all(
            file.status == "COMPLETED"
            for file in one.get_knowledgebase_file(file_ids=[made.data[0]["id"]]).files
        )
    )
    tree: dict[str, Any] = {"Taste": {"drink": {"value": "tea", "algorithm_updatable": True}}}
    answer = requests.post(
        f"{url}/add/profile_template",
        json={"name": "Guests", "metadata": tree},
        headers={"Authorization": f"Token {key}"},
        timeout=30,
    ).json()
    template = answer["data"]["profile_template_id"]
    bind = [{"user_id": "u1", "profile_template_id": template}]
    say("bind_profile_template", one.bind_profile_template(bind))
    say("edit_profile", one.edit_profile(template, user_id="u1", metadata=tree))
    say("delete_profile", one.delete_profile(template, user_id="u1"))
    pieces = list(one.chat("u1", "c1", "hello", stream=True))
    say("chat stream", {"code": 0, "pieces": [json.loads(piece) for piece in pieces]})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
