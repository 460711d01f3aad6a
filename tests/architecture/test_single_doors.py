"""Things that may be built or named in one place only."""

import ast
from collections.abc import Iterator

from services.kernel.contracts.topics import CATALOGUE
from tests.support.shared import ROOT

SERVICES = ROOT / "services"


def modules(*, but: set[str]) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SERVICES.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("services/kernel/pb/") or name in but:
            continue
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def called(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            yield (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )


def strings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_only_scope_builds_an_index_filter() -> None:
    guilty = [
        name
        for name, tree in modules(but={"services/kernel/contracts/scope.py"})
        if {"IndexFilter", "Condition"} & set(called(tree))
    ]
    assert guilty == [], "an index filter is built by Scope alone: ask it for the one you need"


def test_a_topic_is_named_in_the_catalogue_alone() -> None:
    names = {topic.name for topic in CATALOGUE}
    guilty = [
        name
        for name, tree in modules(but={"services/kernel/contracts/topics.py"})
        if names & set(strings(tree))
    ]
    assert guilty == [], "take the topic from kernel.contracts.topics"


def test_exceptions_are_swallowed_by_the_policy_alone() -> None:
    guilty = [
        f"{name}:{node.lineno}"
        for name, tree in modules(but={"services/kernel/runtime/policy.py"})
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
        # Cleaning up and raising again swallows nothing.
        and not isinstance(node.body[-1], ast.Raise)
    ]
    assert guilty == [], "`except Exception` lives in the delivery policy"


def test_the_environment_is_read_by_settings_alone() -> None:
    guilty = [
        name
        for name, tree in modules(but={"services/kernel/runtime/settings.py"})
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            for node in ast.walk(tree)
        )
    ]
    assert guilty == []


def test_no_room_without_a_name() -> None:
    forbidden = {"utils", "helpers", "common", "manager", "misc"}
    found = [
        path.relative_to(ROOT).as_posix()
        for path in [*SERVICES.rglob("*"), *(ROOT / "tests").rglob("*")]
        if path.stem in forbidden
    ]
    assert found == []


def test_files_stay_short() -> None:
    # About 400 lines: a longer one becomes a folder.
    long = [
        f"{path.relative_to(ROOT)}: {lines}"
        for path in SERVICES.rglob("*.py")
        if "pb" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 420
    ]
    assert long == []


def test_services_have_a_room_card() -> None:
    for service in ("gateway", "ingest", "parser", "memorizer", "retriever", "feedback"):
        card = ast.get_docstring(ast.parse((SERVICES / service / "__init__.py").read_text()))
        assert card is not None
        for word in ("Consumes", "Emits", "Owns", "Never"):
            assert word in card, f"{service}: the room card does not say what it {word}"


def texts() -> Iterator[tuple[str, str]]:
    for folder in ("services", "docs", "deploy", ".ci"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not {"pb", "__pycache__"} & set(path.parts):
                yield (
                    path.relative_to(ROOT).as_posix(),
                    path.read_text(encoding="utf-8", errors="ignore"),
                )


def test_no_path_of_one_machine_is_named() -> None:
    assert [name for name, text in texts() if "/work/" in text or "/root/" in text] == []
