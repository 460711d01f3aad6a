"""The API's filter language, checked and turned into clauses by source."""

from dataclasses import dataclass
from typing import Any, Final, Literal, cast
from zoneinfo import ZoneInfo

from services.gateway.domain.times import parse_bound
from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import Kind
from services.kernel.contracts.scope import Clause, Clauses, Operator, Scalar
from services.kernel.contracts.topics import DAY_MS

NOTHING: Final = Clauses()
_SOURCES: Final = ("user", "agent", "public", "knowledgebase")
_RANGES: Final = ("lt", "gt", "lte", "gte")
_TIMES: Final = {"create_time": "created_at", "update_time": "updated_at"}
_EQUAL: Final = ("agent_id", "app_id", "conversation_id")
_LONGEST_INFO_KEY: Final = 100
_MOST_CONDITIONS: Final = 50
_MOST_VALUES: Final = 100
_HELP: Final = (
    'write a filter as {"and": [{"tags": {"contains": "x"}}, {"scene": "chat"}]}, or by source as '
    '{"user": {"and": [...]}, "knowledgebase": {"or": [...]}}'
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions by source; an empty one adds nothing."""

    user: Clauses = NOTHING
    agent: Clauses = NOTHING
    public: Clauses = NOTHING
    knowledgebase: Clauses = NOTHING


def parse_filter(value: dict[str, Any] | None, *, zone: ZoneInfo, now_ms: int) -> Filters:
    """The filter by source; InvalidInput with a hint for anything outside the language."""
    if not value:
        return Filters()
    reader = _Reader(zone, now_ms)
    keys = set(value)
    if keys <= {"and", "or"}:
        everywhere = reader.group(value, "filter")
        return Filters(everywhere, everywhere, everywhere, everywhere)
    if not keys <= set(_SOURCES):
        odd = ", ".join(sorted(keys - set(_SOURCES)))
        raise InvalidInput(f"`filter` has no place for {odd!r}: {_HELP}")
    return Filters(
        **{name: reader.group(group, f"filter.{name}") for name, group in value.items() if group}
    )


class _Reader:
    """Reads groups of conditions; `where` names the place in messages."""

    def __init__(self, zone: ZoneInfo, now_ms: int) -> None:
        self._zone = zone
        self._now = now_ms

    def group(self, value: Any, where: str) -> Clauses:
        if not isinstance(value, dict) or set(value) not in ({"and"}, {"or"}):
            raise InvalidInput(f"`{where}` needs exactly one of `and` and `or`: {_HELP}")
        mode = cast("Literal['and', 'or']", next(iter(value)))
        conditions = value[mode]
        if not isinstance(conditions, list):
            raise InvalidInput(f"`{where}.{mode}` must be a list of conditions: {_HELP}")
        if len(conditions) > _MOST_CONDITIONS:
            raise InvalidInput(f"`{where}.{mode}` may hold {_MOST_CONDITIONS} conditions")
        clauses: list[Clause] = []
        for number, condition in enumerate(conditions):
            place = f"{where}.{mode}[{number}]"
            if not isinstance(condition, dict) or not condition:
                raise InvalidInput(f"`{place}` must be an object such as {{'app_id': 'x'}}")
            found = [
                clause
                for key, wanted in condition.items()
                for clause in self._condition(key, wanted, place)
            ]
            if mode == "or" and len(found) > 1:
                raise InvalidInput(
                    f"`{place}` holds several tests; inside `or` each condition is one test"
                )
            clauses += found
        return Clauses(mode=mode, clauses=tuple(clauses))

    def _condition(self, key: str, wanted: Any, where: str) -> list[Clause]:
        place = f"{where}.{key}"
        if key in ("and", "or"):
            raise InvalidInput(f"`{place}`: conditions cannot be nested; {_HELP}")
        if key == "user_id":
            raise InvalidInput(f"`{place}` is not allowed: the request's user_id decides")
        if key == "tags":
            return [Clause(field="tags", operator="any_of", values=_contained(wanted, place))]
        if key in _TIMES:
            return self._times(_TIMES[key], wanted, place)
        if key in _EQUAL:
            return [Clause(field=key, operator="any_of", values=_texts(wanted, place))]
        if key == "related_id":
            return [Clause(field=key, operator="any_of", values=_texts(wanted, place))]
        if key == "memory_type":
            return self._memory_type(wanted, place)
        return _info(key, wanted, place)

    def _times(self, field: str, wanted: Any, place: str) -> list[Clause]:
        if not isinstance(wanted, dict) or not wanted or not set(wanted) <= set(_RANGES):
            raise InvalidInput(
                f"`{place}` needs bounds, such as {{'gte': '2025-01-01', 'lt': '2025-02-01'}}"
            )
        clauses = []
        for operator, bound in wanted.items():
            if isinstance(bound, bool) or not isinstance(bound, str | int | float):
                raise InvalidInput(f"`{place}.{operator}` must be a time such as 2025-01-01")
            said, moment = parse_bound(
                bound, zone=self._zone, now_ms=self._now, operator=operator, field=place
            )
            clauses.append(Clause(field=field, operator=cast("Operator", said), values=(moment,)))
        return clauses

    def _memory_type(self, wanted: Any, place: str) -> list[Clause]:
        (name, *more) = _texts(wanted, place)
        if more:
            raise InvalidInput(f"`{place}` takes one type")
        fresh = self._now - DAY_MS
        by_name = {
            "WorkingMemory": Clause(field="updated_at", operator="gt", values=(fresh,)),
            "LongTermMemory": Clause(field="updated_at", operator="lte", values=(fresh,)),
            "ToolTrajectoryMemory": Clause(
                field="kind", operator="any_of", values=(Kind.TOOL.value,)
            ),
            "SkillMemory": Clause(field="kind", operator="any_of", values=(Kind.SKILL.value,)),
        }
        # A type that we never produce matches nothing, and is no error.
        nothing = Clause(field="kind", operator="any_of", values=(str(name),))
        return [by_name.get(str(name), nothing)]


def _contained(wanted: Any, place: str) -> tuple[Scalar, ...]:
    if isinstance(wanted, dict):
        if set(wanted) != {"contains"}:
            raise InvalidInput(f"`{place}` knows `contains` only: {{'contains': 'x'}}")
        wanted = wanted["contains"]
    return _texts(wanted, place)


def _texts(wanted: Any, place: str) -> tuple[Scalar, ...]:
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or len(values) > _MOST_VALUES or not all(isinstance(v, str) for v in values):
        raise InvalidInput(f"`{place}` must be a text, or a list of 1 to {_MOST_VALUES} texts")
    return tuple(values)


def _info(key: str, wanted: Any, place: str) -> list[Clause]:
    if key == "info":
        raise InvalidInput(f"`{place}`: write keys of `info` flat, as {{'scene': 'chat'}}")
    if not key.isprintable() or not 0 < len(key) <= _LONGEST_INFO_KEY:
        raise InvalidInput(
            f"`{place}` is no key of `info` that can be filtered by: a key has 1 to "
            f"{_LONGEST_INFO_KEY} printable characters; a value within an object is named by its "
            "path, as {'order.state': 'paid'}"
        )
    field = f"info.{key}"
    if isinstance(wanted, dict):
        if not wanted or not set(wanted) <= {*_RANGES, "contains"}:
            raise InvalidInput(f"`{place}` must be a value, or bounds (lt, gt, lte, gte)")
        return [_info_bound(field, operator, bound, place) for operator, bound in wanted.items()]
    values = wanted if isinstance(wanted, list) else [wanted]
    if not values or not all(isinstance(v, str | int | float | bool) for v in values):
        raise InvalidInput(f"`{place}` must be a text, a number, true or false")
    return [Clause(field=field, operator="any_of", values=tuple(values))]


def _info_bound(field: str, operator: str, bound: Any, place: str) -> Clause:
    if operator == "contains":
        return Clause(field=field, operator="any_of", values=_texts(bound, place))
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        raise InvalidInput(f"`{place}.{operator}` must be a number")
    return Clause(field=field, operator=cast("Operator", operator), values=(bound,))
