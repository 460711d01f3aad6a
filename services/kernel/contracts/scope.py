"""What a caller may see, and the only way to build an index filter.

`Scope` is made by the gateway from the key; the memorizer makes one for its own writes.
Nothing else may construct a `Condition`: the isolation of projects rests on it, and
`tests/architecture` refuses it elsewhere. Adapters only translate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue

from services.kernel.contracts.records import Kind, Owner, OwnerType, Status

Scalar = str | int | float | bool
Operator = Literal["any_of", "gte", "gt", "lte", "lt"]


def info_values(info: Mapping[str, JsonValue], path: str) -> list[Scalar]:
    """Return what `info` holds at a path: a key, or keys of objects within joined by dots; the
    scalars of a list each.
    """
    found: list[Scalar] = []
    for key, value in info.items():
        if key == path and not isinstance(value, Mapping):
            many = value if isinstance(value, list) else [value]
            found += [one for one in many if isinstance(one, str | int | float | bool)]
        elif isinstance(value, Mapping) and path.startswith(f"{key}."):
            found += info_values(value, path[len(key) + 1 :])
    return found


def is_among(value: Scalar, wanted: Sequence[Scalar]) -> bool:
    """Whether the value equals one of these; truth values equal no numbers."""
    truth = isinstance(value, bool)
    return any(value == other and truth is isinstance(other, bool) for other in wanted)


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one payload field. `any_of` takes a tuple; a list field matches by any entry."""

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class IndexFilter:
    """must: all hold. must_not: none holds. any_of: where not empty, at least one group (each a
    filter of its own) holds; `none_of`: no group holds. An adapter translates it; only `Scope`
    builds it.
    """

    must: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()
    any_of: tuple["IndexFilter", ...] = ()
    none_of: tuple["IndexFilter", ...] = ()


class Clause(BaseModel):
    """One condition of the API's filter language, already validated by the gateway.

    field: an index payload field (`tags`, `created_at`, `info.scene`, `app_id`, ...).
    """

    model_config = ConfigDict(frozen=True)

    field: str
    operator: Operator
    values: tuple[Scalar, ...]


class Clauses(BaseModel):
    """Conditions joined by `and` or by `or`; empty means no extra condition."""

    model_config = ConfigDict(frozen=True)

    mode: Literal["and", "or"] = "and"
    clauses: tuple[Clause, ...] = ()


class RemovedOwner(BaseModel):
    """A removal of all that an owner had: what stands before `sequence` in the store's order, and
    what has no place in it. A removal without a place (sequence 0, made before there was an order)
    covers what has none either and was created up to `removed_at` (ms).
    """

    model_config = ConfigDict(frozen=True)

    owner: Owner
    removed_at: int
    sequence: int = 0

    def covers(self, *, sequence: int, created_at: int) -> bool:
        """Whether what was written there belongs to what was removed. No clock decides where the
        removal has a place in the order.
        """
        if self.sequence:
            return sequence <= self.sequence
        return not sequence and created_at <= self.removed_at


