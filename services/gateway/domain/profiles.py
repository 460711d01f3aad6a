"""Profiles: a template's tree of fields, and the values that a user or agent has in it."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.kernel.contracts.errors import InvalidInput
from services.kernel.contracts.records import Owner, OwnerType

LEVELS: Final = 3
FIELDS: Final = 200
_NAME: Final = 100
_VALUE: Final = 4_000
_LEAF: Final = frozenset({"value", "algorithm_updatable"})
_HELP: Final = (
    'write fields as {"Group": {"field": {"value": "", "algorithm_updatable": true}}}, at most '
    f"{LEVELS} levels and {FIELDS} fields"
)
MANUAL: Final = (
    "profile: values change by edit/profile and update/memory only; nothing fills them from talk "
    "here, algorithm_updatable or not"
)

Leaf = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Template:
    """A template. fields: its leaves by path (`Group.field`). instances: bound to it."""

    id: str
    project_id: str
    name: str
    fields: dict[str, Leaf]
    created_at: int
    updated_at: int
    instances: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """A template bound to a user or agent. values: leaves that were edited, by path; removed:
    paths of the template that this one has not.
    """

    id: str
    project_id: str
    template_id: str
    owner: str
    values: dict[str, Leaf] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    created_at: int = 0
    updated_at: int = 0


def fields_of(metadata: Mapping[str, Any], where: str = "metadata") -> dict[str, Leaf]:
    """The leaves of a tree by path; InvalidInput where it is none, or too deep or large."""
    found = dict(_leaves(metadata, (), where))
    if not found:
        raise InvalidInput(f"`{where}` holds no field: {_HELP}")
    if len(found) > FIELDS:
        raise InvalidInput(f"`{where}` holds {len(found)} fields: {_HELP}")
    return found


def _leaves(
    tree: Mapping[str, Any], path: tuple[str, ...], where: str
) -> Iterator[tuple[str, Leaf]]:
    for name, node in tree.items():
        place = ".".join((where, *path, name))
        if not name.strip() or "." in name or len(name) > _NAME:
            raise InvalidInput(
                f"`{place}`: a name has 1 to {_NAME} characters and no dot, which joins names"
            )
        if len(path) >= LEVELS:
            raise InvalidInput(f"`{place}` lies too deep: {_HELP}")
        if not isinstance(node, Mapping):
            raise InvalidInput(f"`{place}` must be an object: {_HELP}")
        if "value" in node and not isinstance(node["value"], Mapping):
            yield ".".join((*path, name)), _leaf(node, place)
        else:
            yield from _leaves(node, (*path, name), where)


def _leaf(node: Mapping[str, Any], place: str) -> Leaf:
    value, updatable = node["value"], node.get("algorithm_updatable", True)
    if not set(node) <= _LEAF or not isinstance(value, str) or not isinstance(updatable, bool):
        raise InvalidInput(f"`{place}` must hold a text `value`: {_HELP}")
    if len(value) > _VALUE:
        raise InvalidInput(f"`{place}.value` may have {_VALUE} characters")
    return {"value": value, "algorithm_updatable": updatable}


def tree_of(fields: Mapping[str, Leaf]) -> dict[str, Any]:
    """The tree of leaves by path."""
    tree: dict[str, Any] = {}
    for path, leaf in fields.items():
        *groups, name = path.split(".")
        node = tree
        for group in groups:
            node = node.setdefault(group, {})
        node[name] = {"value": leaf["value"], "algorithm_updatable": leaf["algorithm_updatable"]}
    return tree


def filled(profile: Profile, template: Template) -> dict[str, Leaf]:
    """The profile's leaves: the template's as they are now, with what was edited here."""
    whole = {**template.fields, **profile.values}
    clash = {path for path in whole if any(other.startswith(f"{path}.") for other in whole)}
    return {
        path: leaf
        for path, leaf in whole.items()
        if path not in clash and (path in profile.values or path not in profile.removed)
    }


def owner_of(profile: Profile) -> Owner:
    """Whose profile it is."""
    kind, _, identifier = profile.owner.partition(":")
    return Owner(type=OwnerType(kind), id=identifier)


def value_id(profile: Profile, path: str) -> str:
    """The id of one value, as a memory has one."""
    return f"{profile.id}_{hashlib.sha256(path.encode()).hexdigest()[:16]}"


def value_items(profile: Profile, template: Template) -> list[dict[str, Any]]:
    """Entries of `profile_detail_list` of a search: one for each value that is there."""
    return [
        {
            "id": value_id(profile, path),
            "memory": leaf["value"],
            "memory_type": "ProfileMemory",
            "template_id": template.id,
            "profile_category": path.split(".")[0],
            "profile_field": path.split(".")[-1],
            "profile_path": path,
            "status": "activated",
            "confidence": 1.0,
            "algorithm_updatable": leaf["algorithm_updatable"],
            "created_at": profile.created_at,
            "updated_at": leaf.get("updated_at", profile.updated_at),
        }
        for path, leaf in filled(profile, template).items()
        if leaf["value"]
    ]


def whole_item(profile: Profile, template: Template) -> dict[str, Any]:
    """An entry of `profile_detail_list` of get/memory: the whole tree."""
    return {
        "id": profile.id,
        "project_id": profile.project_id,
        "profile_template_id": template.id,
        "properties": tree_of(filled(profile, template)),
        "status": "activated",
        "created_at": profile.created_at,
        "updated_at": profile.updated_at,
    }


def template_item(template: Template) -> dict[str, Any]:
    """A template as lists show it."""
    return {
        "profile_template_id": template.id,
        "name": template.name,
        "project_id": template.project_id,
        "instance_count": template.instances,
        "create_time": template.created_at,
        "update_time": template.updated_at,
    }
