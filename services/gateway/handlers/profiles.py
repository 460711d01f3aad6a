"""Profile templates, and the profiles of users and agents that are bound to them."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Protocol
from uuid import uuid4

from services.gateway.domain import profile_requests as ask
from services.gateway.domain.profiles import (
    FIELDS,
    Profile,
    Template,
    fields_of,
    filled,
    template_item,
    tree_of,
    value_id,
    value_items,
    whole_item,
)
from services.gateway.domain.requests import UpdateMemory
from services.gateway.handlers.calls import Call
from services.kernel.contracts.errors import Code, InvalidInput, NotFound
from services.kernel.contracts.records import Owner
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

_VALUE_ID: Final = re.compile(r"([0-9a-f]{32})_[0-9a-f]{16}")
_SHOWN: Final = 25


class ProfileStore(Protocol):
    """Templates and profiles."""

    async def put_template(self, tx: Transaction, template: Template) -> None:
        """Add it, or write its new name and fields."""
        ...

    async def templates(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, Template]:
        """By id; another project's are left out."""
        ...

    async def page(
        self, tx: Transaction, project_id: str, page: int, size: int
    ) -> tuple[list[Template], int]:
        """Newest first, and how many in all."""
        ...

    async def delete_template(self, tx: Transaction, template_id: str) -> int:
        """Delete it with its profiles; how many these were."""
        ...

    async def bind(self, tx: Transaction, profile: Profile) -> None:
        """Add it; harmless where the owner has one of that template."""
        ...

    async def profiles(
        self,
        tx: Transaction,
        project_id: str,
        *,
        owner: str | None = None,
        template_id: str | None = None,
        profile_id: str | None = None,
    ) -> list[Profile]:
        """Those that are all of this, oldest first."""
        ...

    async def save(self, tx: Transaction, profile: Profile) -> None:
        """Write its values."""
        ...

    async def delete(
        self, tx: Transaction, project_id: str, owner: str, template_id: str | None = None
    ) -> int:
        """Delete the owner's, of one template or all; how many."""
        ...


