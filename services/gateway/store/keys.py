"""Statements over projects and keys; they never commit."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from services.gateway.domain.model import ApiKey, Project
from services.gateway.store.statements import upsert
from services.gateway.store.tables import KEYS, PROJECTS
from services.kernel.ports.store import Transaction


def _project(row: Mapping[Any, Any]) -> Project:
    return Project(row["id"], row["name"], row["plan"], row["created_at"])


def _key(row: Mapping[Any, Any]) -> ApiKey:
    return ApiKey(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        hint=row["hint"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
    )


class SqlKeyStore:
    """Implements `handlers.ports.KeyStore`."""

    async def project(self, tx: Transaction, project_id: str) -> Project | None:
        row = await tx.first(select(PROJECTS).where(PROJECTS.c.id == project_id))
        return None if row is None else _project(row)

    async def project_named(self, tx: Transaction, name: str) -> Project | None:
        row = await tx.first(select(PROJECTS).where(PROJECTS.c.name == name))
        return None if row is None else _project(row)

    async def projects(self, tx: Transaction) -> list[Project]:
        rows = await tx.all(select(PROJECTS).order_by(PROJECTS.c.created_at, PROJECTS.c.id))
        return [_project(row) for row in rows]

    async def add_project(self, tx: Transaction, project: Project) -> bool:
        return bool(
            await tx.execute(
                upsert(tx, PROJECTS)
                .values(
                    id=project.id,
                    name=project.name,
                    plan=project.plan,
                    created_at=project.created_at,
                )
                .on_conflict_do_nothing()
            )
        )

    async def lock_project(self, tx: Transaction, project_id: str) -> Project | None:
        row = await tx.first(select(PROJECTS).where(PROJECTS.c.id == project_id).with_for_update())
        return None if row is None else _project(row)

    async def set_plan(self, tx: Transaction, project_id: str, plan: str) -> bool:
        return bool(
            await tx.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(plan=plan))
        )

    async def add_key(self, tx: Transaction, key: ApiKey, digest: str) -> bool:
        return bool(
            await tx.execute(
                upsert(tx, KEYS)
                .values(
                    id=key.id,
                    project_id=key.project_id,
                    hash=digest,
                    name=key.name,
                    hint=key.hint,
                    created_at=key.created_at,
                )
                .on_conflict_do_nothing()
            )
        )

    async def key_by_digest(self, tx: Transaction, digest: str) -> tuple[ApiKey, Project] | None:
        row = await tx.first(
            select(
                KEYS,
                PROJECTS.c.name.label("project_name"),
                PROJECTS.c.plan,
                PROJECTS.c.created_at.label("project_created_at"),
            )
            .join(PROJECTS, PROJECTS.c.id == KEYS.c.project_id)
            .where(KEYS.c.hash == digest)
        )
        if row is None:
            return None
        project = Project(
            row["project_id"], row["project_name"], row["plan"], row["project_created_at"]
        )
        return _key(row), project

    async def keys(self, tx: Transaction, project_id: str | None) -> list[ApiKey]:
        statement = select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id)
        if project_id is not None:
            statement = statement.where(KEYS.c.project_id == project_id)
        return [_key(row) for row in await tx.all(statement)]

    async def revoke(
        self, tx: Transaction, key_id: str, at: int, *, project_id: str | None = None
    ) -> bool:
        statement = update(KEYS).where(KEYS.c.id == key_id, KEYS.c.revoked_at.is_(None))
        if project_id is not None:
            statement = statement.where(KEYS.c.project_id == project_id)
        return bool(await tx.execute(statement.values(revoked_at=at)))
