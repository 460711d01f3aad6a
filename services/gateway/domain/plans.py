"""Plans: what a project may hold and how fast it may call; built in, or from an operator's file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.gateway.domain.limits import GIGABYTE, MEGABYTE
from services.gateway.domain.model import Project
from services.kernel.contracts.errors import InvalidInput, QuotaExceeded

_UNITS: Final = {"": 1, "B": 1, "KB": 1024, "MB": MEGABYTE, "GB": GIGABYTE, "TB": 1024 * GIGABYTE}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", re.IGNORECASE | re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}", re.ASCII)
_KNOWN: Final = frozenset({"knowledge_bases", "bytes_each", "requests_per_second"})
_MOST: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Plan:
    """What a project may hold: knowledge bases, and bytes in each; the files of its messages are
    as one more. requests_per_second: of all its keys together, 0 is unlimited.
    """

    name: str
    knowledge_bases: int
    bytes_each: int
    requests_per_second: float = 0.0


BUILT_IN: Final = (
    Plan("free", 10, 1 * GIGABYTE),
    Plan("starter", 30, 10 * GIGABYTE),
    Plan("pro", 100, 100 * GIGABYTE),
)


class Plans:
    """The plans of this installation, by name; the first is for projects that name none."""

    def __init__(self, plans: tuple[Plan, ...] = BUILT_IN) -> None:
        self._plans = {plan.name: plan for plan in plans}

    @property
    def default(self) -> Plan:
        """The plan of a project that is made without one."""
        return next(iter(self._plans.values()))

    def all(self) -> list[Plan]:
        """Return all, in the order of the file."""
        return list(self._plans.values())

    def named(self, name: str) -> Plan:
        """Return the plan of that name; InvalidInput for an unknown one."""
        if name not in self._plans:
            raise InvalidInput(f"there is no plan {name!r}; choose one of {', '.join(self._plans)}")
        return self._plans[name]

    def of(self, project: Project) -> Plan:
        """Return the project's plan; QuotaExceeded where the operator's file no longer has it."""
        if project.plan not in self._plans:
            raise QuotaExceeded(
                f"the plan {project.plan!r} of this project is not offered any more: nothing is "
                "deleted, and nothing can be added until the operator puts the project on one of "
                f"{', '.join(self._plans)}"
            )
        return self._plans[project.plan]

    def rate_of(self, project: Project) -> float:
        """Return how many requests a second the project's plan allows; 0 is unlimited."""
        plan = self._plans.get(project.plan)
        return 0.0 if plan is None else plan.requests_per_second

    def __contains__(self, name: str) -> bool:
        return name in self._plans


def parse_plans(document: Any) -> Plans:
    """Return the plans of a decoded file: `plans:` with one mapping of limits by name.
    ValueError with a sentence that says what to mend.
    """
    listed = document.get("plans") if isinstance(document, Mapping) else None
    if not isinstance(listed, Mapping) or not listed:
        message = (
            "the file of plans must hold `plans:` with at least one plan, as "
            "`plans: {free: {knowledge_bases: 10, bytes_each: 1 GB}}`"
        )
        raise ValueError(message)
    return Plans(tuple(_plan(name, limits) for name, limits in listed.items()))


def _plan(name: Any, limits: Any) -> Plan:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        message = (
            f"{name!r} is no name of a plan: use up to 20 letters, digits, dots, hyphens and "
            "underscores"
        )
        raise ValueError(message)
    if not isinstance(limits, Mapping):
        message = f"the plan {name} needs limits: knowledge_bases and bytes_each"
        raise ValueError(message)  # noqa: TRY004 - what is wrong is the file's content
    unknown = sorted(str(key) for key in limits if key not in _KNOWN)
    if unknown:
        message = (
            f"the plan {name} has {', '.join(unknown)}, which is no limit; the limits are "
            f"{', '.join(sorted(_KNOWN))}"
        )
        raise ValueError(message)
    missing = [key for key in ("knowledge_bases", "bytes_each") if key not in limits]
    if missing:
        message = f"the plan {name} lacks {' and '.join(missing)}"
        raise ValueError(message)
    return Plan(
        name,
        _count(name, limits["knowledge_bases"]),
        _bytes(name, limits["bytes_each"]),
        _rate(name, limits.get("requests_per_second", 0)),
    )


def _count(plan: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MOST:
        message = f"knowledge_bases of the plan {plan} must be a whole number, not {value!r}"
        raise ValueError(message)
    return value


def _bytes(plan: str, value: Any) -> int:
    found = None if isinstance(value, bool) else _SIZE.fullmatch(str(value).strip())
    size = -1
    if found is not None:
        size = int(float(found[1]) * _UNITS[(found[2] or "").upper()])
    if not 0 <= size < _MOST:
        message = f"bytes_each of the plan {plan} must be a size as 10 GB or 500 MB, not {value!r}"
        raise ValueError(message)
    return size


def _rate(plan: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
        message = f"requests_per_second of the plan {plan} must be a number, not {value!r}"
        raise ValueError(message)
    return float(value)


def size_text(size: int) -> str:
    """Return a size for people, in the largest unit that it fills."""
    for unit in ("TB", "GB", "MB", "KB"):
        if size >= _UNITS[unit]:
            return f"{size / _UNITS[unit]:.4g} {unit}"
    return f"{size} bytes"


def plan_item(plan: Plan) -> dict[str, Any]:
    """Return the plan as the API shows it."""
    return {
        "name": plan.name,
        "knowledge_bases": plan.knowledge_bases,
        "bytes_each": plan.bytes_each,
        "requests_per_second": plan.requests_per_second or None,
    }