class Scope(BaseModel):
    """What one search may see.

    subject: the user or agent who asks (None: nobody's personal memory). knowledgebase_ids:
    live and linked, resolved at this moment. hidden_documents, hidden_records, removed_owners:
    tombstones that the memorizer has not confirmed yet. user_filter, agent..., by source.
    lenders: other projects that own some of the knowledge bases; of theirs, nothing but these
    knowledge bases is seen.
    """

    model_config = ConfigDict(frozen=True)

    project_id: str
    subject: Owner | None = None
    knowledgebase_ids: tuple[str, ...] = ()
    include_public: bool = True
    hidden_documents: tuple[str, ...] = ()
    hidden_records: tuple[UUID, ...] = ()
    removed_owners: tuple[RemovedOwner, ...] = ()
    subject_filter: Clauses = Clauses()
    public_filter: Clauses = Clauses()
    knowledgebase_filter: Clauses = Clauses()
    lenders: tuple[str, ...] = ()

    def personal(self, kinds: Sequence[Kind] | None = None) -> IndexFilter | None:
        """Memories of the subject and the project's public ones; None where there are neither."""
        groups: list[IndexFilter] = []
        if self.subject is not None:
            groups.append(self._side([self.subject.key], self.subject_filter))
        if self.include_public:
            groups.append(self._side([Owner(type=OwnerType.PUBLIC).key], self.public_filter))
        return self._within(groups, kinds) if groups else None

    def knowledge(
        self,
        kinds: Sequence[Kind] | None = None,
        *,
        documents: Sequence[str] | None = None,
        correcting: Sequence[str] | None = None,
    ) -> IndexFilter | None:
        """Memories of the knowledge bases; where given, of these documents only, or corrections
        of these documents only. None where no knowledge base is searched.
        """
        if not self.knowledgebase_ids:
            return None
        owners = [
            Owner(type=OwnerType.KNOWLEDGE_BASE, id=identifier).key
            for identifier in self.knowledgebase_ids
        ]
        projects = (self.project_id, *self.lenders)
        found = self._within([self._side(owners, self.knowledgebase_filter)], kinds, projects)
        extra = [
            Condition(field, "any_of", tuple(named))
            for field, named in (("document_id", documents), ("corrects", correcting))
            if named is not None
        ]
        return replace(found, must=(*found.must, *extra))

    def corpus(self, side: Literal["personal", "knowledge"]) -> IndexFilter | None:
        """What IDF is counted over: the same owners without the caller's extra conditions."""
        bare = self.model_copy(
            update={
                "subject_filter": Clauses(),
                "public_filter": Clauses(),
                "knowledgebase_filter": Clauses(),
                "hidden_documents": (),
                "hidden_records": (),
                "removed_owners": (),
            }
        )
        return bare.personal() if side == "personal" else bare.knowledge()

    def document(self, document_id: str) -> IndexFilter:
        """All that the index holds of one document of this project."""
        return IndexFilter(
            must=(self._project(), Condition("document_id", "any_of", (document_id,)))
        )

    def owner(self, owner: Owner) -> IndexFilter:
        """All that the index holds of one owner."""
        return IndexFilter(must=(self._project(), Condition("owner", "any_of", (owner.key,))))

    @staticmethod
    def everything() -> IndexFilter:
        """All that an index holds, of every project; for those who keep it whole, never for a
        caller.
        """
        return IndexFilter()

    def removed(self, gone: RemovedOwner) -> tuple[IndexFilter, ...]:
        """What a removal covers, in groups: the owner's own memories, and the shared ones that were
        made of its messages. Corrections belong to their knowledge base and stay.
        """
        owner = gone.owner
        own = Condition("owner", "any_of", (owner.key,))
        if owner.type is OwnerType.USER:  # points that were written before `author` have this one
            shared = Condition("user_id", "any_of", (owner.id,))
        else:
            shared = Condition("author", "any_of", (owner.key,))
        corrections = Condition("kind", "any_of", (Kind.CORRECTION.value,))
        until = () if gone.sequence else (Condition("created_at", "lte", gone.removed_at),)
        # A point without a place in the order has no such field: it is before all that have one.
        later = Condition("sequence", "gt", gone.sequence)
        return (
            IndexFilter(must=(self._project(), own, *until), must_not=(later,)),
            IndexFilter(must=(self._project(), shared, *until), must_not=(later, corrections)),
        )

    def records(self, ids: Sequence[UUID]) -> IndexFilter:
        """Exactly these records, if they belong to this project."""
        return IndexFilter(
            must=(
                self._project(),
                Condition("id", "any_of", tuple(str(identifier) for identifier in ids)),
            )
        )

    def _project(self) -> Condition:
        return Condition("project_id", "any_of", (self.project_id,))

    def _side(self, owners: Sequence[str], extra: Clauses) -> IndexFilter:
        tests = tuple(
            Condition(
                clause.field,
                clause.operator,
                clause.values if clause.operator == "any_of" else clause.values[0],
            )
            for clause in extra.clauses
        )
        owned = Condition("owner", "any_of", tuple(owners))
        if extra.mode == "and":
            return IndexFilter(must=(owned, *tests))
        return IndexFilter(must=(owned,), any_of=tuple(IndexFilter(must=(test,)) for test in tests))

    def _within(
        self,
        groups: list[IndexFilter],
        kinds: Sequence[Kind] | None,
        projects: tuple[str, ...] = (),
    ) -> IndexFilter:
        must = [
            Condition("project_id", "any_of", projects) if projects else self._project(),
            Condition("status", "any_of", (Status.ACTIVATED.value,)),
        ]
        if kinds is not None:
            must.append(Condition("kind", "any_of", tuple(kind.value for kind in kinds)))
        must_not: list[Condition] = []
        if self.hidden_documents:
            must_not.append(Condition("document_id", "any_of", self.hidden_documents))
        if self.hidden_records:
            must_not.append(
                Condition(
                    "id", "any_of", tuple(str(identifier) for identifier in self.hidden_records)
                )
            )
        removed = tuple(group for gone in self.removed_owners for group in self.removed(gone))
        return IndexFilter(
            must=tuple(must), must_not=tuple(must_not), any_of=tuple(groups), none_of=removed
        )
