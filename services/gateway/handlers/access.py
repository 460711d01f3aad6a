"""Who calls, and what an operator changes about keys, projects and plans."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from services.gateway.domain import keys
from services.gateway.domain.audit import COMMAND_LINE, Actor
from services.gateway.domain.model import ApiKey, FoundKey, KnowledgeBase, Project, Role
from services.gateway.domain.plans import Plan, Plans
from services.gateway.handlers.audit import AuditTrail
from services.gateway.handlers.calls import Call
from services.gateway.handlers.ports import CatalogueStore, KeyStore
from services.kernel.contracts.errors import Code, Conflict, InvalidInput, NotFound, Unauthorized
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database, Transaction

DEFAULT_PROJECT: Final = "default"
_TRUST_MS: Final = 1000
_MOST_KNOWN: Final = 10_000
_LONGEST_NAME: Final = 200

Guard = Callable[[ApiKey], None]
"""Refuses a key that the caller may not change."""


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a new key may do, and until when (epoch milliseconds, None for ever)."""

    role: Role = Role.ADMIN
    operator: bool = False
    expires_at: int | None = None


_FULL: Final = KeyTerms()


class Access:
    """Checks keys, and remembers for a second those that were good; keeps keys and projects."""

    def __init__(
        self,
        *,
        database: Database,
        store: KeyStore,
        catalogue: CatalogueStore,
        audit: AuditTrail,
        plans: Plans,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._catalogue = catalogue
        self._audit = audit
        self._plans = plans
        self._clock = clock
        self._known: dict[str, tuple[float, Call]] = {}
        self._used: dict[str, int] = {}

    async def authenticate(self, header: str | None) -> Call:
        """The call of an `Authorization` header; Unauthorized (KEY_REQUIRED, KEY_INVALID).

        A key that was good is taken for good during one second more: another process that revokes
        it is heard that late, this one at once.
        """
        digest = keys.digest(keys.from_header(header))
        now = self._clock.monotonic()
        until, known = self._known.get(digest) or (0.0, None)
        if known is None or now >= until:
            trusted_ms, known = await self._look_up(digest)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[digest] = (now + trusted_ms / 1000, known)
        self._used[known.key_id] = self._clock.now_ms()
        return known

    async def _look_up(self, digest: str) -> tuple[int, Call]:
        """The call of an accepted key, and for how many milliseconds it may be trusted."""
        async with self._database.read() as tx:
            found = await self._store.key_by_digest(tx, digest)
        if found is None:
            raise Unauthorized(
                "the API key is not valid or was revoked; ask your operator for a new one",
                code=Code.KEY_INVALID,
            )
        now = self._clock.now_ms()
        call = _call(found)
        try:
            keys.check_accepted(found, now)
        except Unauthorized as error:
            self._audit.refuse(found.project.id, call.actor, "authenticate", error)
            raise
        until = keys.accepted_until(found)
        return (_TRUST_MS if until is None else min(_TRUST_MS, until - now)), call

    def forget(self) -> None:
        """Look every key up anew: something about keys or projects changed."""
        self._known.clear()

    async def flush_use(self) -> None:
        """Write when keys were used last, for all that were since the last time."""
        used, self._used = self._used, {}
        if not used:
            return
        written = False
        try:
            async with self._database.write() as tx:
                await self._store.mark_used(tx, used)
            written = True
        finally:
            if not written:
                self._used = used | self._used

    async def bootstrap(self, key: str | None, plan: str) -> str | None:
        """Make the default project and its first key, where there is none yet; that key is an
        operator's. Returns the key that was generated (it is shown this once), None where one was
        given or is there already.
        """
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            name = self._plans.named(plan).name
            await self._store.add_project(tx, Project(DEFAULT_PROJECT, DEFAULT_PROJECT, name, now))
            present = await self._store.keys(tx, None)
            if key is None and present:
                return None
            made = key or keys.new_key()
            await self._ensure_operator(tx, made, now)
        return None if key is not None else made

    async def _ensure_operator(self, tx: Transaction, key: str, now: int) -> None:
        found = await self._store.key_by_digest(tx, keys.digest(key))
        if found is None:
            entry = new_entry(DEFAULT_PROJECT, key, "bootstrap", now)
            await self._store.add_key(tx, replace(entry, operator=True), keys.digest(key))
        elif found.key.project_id == DEFAULT_PROJECT and not found.key.operator:
            await self._store.save_key(tx, replace(found.key, role=Role.ADMIN, operator=True))

    async def create_key(
        self,
        *,
        project: str = DEFAULT_PROJECT,
        name: str = "",
        plan: str | None = None,
        terms: KeyTerms = _FULL,
    ) -> tuple[ApiKey, str]:
        """A new key of the project of that name (made on `plan`, else on the default plan, where
        there is none); the key itself is returned this once. Conflict where the project is there
        and on another plan than `plan`.
        """
        if not project.strip():
            raise InvalidInput("a project needs a name")
        async with self._database.write() as tx:
            found = await self._store.project_named(tx, project)
            if found is None:
                found = await self._add_project(tx, project, plan, COMMAND_LINE)
            elif plan is not None and self._plans.named(plan).name != found.plan:
                raise Conflict(
                    f"the project {project!r} is there already, on the plan {found.plan}; nothing "
                    f"was made. Leave --plan out, or change the plan first: "
                    f"memloom plans set {project} {plan}"
                )
            return await self._add_key(tx, found.id, name, terms, COMMAND_LINE)

    async def add_key(
        self, project_id: str, name: str, terms: KeyTerms, actor: Actor
    ) -> tuple[ApiKey, str]:
        """A further key of a project; the key itself is returned this once."""
        async with self._database.write() as tx:
            return await self._add_key(tx, project_id, name, terms, actor)

    async def _add_key(
        self, tx: Transaction, project_id: str, name: str, terms: KeyTerms, actor: Actor
    ) -> tuple[ApiKey, str]:
        now = self._clock.now_ms()
        keys.check_expiry(terms.expires_at, now)
        made = keys.new_key()
        entry = replace(
            new_entry(project_id, made, name, now),
            role=terms.role,
            operator=terms.operator,
            expires_at=terms.expires_at,
        )
        if not await self._store.add_key(tx, entry, keys.digest(made)):
            raise Conflict("the key was drawn twice; try again")
        await self._audit.record(
            tx, project_id, actor, "key.create", targets=[f"key:{entry.id}"], detail=_terms(entry)
        )
        return entry, made

    async def list_keys(self, *, project_id: str | None = None) -> list[ApiKey]:
        """Keys of a project, or of all; never the keys themselves."""
        await self.flush_use()
        async with self._database.read() as tx:
            return await self._store.keys(tx, project_id)

    async def revoke_key(
        self,
        key_id: str,
        *,
        project_id: str | None = None,
        force: bool = False,
        actor: Actor = COMMAND_LINE,
        guard: Guard = lambda _: None,
    ) -> None:
        """From now on it is refused. NotFound for an unknown or revoked one; Conflict for the
        last active admin key of its project, unless forced.
        """
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            key = await self._changeable(tx, key_id, project_id, guard)
            # Two revocations at once must not each count on the other's key.
            await self._store.lock_project(tx, key.project_id)
            if not force:
                others = await self._store.keys(tx, key.project_id)
                keys.check_leaves_admin(key, others, now)
            await self._store.save_key(tx, replace(key, revoked_at=now))
            await self._audit.record(
                tx,
                key.project_id,
                actor,
                "key.revoke",
                targets=[f"key:{key.id}"],
                detail="forced" if force else "",
            )
        self.forget()

    async def rotate_key(
        self,
        key_id: str,
        *,
        overlap_ms: int,
        project_id: str | None = None,
        actor: Actor = COMMAND_LINE,
        guard: Guard = lambda _: None,
    ) -> tuple[ApiKey, str]:
        """A new secret for the key, returned this once; the old one works for `overlap_ms` more,
        one that an earlier rotation replaced no longer. NotFound, Conflict for an expired key.
        """
        now = self._clock.now_ms()
        made = keys.new_key()
        async with self._database.write() as tx:
            key = await self._changeable(tx, key_id, project_id, guard)
            if not key.is_active(now):
                raise Conflict(f"the key {key_id!r} has expired; make a new one")
            rotated = replace(
                key, hint=keys.hint(made), rotated_at=now, previous_until=now + overlap_ms
            )
            await self._store.rotate_key(tx, rotated, keys.digest(made))
            await self._audit.record(
                tx,
                key.project_id,
                actor,
                "key.rotate",
                targets=[f"key:{key.id}"],
                detail=f"the old secret works until {keys.moment(rotated.previous_until)}",
            )
        self.forget()
        return rotated, made

    async def rename_key(
        self,
        key_id: str,
        name: str,
        *,
        project_id: str | None = None,
        actor: Actor = COMMAND_LINE,
        guard: Guard = lambda _: None,
    ) -> ApiKey:
        """Give the key another name; NotFound."""
        async with self._database.write() as tx:
            key = await self._changeable(tx, key_id, project_id, guard)
            renamed = replace(key, name=name)
            await self._store.save_key(tx, renamed)
            await self._audit.record(
                tx, key.project_id, actor, "key.rename", targets=[f"key:{key.id}"]
            )
        self.forget()
        return renamed

    async def _changeable(
        self, tx: Transaction, key_id: str, project_id: str | None, guard: Guard
    ) -> ApiKey:
        key = await self._store.key(tx, key_id, project_id=project_id)
        if key is None or key.revoked_at is not None:
            raise NotFound(f"there is no active key {key_id!r}")
        guard(key)
        return key

    async def list_projects(self) -> list[Project]:
        """All projects."""
        async with self._database.read() as tx:
            return await self._store.projects(tx)

    async def one_project(self, project_id: str) -> Project:
        """The project of that id; NotFound."""
        async with self._database.read() as tx:
            found = await self._store.project(tx, project_id)
        if found is None:
            raise NotFound(f"there is no project {project_id!r}")
        return found

    async def create_project(
        self, name: str, plan: str | None = None, *, actor: Actor = COMMAND_LINE
    ) -> Project:
        """A new project without keys; Conflict where there is one of that name."""
        if not name.strip():
            raise InvalidInput("a project needs a name")
        async with self._database.write() as tx:
            return await self._add_project(tx, name, plan, actor)

    async def _add_project(
        self, tx: Transaction, name: str, plan: str | None, actor: Actor
    ) -> Project:
        if len(name) > _LONGEST_NAME:
            raise InvalidInput(f"a project's name may have {_LONGEST_NAME} characters")
        chosen = self._plans.default if plan is None else self._plans.named(plan)
        made = Project(uuid4().hex, name, chosen.name, self._clock.now_ms())
        if not await self._store.add_project(tx, made):
            raise Conflict(f"there is a project {name!r} already; choose another name")
        await self._audit.record(
            tx, made.id, actor, "project.create", detail=f"{name} on {chosen.name}"
        )
        return made

    async def rename_project(
        self, project: str, name: str, *, actor: Actor = COMMAND_LINE
    ) -> Project:
        """Give a project, found by name or id, another name; NotFound, Conflict."""
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise InvalidInput(f"a project's name needs 1 to {_LONGEST_NAME} characters")
        async with self._database.write() as tx:
            found = await self._project(tx, project)
            if not await self._store.rename_project(tx, found.id, name):
                raise Conflict(f"there is a project {name!r} already; choose another name")
            await self._audit.record(
                tx, found.id, actor, "project.rename", detail=f"{found.name} to {name}"
            )
        self.forget()
        return replace(found, name=name)

    async def set_plan(self, project: str, plan: str, *, actor: Actor = COMMAND_LINE) -> Project:
        """Put the project of that name or id on another plan. Nothing is deleted; where usage no
        longer fits, creating and uploading are refused until it does.
        """
        chosen = self._plans.named(plan)
        async with self._database.write() as tx:
            found = await self._project(tx, project)
            await self._store.set_plan(tx, found.id, chosen.name)
            await self._audit.record(
                tx, found.id, actor, "project.plan", detail=f"{found.plan} to {chosen.name}"
            )
        self.forget()
        return replace(found, plan=chosen.name)

    async def _project(self, tx: Transaction, name_or_id: str) -> Project:
        found = await self._store.project(tx, name_or_id)
        found = found or await self._store.project_named(tx, name_or_id)
        if found is None:
            raise NotFound(f"there is no project {name_or_id!r}")
        return found

    def offered_plans(self) -> list[Plan]:
        """The plans that are offered."""
        return self._plans.all()

    async def usage(self, project_id: str) -> tuple[Project, list[KnowledgeBase], int]:
        """The project with its knowledge bases, their documents and bytes, and the bytes of the
        files in its messages.
        """
        async with self._database.read() as tx:
            project = await self._store.project(tx, project_id)
            if project is None:
                raise NotFound("the project is gone", code=Code.BAD_PROJECT)
            bases = await self._catalogue.usage(tx, project_id)
            return project, bases, await self._catalogue.message_file_bytes(tx, project_id)


def new_entry(project_id: str, key: str, name: str, now: int) -> ApiKey:
    """The row of a key with all defaults."""
    return ApiKey(
        id=uuid4().hex[:16], project_id=project_id, name=name, hint=keys.hint(key), created_at=now
    )


def _call(found: FoundKey) -> Call:
    key = found.key
    return Call(
        project=found.project,
        key_id=key.id,
        role=key.role,
        key_name=key.name,
        operator=key.operator,
    )


def _terms(key: ApiKey) -> str:
    role = "operator" if key.operator else key.role.value
    until = "" if key.expires_at is None else f" until {keys.moment(key.expires_at)}"
    return f"{role}{until}"