class Profiles:
    """Use cases over templates and profiles. All of them may be repeated without harm."""

    def __init__(self, *, database: Database, store: ProfileStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def add(self, call: Call, request: ask.AddTemplate) -> dict[str, Any]:
        """A new template."""
        now = self._clock.now_ms()
        fields = fields_of(request.metadata)
        made = Template(uuid4().hex, call.project.id, request.name, fields, now, now)
        async with self._database.write() as tx:
            await self._store.put_template(tx, made)
        return {"profile_template_id": made.id}

    async def page(self, call: Call, request: ask.ListTemplates) -> dict[str, Any]:
        """The project's templates, newest first."""
        async with self._database.read() as tx:
            found, total = await self._store.page(tx, call.project.id, request.page, request.size)
        return {
            "profile_templates": [template_item(one) for one in found],
            "total": total,
            "current": request.page,
            "size": request.size,
            "pages": -(-total // request.size),
        }

    async def get(self, call: Call, request: ask.NamedTemplate) -> dict[str, Any]:
        """One template with its fields."""
        async with self._database.read() as tx:
            found = await self._template(tx, call, request.profile_template_id)
        return {"profile_template": {**template_item(found), "metadata": tree_of(found.fields)}}

    async def update(self, call: Call, request: ask.UpdateTemplate) -> dict[str, Any]:
        """New name and fields, in all profiles of it."""
        fields = fields_of(request.metadata)
        async with self._database.write() as tx:
            known = await self._template(tx, call, request.profile_template_id)
            changed = replace(
                known, name=request.name, fields=fields, updated_at=self._clock.now_ms()
            )
            await self._store.put_template(tx, changed)
        return {
            "success": True,
            "profile_template_id": known.id,
            "affected_instances": known.instances,
        }

    async def delete(self, call: Call, request: ask.NamedTemplate) -> dict[str, Any]:
        """The template, and all profiles of it."""
        async with self._database.write() as tx:
            known = await self._template(tx, call, request.profile_template_id)
            gone = await self._store.delete_template(tx, known.id)
        return {"success": True, "profile_template_id": known.id, "deleted_instances": gone}

    async def bind(self, call: Call, request: ask.BindTemplate) -> dict[str, Any]:
        """Give users and agents profiles, all or none; talk of before is not read again."""
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            for one in request.bind_list:
                template = await self._template(tx, call, one.profile_template_id)
                bound = Profile(uuid4().hex, call.project.id, template.id, one.owner.key)
                await self._store.bind(tx, replace(bound, created_at=now, updated_at=now))
        return {"success": True}

    async def edit(self, call: Call, request: ask.EditProfile) -> dict[str, Any]:
        """New values, and fields taken away."""
        news = fields_of(request.metadata) if request.metadata else {}
        async with self._database.write() as tx:
            template, profile = await self._profile(tx, call, request)
            present = filled(profile, template)
            unknown = [path for path in request.remove_fields if path not in present]
            if unknown:
                raise InvalidInput(
                    f"`remove_fields`: there is no field {unknown[0]!r}; name one as `Group.field`"
                )
            await self._write(tx, template, profile, news, request.remove_fields)
        return {"success": True}

    async def unbind(self, call: Call, request: ask.DeleteProfile) -> dict[str, Any]:
        """Delete a profile."""
        async with self._database.write() as tx:
            template, _ = await self._profile(tx, call, request)
            await self._store.delete(tx, call.project.id, request.owner.key, template.id)
        return {"success": True}

    async def values(self, call: Call, owner: Owner) -> list[dict[str, Any]]:
        """What the profiles of a user or agent say, as a search shows it."""
        pairs = await self._of(call, owner)
        return [item for one in pairs for item in value_items(*one)][:_SHOWN]

    async def trees(
        self, call: Call, owner: Owner, *, page: int, size: int
    ) -> list[dict[str, Any]]:
        """A page of the whole profiles of a user or agent."""
        found = [whole_item(*one) for one in await self._of(call, owner)]
        return found[(page - 1) * size : page * size]

    async def set_value(self, call: Call, request: UpdateMemory) -> bool:
        """Change one value by its id; False where that is no id of a value."""
        match = _VALUE_ID.fullmatch(request.memory_id)
        if match is None:
            return False
        if request.content is None:
            raise InvalidInput("a profile's value has no title and no status; give `content`")
        async with self._database.write() as tx:
            found = await self._store.profiles(tx, call.project.id, profile_id=match[1])
            for profile in found:
                template = await self._template(tx, call, profile.template_id)
                for path, leaf in filled(profile, template).items():
                    if value_id(profile, path) == request.memory_id:
                        checked = {"value": request.content, "algorithm_updatable": True}
                        fields_of({"value of": {"it": checked}})
                        news = {path: {**leaf, "value": request.content}}
                        await self._write(tx, template, profile, news, ())
                        return True
        raise NotFound(f"there is no memory {request.memory_id!r}", code=Code.MEMORY_NOT_FOUND)

    async def forget(self, tx: Transaction, project_id: str, owner: Owner) -> None:
        """Delete all profiles of a user or agent."""
        await self._store.delete(tx, project_id, owner.key)

    async def _write(
        self,
        tx: Transaction,
        template: Template,
        profile: Profile,
        news: dict[str, Any],
        removed: Sequence[str],
    ) -> None:
        now = self._clock.now_ms()
        kept = {path: leaf for path, leaf in profile.values.items() if path not in removed}
        changed = kept | {path: {**leaf, "updated_at": now} for path, leaf in news.items()}
        gone = tuple(path for path in {*profile.removed, *removed} if path not in news)
        whole = replace(profile, values=changed, removed=gone, updated_at=now)
        if len(filled(whole, template)) > FIELDS:
            raise InvalidInput(f"a profile may hold {FIELDS} fields")
        await self._store.save(tx, whole)

    async def _template(self, tx: Transaction, call: Call, identifier: str) -> Template:
        found = await self._store.templates(tx, call.project.id, [identifier])
        if identifier not in found:
            raise NotFound(f"there is no profile template {identifier!r}")
        return found[identifier]

    async def _profile(
        self, tx: Transaction, call: Call, request: ask.EditProfile | ask.DeleteProfile
    ) -> tuple[Template, Profile]:
        template = await self._template(tx, call, request.profile_template_id)
        found = await self._store.profiles(
            tx, call.project.id, owner=request.owner.key, template_id=template.id
        )
        if not found:
            raise NotFound(
                f"{request.owner.type.value} {request.owner.id!r} has no profile of template "
                f"{template.id!r}; bind it first"
            )
        return template, found[0]

    async def _of(self, call: Call, owner: Owner) -> list[tuple[Profile, Template]]:
        async with self._database.read() as tx:
            found = await self._store.profiles(tx, call.project.id, owner=owner.key)
            ids = sorted({one.template_id for one in found})
            templates = await self._store.templates(tx, call.project.id, ids) if ids else {}
        return [(one, templates[one.template_id]) for one in found if one.template_id in templates]
