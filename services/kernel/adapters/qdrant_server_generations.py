"""Generations as collections `<prefix>-g0001`; the aliases `<prefix>` and `<prefix>-previous`
name the one that serves and the one before, and switch in one call.
"""

from collections.abc import Sequence

from qdrant_client import AsyncQdrantClient, models

from services.kernel.adapters.qdrant_generations import (
    ServingIndex,
    identity_from,
    identity_to,
    next_name,
    number_of,
    refuse_mismatch,
)
from services.kernel.adapters.qdrant_server import (
    QdrantServerIndex,
    check_corpus_idf,
    create_collection,
    server_errors,
)
from services.kernel.contracts.errors import Conflict, DependencyUnavailable, NotFound
from services.kernel.ports.generations import Generation
from services.kernel.ports.index import Identity, Index


class ServerGenerations:
    """`Generations` on one server. The client is closed with it."""

    def __init__(self, client: AsyncQdrantClient, prefix: str = "memloom") -> None:
        self._client = client
        self.prefix = prefix
        self._opened: dict[str, Generation] = {}
        self._checked = False

    async def ensure(self, identity: Identity) -> Generation:
        await self._check_once()
        found = await self.current()
        if found is None:
            made = await self.create(identity)
            await self.activate(made.name)
            found = await self.get(made.name)
        refuse_mismatch(found.identity, identity)
        return found

    async def current(self) -> Generation | None:
        return await self._pointed(self.prefix)

    async def previous(self) -> Generation | None:
        return await self._pointed(self._previous_alias)

    async def names(self) -> Sequence[str]:
        async with server_errors():
            collections = (await self._client.get_collections()).collections
        start = f"{self.prefix}-"
        found = [
            entry.name.removeprefix(start)
            for entry in collections
            if entry.name.startswith(start)
            and number_of(entry.name.removeprefix(start)) is not None
        ]
        return sorted(found, key=lambda name: number_of(name) or 0)

    async def get(self, name: str) -> Generation:
        if name not in self._opened:
            identity = await self._identity(name)
            index = await QdrantServerIndex.open(
                self._client, self._collection(name), dimension=identity.dimension
            )
            self._opened[name] = Generation(name, identity, index)
        return self._opened[name]

    async def create(self, identity: Identity) -> Generation:
        await self._check_once()
        pointed = await self._aliases()
        names = await self.names()
        for name in names:
            unfinished = self._collection(name) not in pointed.values()
            if unfinished and await self._identity(name) == identity:
                return await self.get(name)
        name = next_name(names)
        try:
            async with server_errors():
                await create_collection(
                    self._client,
                    self._collection(name),
                    dimension=identity.dimension or None,
                    metadata={"identity": identity_to(identity)},
                )
        except DependencyUnavailable:
            # Another process may have been a moment earlier: then it is there, and the same.
            if name not in await self.names() or await self._identity(name) != identity:
                raise
        return await self.get(name)

    async def activate(self, name: str) -> None:
        await self.get(name)
        current = (await self._aliases()).get(self.prefix)
        if current != self._collection(name):
            await self._point(current=self._collection(name), previous=current)

    async def roll_back(self) -> Generation:
        aliases = await self._aliases()
        previous = aliases.get(self._previous_alias)
        if previous is None:
            raise NotFound("There is no earlier generation of the index to go back to.")
        await self._point(current=previous, previous=aliases.get(self.prefix))
        return await self.get(self._name(previous))

    async def drop(self, name: str) -> None:
        if (await self._aliases()).get(self.prefix) == self._collection(name):
            raise Conflict(f"Generation {name} serves: activate another one first.")
        self._opened.pop(name, None)
        async with server_errors():  # its aliases go with it
            await self._client.delete_collection(self._collection(name))

    def serving(self) -> Index:
        return ServingIndex(self._serving_index)

    async def close(self) -> None:
        self._opened.clear()
        async with server_errors():
            await self._client.close()

    @property
    def _previous_alias(self) -> str:
        return f"{self.prefix}-previous"

    def _collection(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def _name(self, collection: str) -> str:
        return collection.removeprefix(f"{self.prefix}-")

    async def _check_once(self) -> None:
        if not self._checked:
            await check_corpus_idf(self._client)
            self._checked = True

    async def _serving_index(self) -> Index:
        """By alias, so that a switch made by another process is followed without asking."""
        serving = self._opened.get(self.prefix)
        if serving is None:
            found = await self.current()
            if found is None:
                raise NotFound("The index has no generation yet.")
            index = await QdrantServerIndex.open(
                self._client, self.prefix, dimension=found.identity.dimension
            )
            serving = self._opened[self.prefix] = Generation(found.name, found.identity, index)
        return serving.index

    async def _pointed(self, alias: str) -> Generation | None:
        collection = (await self._aliases()).get(alias)
        return None if collection is None else await self.get(self._name(collection))

    async def _identity(self, name: str) -> Identity:
        collection = self._collection(name)
        async with server_errors():
            if not await self._client.collection_exists(collection):
                raise NotFound(f"The index has no generation {name}.")
            metadata = (await self._client.get_collection(collection)).config.metadata or {}
        return identity_from(dict(metadata.get("identity", {})))

    async def _aliases(self) -> dict[str, str]:
        async with server_errors():
            listed = (await self._client.get_aliases()).aliases
        ours = (self.prefix, self._previous_alias)
        return {
            entry.alias_name: entry.collection_name for entry in listed if entry.alias_name in ours
        }

    async def _point(self, *, current: str, previous: str | None) -> None:
        existing = await self._aliases()
        wanted = {self.prefix: current} | ({self._previous_alias: previous} if previous else {})
        gone = [
            models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=alias))
            for alias in existing
        ]
        made = [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(alias_name=alias, collection_name=collection)
            )
            for alias, collection in wanted.items()
        ]
        async with server_errors():
            await self._client.update_collection_aliases([*gone, *made])
        self._opened.pop(self.prefix, None)
