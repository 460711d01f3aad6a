"""Statements over projects and keys; they never commit."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, or_, select, update

from services.gateway.domain.model import ApiKey, FoundKey, Project, Role
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
        role=Role(row["role"]),
        operator=bool(row["operator"]),
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
        rotated_at=row["rotated_at"],
        previous_until=row["previous_until"],
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

    async def rename_project(self, tx: Transaction, project_id: str, name: str) -> bool:
        taken = await self.project_named(tx, name)
        if taken is not None and taken.id != project_id:
            return False
        return bool(
            await tx.execute(update(PROJECTS).where(PROJECTS.c.id == project_id).values(name=name))
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
                    role=key.role.value,
                    operator=key.operator,
                    expires_at=key.expires_at,
                )
                .on_conflict_do_nothing()
            )
        )

    async def key_by_digest(self, tx: Transaction, digest: str) -> FoundKey | None:
        row = await tx.first(
            select(
                KEYS,
                PROJECTS.c.name.label("project_name"),
                PROJECTS.c.plan,
                PROJECTS.c.created_at.label("project_created_at"),
            )
            .join(PROJECTS, PROJECTS.c.id == KEYS.c.project_id)
            .where(or_(KEYS.c.hash == digest, KEYS.c.previous_hash == digest))
            .order_by(KEYS.c.id)
        )
        if row is None:
            return None
        project = Project(
            row["project_id"], row["project_name"], row["plan"], row["project_created_at"]
        )
        return FoundKey(_key(row), project, replaced=row["hash"] != digest)

    async def key(
        self, tx: Transaction, key_id: str, *, project_id: str | None = None
    ) -> ApiKey | None:
        statement = select(KEYS).where(KEYS.c.id == key_id)
        if project_id is not None:
            statement = statement.where(KEYS.c.project_id == project_id)
        row = await tx.first(statement)
        return None if row is None else _key(row)

    async def save_key(self, tx: Transaction, key: ApiKey) -> None:
        await tx.execute(
            update(KEYS)
            .where(KEYS.c.id == key.id)
            .values(
                name=key.name,
                role=key.role.value,
                operator=key.operator,
                expires_at=key.expires_at,
                revoked_at=key.revoked_at,
            )
        )

    async def rotate_key(self, tx: Transaction, key: ApiKey, digest: str) -> None:
        # The right side of an assignment is the row as it was.
        await tx.execute(
            update(KEYS)
            .where(KEYS.c.id == key.id)
            .values(
                previous_hash=KEYS.c.hash,
                previous_until=key.previous_until,
                hash=digest,
                hint=key.hint,
                rotated_at=key.rotated_at,
            )
        )

    async def mark_used(self, tx: Transaction, used: Mapping[str, int]) -> None:
        at = bindparam("used_at", type_=BigInteger)
        await tx.execute(
            update(KEYS)
            .where(
                and_(
                    KEYS.c.id == bindparam("wanted"),
                    or_(KEYS.c.last_used_at.is_(None), KEYS.c.last_used_at < at),
                )
            )
            .values(last_used_at=at),
            [{"wanted": key_id, "used_at": time} for key_id, time in sorted(used.items())],
        )

    async def keys(self, tx: Transaction, project_id: str | None) -> list[ApiKey]:
        statement = select(KEYS).order_by(KEYS.c.created_at, KEYS.c.id)
        if project_id is not None:
            statement = statement.where(KEYS.c.project_id == project_id)
        return [_key(row) for row in await tx.all(statement)]
