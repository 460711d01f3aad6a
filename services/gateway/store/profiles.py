"""Statements over profile templates and profiles; they never commit."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from services.gateway.domain.profiles import Profile, Template
from services.gateway.store.statements import upsert
from services.gateway.store.tables import PROFILE_TEMPLATES, PROFILES
from services.kernel.ports.store import Transaction

_COUNT = (
    select(func.count())
    .where(PROFILES.c.template_id == PROFILE_TEMPLATES.c.id)
    .scalar_subquery()
    .label("instances")
)


def _template(row: Mapping[Any, Any]) -> Template:
    known = {name: row[name] for name in Template.__dataclass_fields__}
    return Template(**known | {"fields": json.loads(row["fields"])})


def _profile(row: Mapping[Any, Any]) -> Profile:
    known = {name: row[name] for name in Profile.__dataclass_fields__}
    removed = tuple(json.loads(row["removed"]))
    return Profile(**known | {"values": json.loads(row["values"]), "removed": removed})


class SqlProfileStore:
    """Implements `handlers.profiles.ProfileStore`."""

    async def put_template(self, tx: Transaction, template: Template) -> None:
        values = {
            "id": template.id,
            "project_id": template.project_id,
            "name": template.name,
            "fields": json.dumps(template.fields, ensure_ascii=False),
            "created_at": template.created_at,
            "updated_at": template.updated_at,
        }
        changed = {name: values[name] for name in ("name", "fields", "updated_at")}
        statement = upsert(tx, PROFILE_TEMPLATES).values(**values)
        await tx.execute(
            statement.on_conflict_do_update(index_elements=[PROFILE_TEMPLATES.c.id], set_=changed)
        )

    async def templates(
        self, tx: Transaction, project_id: str, ids: Sequence[str]
    ) -> dict[str, Template]:
        rows = await tx.all(
            select(PROFILE_TEMPLATES, _COUNT).where(
                PROFILE_TEMPLATES.c.project_id == project_id, PROFILE_TEMPLATES.c.id.in_(ids)
            )
        )
        return {row["id"]: _template(row) for row in rows}

    async def page(
        self, tx: Transaction, project_id: str, page: int, size: int
    ) -> tuple[list[Template], int]:
        mine = PROFILE_TEMPLATES.c.project_id == project_id
        counted = await tx.first(
            select(func.count().label("total")).select_from(PROFILE_TEMPLATES).where(mine)
        )
        rows = await tx.all(
            select(PROFILE_TEMPLATES, _COUNT)
            .where(mine)
            .order_by(PROFILE_TEMPLATES.c.created_at.desc(), PROFILE_TEMPLATES.c.id)
            .limit(size)
            .offset((page - 1) * size)
        )
        return [_template(row) for row in rows], int(counted["total"]) if counted else 0

    async def delete_template(self, tx: Transaction, template_id: str) -> int:
        bound = await tx.execute(delete(PROFILES).where(PROFILES.c.template_id == template_id))
        await tx.execute(delete(PROFILE_TEMPLATES).where(PROFILE_TEMPLATES.c.id == template_id))
        return bound

    async def bind(self, tx: Transaction, profile: Profile) -> None:
        await tx.execute(
            upsert(tx, PROFILES)
            .values(
                id=profile.id,
                project_id=profile.project_id,
                template_id=profile.template_id,
                owner=profile.owner,
                values="{}",
                removed="[]",
                created_at=profile.created_at,
                updated_at=profile.updated_at,
            )
            .on_conflict_do_nothing()
        )

    async def profiles(
        self,
        tx: Transaction,
        project_id: str,
        *,
        owner: str | None = None,
        template_id: str | None = None,
        profile_id: str | None = None,
    ) -> list[Profile]:
        statement = select(PROFILES).where(PROFILES.c.project_id == project_id)
        for column, wanted in (
            (PROFILES.c.owner, owner),
            (PROFILES.c.template_id, template_id),
            (PROFILES.c.id, profile_id),
        ):
            if wanted is not None:
                statement = statement.where(column == wanted)
        rows = await tx.all(statement.order_by(PROFILES.c.created_at, PROFILES.c.id))
        return [_profile(row) for row in rows]

    async def save(self, tx: Transaction, profile: Profile) -> None:
        await tx.execute(
            update(PROFILES)
            .where(PROFILES.c.id == profile.id)
            .values(
                {
                    "values": json.dumps(profile.values, ensure_ascii=False),
                    "removed": json.dumps(list(profile.removed), ensure_ascii=False),
                    "updated_at": profile.updated_at,
                }
            )
        )

    async def delete(
        self, tx: Transaction, project_id: str, owner: str, template_id: str | None = None
    ) -> int:
        statement = delete(PROFILES).where(
            PROFILES.c.project_id == project_id, PROFILES.c.owner == owner
        )
        if template_id is not None:
            statement = statement.where(PROFILES.c.template_id == template_id)
        return await tx.execute(statement)
