"""Every regular expression of the product, and texts that are made to slow each of them down."""

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

import services
from tests.support.shared import ROOT

# The parser of `re` itself, which has no types.
codes: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
_FUNCTIONS: Final = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
)
_LEFT_OUT: Final = ("services.kernel.pb", ".store.migrations", ".sql.migrations_env", "__main__")
_ANYHOW: Final = frozenset({"search", "match"})
_DEEPEST: Final = 6
_MIXED: Final = ("a", "我", "1", "a ", "1 ", "我 ", "a1", "a, ", "我，")
_PLACED: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A pattern, the module that it belongs to, and how it is used."""

    module: str
    pattern: re.Pattern[str]
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A place in the source whose pattern is known at run time only."""

    module: str
    function: str
    line: int


@cache
def modules() -> tuple[ModuleType, ...]:
    """All modules of the product, imported."""
    names = [
        one.name
        for one in pkgutil.walk_packages(services.__path__, "services.")
        if not any(part in one.name for part in _LEFT_OUT)
    ]
    return tuple(importlib.import_module(name) for name in names)


@cache
def inventory() -> tuple[tuple[Found, ...], tuple[Unresolved, ...]]:
    """Every pattern that the source compiles, and the places that build theirs at run time."""
    found: dict[tuple[str, str, int], Found] = {}
    unresolved: list[Unresolved] = []
    for module in modules():
        for name, pattern in _held(module):
            _note(found, module.__name__, pattern, _methods(name, module, pattern))
        unresolved += _read_source(module, found)
    return tuple(found.values()), tuple(unresolved)


def _note(
    found: dict[tuple[str, str, int], Found],
    module: str,
    pattern: re.Pattern[Any],
    methods: frozenset[str],
) -> None:
    if isinstance(pattern.pattern, str):
        key = module, pattern.pattern, pattern.flags
        known = found[key].methods if key in found else frozenset()
        found[key] = Found(module, pattern, known | methods)


def _methods(name: str, module: ModuleType, pattern: re.Pattern[Any]) -> frozenset[str]:
    """What the product calls on a global of this name; all where it stands in a table."""
    if getattr(module, name, None) is not pattern:
        return frozenset({"search", "match"})
    return _calls_by_name().get(name, frozenset()) & _FUNCTIONS or _ANYHOW


@cache
def _calls_by_name() -> Mapping[str, frozenset[str]]:
    """What is called on each name, anywhere in the product."""
    called: dict[str, set[str]] = {}
    for path in (ROOT / "services").rglob("*.py"):
        for name, method in re.findall(r"\b(\w+)\.([a-z]+)\(", path.read_text("utf-8")):
            called.setdefault(name, set()).add(method)
    return {name: frozenset(methods) for name, methods in called.items()}


