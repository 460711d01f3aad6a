"""Keys, projects and plans."""

from typing import Final
from uuid import uuid4

from services.gateway.domain import keys
from services.gateway.domain.limits import plan_of
from services.gateway.domain.model import ApiKey, KnowledgeBase, Project
from services.gateway.handlers.calls import Call
from services.gateway.handlers.ports import CatalogueStore, KeyStore
from services.kernel.contracts.errors import Code, Conflict, InvalidInput, NotFound, Unauthorized
from services.kernel.ports.clock import Clock
from services.kernel.ports.store import Database

DEFAULT_PROJECT: Final = "default"
_TRUST_SECONDS: Final = 1.0
_MOST_KNOWN: Final = 10_000


class Access:
    """Who may call, and what their project may hold."""

    def __init__(
        self, *, database: Database, store: KeyStore, catalogue: CatalogueStore, clock: Clock
    ) -> None:
        self._database = database
        self._store = store
        self._catalogue = catalogue
        self._clock = clock
        self._known: dict[str, tuple[float, Call]] = {}

    async def authenticate(self, header: str | None) -> Call:
        """The call of an `Authorization` header; Unauthorized (KEY_REQUIRED, KEY_INVALID).

        A key that was good is taken for good during one second more: another process that revokes
        it is heard that late, this one at once.
        """
        digest = keys.digest(keys.from_header(header))
        now = self._clock.monotonic()
        until, known = self._known.get(digest) or (0.0, None)
        if known is not None and now < until:
            return known
        async with self._database.read() as tx:
            found = await self._store.key_by_digest(tx, digest)
        if found is None or found[0].revoked_at is not None:
            raise Unauthorized(
                "the API key is not valid or was revoked; ask your operator for a new one",
                code=Code.KEY_INVALID,
            )
        key, project = found
        call = Call(project=project, key_id=key.id)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = (now + _TRUST_SECONDS, call)
        return call

    async def bootstrap(self, key: str | None, plan: str) -> str | None:
        """Make the default project and its first key, where there is none yet. Returns the key
        that was generated (it is shown this once), None where one was given or is there already.
        """
        now = self._clock.now_ms()
        async with self._database.write() as tx:
            await self._store.add_project(
                tx, Project(DEFAULT_PROJECT, DEFAULT_PROJECT, plan_of(plan).name, now)
            )
            present = await self._store.keys(tx, None)
            if key is None and present:
                return None
            made = key or keys.new_key()
            await self._store.add_key(
                tx, _entry(DEFAULT_PROJECT, made, "bootstrap", now), keys.digest(made)
            )
        return None if key is not None else made

    async def create_key(
        self, *, project: str = DEFAULT_PROJECT, name: str = "", plan: str | None = None
    ) -> tuple[ApiKey, str]:
        """A new key of the project of that name (made on `plan`, default free, where there is
        none); the key itself is returned this once.
        """
        if not project.strip():
            raise InvalidInput("a project needs a name")
        now = self._clock.now_ms()
        made = keys.new_key()
        async with self._database.write() as tx:
            found = await self._store.project_named(tx, project)
            if found is None:
                found = Project(uuid4().hex, project, plan_of(plan or "free").name, now)
                await self._store.add_project(tx, found)
            entry = _entry(found.id, made, name, now)
            if not await self._store.add_key(tx, entry, keys.digest(made)):
                raise Conflict("the key was drawn twice; try again")
        return entry, made

    async def list_keys(self, *, project_id: str | None = None) -> list[ApiKey]:
        """Keys of a project, or of all; never the keys themselves."""
        async with self._database.read() as tx:
            return await self._store.keys(tx, project_id)

    async def revoke_key(self, key_id: str, *, project_id: str | None = None) -> None:
        """From now on it is refused; NotFound for an unknown or revoked one."""
        async with self._database.write() as tx:
            if not await self._store.revoke(
                tx, key_id, self._clock.now_ms(), project_id=project_id
            ):
                raise NotFound(f"there is no active key {key_id!r}")
        self._known.clear()

    async def list_projects(self) -> list[Project]:
        """All projects."""
        async with self._database.read() as tx:
            return await self._store.projects(tx)

    async def set_plan(self, project: str, plan: str) -> Project:
        """Put the project of that name on another plan. Nothing is deleted; where usage no longer
        fits, creating and uploading are refused until it does.
        """
        async with self._database.write() as tx:
            found = await self._store.project_named(tx, project)
            if found is None:
                raise NotFound(f"there is no project {project!r}")
            await self._store.set_plan(tx, found.id, plan_of(plan).name)
        self._known.clear()
        return Project(found.id, found.name, plan, found.created_at)

    async def usage(self, project_id: str) -> tuple[Project, list[KnowledgeBase]]:
        """The project with its knowledge bases, their documents and bytes."""
        async with self._database.read() as tx:
            project = await self._store.project(tx, project_id)
            if project is None:
                raise NotFound("the project is gone", code=Code.BAD_PROJECT)
            return project, await self._catalogue.usage(tx, project_id)


def _entry(project_id: str, key: str, name: str, now: int) -> ApiKey:
    return ApiKey(
        id=uuid4().hex[:16], project_id=project_id, name=name, hint=keys.hint(key), created_at=now
    )