def _held(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """What the module's globals, containers, classes and cached tables hold."""
    for name, value in list(vars(module).items()):
        if not name.startswith("__"):
            yield from ((name, pattern) for pattern in _inside(value, module, 0))


def _inside(value: Any, module: ModuleType, depth: int) -> Iterator[re.Pattern[Any]]:  # noqa: C901, PLR0912 - one line a container
    if isinstance(value, re.Pattern):
        yield value
    elif depth > _DEEPEST or isinstance(value, str | bytes | ModuleType):
        return
    elif isinstance(value, Mapping):
        for part in itertools.chain(list(value.keys()), list(value.values())):
            yield from _inside(part, module, depth + 1)
    elif isinstance(value, tuple | list | set | frozenset):
        for part in value:
            yield from _inside(part, module, depth + 1)
    elif inspect.isclass(value):
        if value.__module__ == module.__name__:
            for part in list(vars(value).values()):
                yield from _inside(part, module, depth + 1)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _inside(getattr(value, field.name, None), module, depth + 1)
    elif _is_table(value, module):
        for arguments in itertools.product((False, True), repeat=_switches(value)):
            yield from _inside(value(*arguments), module, depth + 1)


def _is_table(value: Any, module: ModuleType) -> bool:
    """A cached function of yes-or-no arguments: a table that is made at its first use."""
    if not hasattr(value, "cache_info") or not hasattr(value, "__wrapped__"):
        return False
    if value.__wrapped__.__module__ != module.__name__:
        return False
    return _switches(value) >= 0 and "self" not in inspect.signature(value.__wrapped__).parameters


def _switches(function: Any) -> int:
    """How many arguments it takes; -1 where one is no yes-or-no."""
    parameters = inspect.signature(function.__wrapped__).parameters.values()
    return len(parameters) if all(one.annotation is bool for one in parameters) else -1


def _read_source(
    module: ModuleType, found: dict[tuple[str, str, int], Found]
) -> Iterator[Unresolved]:
    path = Path(module.__file__ or "")
    if not path.is_relative_to(ROOT):
        return
    tree = ast.parse(path.read_text("utf-8"))
    for call, function in _calls(tree):
        if not call.args:
            continue
        value = _evaluated(call.args[0], module)
        if isinstance(value, str):
            _note_call(found, module, call, value)
        elif isinstance(value, re.Pattern) or _is_made(tree, call, function, module):
            continue
        else:
            yield Unresolved(module.__name__, function, call.lineno)


def _note_call(
    found: dict[tuple[str, str, int], Found], module: ModuleType, call: ast.Call, text: str
) -> None:
    assert isinstance(call.func, ast.Attribute)
    method = call.func.attr
    if method != "compile":
        compiled = re.compile(text, _flags(call, module))
        _note(found, module.__name__, compiled, frozenset({method}))
    elif not _is_held(text, found, module):  # a global's uses are known by its name
        _note(found, module.__name__, re.compile(text, _flags(call, module)), _ANYHOW)


def _is_made(tree: ast.Module, call: ast.Call, function: str, module: ModuleType) -> bool:
    """Whether the call helps to make a table that was found by looking into the module."""
    if function:
        return _is_table(getattr(module, function, None), module)
    return _target_holds(tree, call, module)


def _is_held(text: str, found: Mapping[tuple[str, str, int], Found], module: ModuleType) -> bool:
    return any(key[0] == module.__name__ and key[1] == text for key in found)


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Calls of `re`'s functions, each with the function that it stands in ("" for none)."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[ast.Call, str]]:
        for child in ast.iter_child_nodes(node):
            inner = function
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = function or child.name
            if _is_call_of_re(child):
                assert isinstance(child, ast.Call)
                yield child, inner
            yield from walk(child, inner)

    yield from walk(tree, "")


def _is_call_of_re(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    name = node.func
    return (
        isinstance(name, ast.Attribute)
        and name.attr in _FUNCTIONS
        and isinstance(name.value, ast.Name)
        and name.value.id == "re"
    )


def _evaluated(node: ast.expr, module: ModuleType) -> Any:
    """The value of an expression of constants and globals; None where it needs more."""
    code: CodeType = compile(ast.Expression(node), module.__name__, "eval")
    try:
        return eval(code, dict(vars(module)))  # noqa: S307 - an expression of our own source
    except NameError:
        return None


def _flags(call: ast.Call, module: ModuleType) -> int:
    assert isinstance(call.func, ast.Attribute)
    place = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(call.func.attr, 2)
    given = [word.value for word in call.keywords if word.arg == "flags"] or call.args[
        place : place + 1
    ]
    value = _evaluated(given[0], module) if given else 0
    return int(value) if value is not None else int(re.IGNORECASE)


def _target_holds(tree: ast.Module, call: ast.Call, module: ModuleType) -> bool:
    """Whether the module's variable that the call helps to make holds patterns."""
    for node in tree.body:
        if call not in ast.walk(node):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name) and any(_inside(getattr(module, target.id), module, 0)):
                return True
    return False


# --- texts ---------------------------------------------------------------------------------

PLAIN: Final = (
    *("1", "a", "A", "我", " ", "\n", ".", ",", "，", "。", "-", "\t", "“", '"', "(", "（", "_"),
    *("1x", "123,", "我，", "1,", "a ", "A ", "I ", "1 ", "我 ", "a1", "我a", "我1", "a，", "一"),
    *("一1", "1.", "1.2", "a.b", "a-", "a'", "1-1 ", "1 - ", "我的", "not ", "不", "是", "My dog "),
    *("Ab ", "ab, ", '"a" ', "“我”", "《", "《我》", "a: ", "：", "我：", "a@", "a@b.", "http://"),
    *("|", "| a ", "#", "# ", "*", "**", "`", "```", "[a](", "[", "<", "<a ", "</", "&#", "&a;"),
    *("{", '{"a":', "\u3000", "é", "\U0001d7d9"),
)


def texts(pattern: re.Pattern[str], most: int = 30) -> list[tuple[str, str, str]]:
    """(beginning, what is repeated, end) of texts that are near to matching it again and again."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    found: dict[tuple[str, str, str], None] = {}
    for before, body in _repeats(tree, ""):
        single = any(len(one) == 1 for one in body)
        for pump in [*body[:_PLACED], *(_MIXED if single else ())]:
            if not pump:
                continue
            found[before, pump, "\x00"] = None
            found["", before + pump, "\x00"] = None
    for whole in _samples(tree)[:4]:
        if whole:
            found["", whole, "\x00"] = None
            found["", whole[:-1] or whole, "\x00"] = None
            found["", whole[: len(whole) // 2] or whole, ""] = None
    chosen = list(found)
    step = max(1, -(-len(chosen) // most))
    return [*(("", one, "\x00") for one in PLAIN), *chosen[::step]]


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, list[str]]]:
    """Each repetition without a small end: what leads to it, and what it repeats."""
    for code, argument in tree:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
            low, high, body = argument
            if high > 3:  # a few cost a few times as much
                yield before, _samples(body)
            yield from _repeats(body, before)
            before += (_samples(body) or [""])[0] * max(low, 0)
            continue
        for part in _parts(code, argument):
            yield from _repeats(part, before)
        before += (_samples([(code, argument)]) or [""])[0]


def _parts(code: Any, argument: Any) -> list[Any]:
    if code is codes.SUBPATTERN:
        return [argument[3]]
    if code is codes.BRANCH:
        return list(argument[1])
    if code is codes.ATOMIC_GROUP:
        return [argument]
    if code is codes.ASSERT:
        return [argument[1]] if argument[0] > 0 else []
    return []


def _samples(tree: Any) -> list[str]:
    """A few short texts that the (part of a) pattern matches, by and large."""
    found = [""]
    for code, argument in tree:
        found = [a + b for a in found for b in _one(code, argument)][:8]
    return found


def _one(  # noqa: PLR0911 - one line a code
    code: Any, argument: Any
) -> list[str]:
    if code is codes.LITERAL:
        return [chr(argument)]
    if code is codes.NOT_LITERAL:
        return ["a" if argument != ord("a") else "b"]
    if code is codes.ANY:
        return ["a", " "]
    if code is codes.IN:
        return _of_class(argument)
    if code is codes.BRANCH:
        return [(_samples(part) or [""])[0] for part in argument[1]][:6]
    if code is codes.SUBPATTERN:
        return _samples(argument[3])
    if code is codes.ATOMIC_GROUP:
        return _samples(argument)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        low, _, body = argument
        inner = _samples(body)[:3]
        return [one * max(1, low) for one in inner] if low else ["", *inner][:3]
    return [""]


def _of_class(items: Any) -> list[str]:
    if items and items[0][0] is codes.NEGATE:
        matcher = _not_in(items[1:])
        return [one for one in ("a", "我", "1", " ", "-", "x") if matcher(one)][:2] or ["\u20ac"]
    found: list[str] = []
    for code, argument in items:
        if code is codes.LITERAL:
            found.append(chr(argument))
        elif code is codes.RANGE:
            found.append(chr(argument[0]))
        elif code is codes.CATEGORY:
            found += _CATEGORIES.get(argument, ["a"])
    return found[:3]


def _not_in(items: Any) -> Callable[[str], bool]:
    def outside(character: str) -> bool:
        for code, argument in items:
            if code is codes.LITERAL and ord(character) == argument:
                return False
            if code is codes.RANGE and argument[0] <= ord(character) <= argument[1]:
                return False
            if code is codes.CATEGORY and character in _CATEGORIES.get(argument, []):
                return False
        return True

    return outside


_CATEGORIES: Final[dict[Any, list[str]]] = {
    codes.CATEGORY_DIGIT: ["1"],
    codes.CATEGORY_NOT_DIGIT: ["a", " "],
    codes.CATEGORY_SPACE: [" ", "\n"],
    codes.CATEGORY_NOT_SPACE: ["a", "1"],
    codes.CATEGORY_WORD: ["a", "1", "我"],
    codes.CATEGORY_NOT_WORD: [" ", "-"],
}


def grown(text: tuple[str, str, str], size: int) -> str:
    """The text with its middle repeated to about `size` characters."""
    before, pump, end = text
    return before + (pump * (size // len(pump) + 1))[:size] + end
