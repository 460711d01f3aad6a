"""The queue's tables and statements. Synchronous; every function is one piece of a transaction.

A lane is what one group has not handled yet of one key: it is leased as a whole, so its records
are handled one at a time and in order, by whichever process. `ready_at` is when the lane may be
taken: at once, after a wait, or when the lease that is on it has run out.
"""

import json
import sqlite3
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.kernel.contracts.errors import InvalidInput, NotFound
from services.kernel.contracts.telemetry import PROJECT
from services.kernel.contracts.topics import Topic
from services.kernel.contracts.verdicts import SetAside
from services.kernel.ports.bus import DeadLetter, IncomingRecord, OutgoingRecord

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, key TEXT NOT NULL,
  value BLOB NOT NULL, headers TEXT NOT NULL, published_at INTEGER NOT NULL, only_group TEXT);
CREATE INDEX IF NOT EXISTS messages_by_age ON messages (topic, published_at);
CREATE TABLE IF NOT EXISTS lanes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, consumer TEXT NOT NULL,
  key TEXT NOT NULL, ready_at INTEGER NOT NULL, owner TEXT, lease INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0, project TEXT NOT NULL DEFAULT '',
  UNIQUE (consumer, topic, key));
CREATE INDEX IF NOT EXISTS lanes_by_time ON lanes (consumer, topic, ready_at, id);
CREATE INDEX IF NOT EXISTS lanes_by_owner ON lanes (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS pending (
  lane INTEGER NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (lane, message)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_by_message ON pending (message);
CREATE TABLE IF NOT EXISTS readers (
  topic TEXT NOT NULL, consumer TEXT NOT NULL, PRIMARY KEY (topic, consumer)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (
  id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, consumer TEXT NOT NULL,
  key TEXT NOT NULL, value BLOB NOT NULL, headers TEXT NOT NULL, cause TEXT NOT NULL,
  code INTEGER NOT NULL, attempts INTEGER NOT NULL, origin TEXT NOT NULL,
  set_aside_at INTEGER NOT NULL);
"""
# Lanes know their project, so that no project's lanes keep another's waiting.
_FAIR: Final = """
CREATE INDEX IF NOT EXISTS lanes_by_project ON lanes (consumer, topic, project, ready_at, id);
CREATE INDEX IF NOT EXISTS lanes_held ON lanes (consumer, topic, project) WHERE owner IS NOT NULL;
"""
CLEANUP_BATCH: Final = 1000


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that is ours until the lease ends, with the record at its head."""

    lane: int
    lease: int
    message: int
    record: IncomingRecord


def _headers(headers: Mapping[str, bytes]) -> str:
    return json.dumps({name: b64encode(value).decode() for name, value in headers.items()})


def _parse_headers(text: str) -> dict[str, bytes]:
    return {name: b64decode(value) for name, value in json.loads(text).items()}


def know_readers(connection: sqlite3.Connection, catalogue: Iterable[Topic], now: int) -> None:
    """A group that is new to this file reads what is still kept, from the earliest on."""
    _know_projects(connection)
    known = set(connection.execute("SELECT topic, consumer FROM readers"))
    for topic in catalogue:
        for consumer in topic.readers:
            if (topic.name, consumer) in known:
                continue
            connection.execute("INSERT INTO readers VALUES (?, ?)", (topic.name, consumer))
            rows = connection.execute(
                "SELECT id, key, headers FROM messages WHERE topic = ? AND only_group IS NULL"
                " ORDER BY id",
                (topic.name,),
            ).fetchall()
            for message, key, headers in rows:
                project = _project(_parse_headers(headers))
                lane = (topic.name, consumer, key, project)
                _enqueue(connection, lane, message=message, now=now)


def _know_projects(connection: sqlite3.Connection) -> None:
    """A file that an earlier release made gets the column and its indexes."""
    columns = {row[1] for row in connection.execute("PRAGMA table_info(lanes)")}
    if "project" not in columns:
        connection.execute("ALTER TABLE lanes ADD COLUMN project TEXT NOT NULL DEFAULT ''")
    for statement in _FAIR.strip().splitlines():
        connection.execute(statement)


def _project(headers: Mapping[str, bytes]) -> str:
    return headers.get(PROJECT, b"").decode("utf-8", "replace")


def publish(
    connection: sqlite3.Connection,
    readers: Mapping[str, Sequence[str]],
    records: Sequence[OutgoingRecord],
    now: int,
) -> None:
    """Store the records and hand each to every group of its topic."""
    for record in records:
        if record.topic not in readers:
            raise InvalidInput(f"{record.topic!r} is not a topic of the catalogue")
        _store(connection, record, readers[record.topic], now, only=None)


def _store(
    connection: sqlite3.Connection,
    record: OutgoingRecord,
    consumers: Sequence[str],
    now: int,
    *,
    only: str | None,
) -> None:
    message = connection.execute(
        "INSERT INTO messages (topic, key, value, headers, published_at, only_group)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (record.topic, record.key, record.value, _headers(record.headers), now, only),
    ).lastrowid
    assert message is not None  # noqa: S101 - an insert has a row id
    project = _project(record.headers)
    for consumer in consumers:
        lane = (record.topic, consumer, record.key, project)
        _enqueue(connection, lane, message=message, now=now)


def _enqueue(
    connection: sqlite3.Connection, of: tuple[str, str, str, str], *, message: int, now: int
) -> None:
    """of: topic, consumer, key and project of the lane."""
    (lane,) = connection.execute(
        "INSERT INTO lanes (topic, consumer, key, project, ready_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (consumer, topic, key) DO UPDATE SET key = key RETURNING id",
        (*of, now),
    ).fetchone()
    connection.execute("INSERT INTO pending (lane, message) VALUES (?, ?)", (lane, message))


def claim(
    connection: sqlite3.Connection,
    topic: str,
    consumer: str,
    *,
    owner: str,
    now: int,
    until: int,
    share: int = sys.maxsize,
) -> Claim | int | None:
    """Of the project with the fewest lanes in work, the lane that has waited longest; else when
    the next one may be taken; else None. share: how many lanes of a project this owner may hold.
    """
    chosen = _next_project(connection, topic, consumer, owner=owner, now=now, share=share)
    row = None
    if chosen is not None:
        row = connection.execute(
            "UPDATE lanes SET owner = ?, lease = lease + 1, ready_at = ?, tries = tries + 1"
            " WHERE id = (SELECT id FROM lanes WHERE consumer = ? AND topic = ? AND project = ?"
            " AND ready_at <= ? ORDER BY ready_at, id LIMIT 1) RETURNING id, lease, tries",
            (owner, until, consumer, topic, chosen, now),
        ).fetchone()
    if row is None:
        # Lanes that are ready belong to projects that have their share: they wake who waits.
        (ready_at,) = connection.execute(
            "SELECT min(ready_at) FROM lanes WHERE consumer = ? AND topic = ? AND ready_at > ?",
            (consumer, topic, now),
        ).fetchone()
        return None if ready_at is None else int(ready_at)
    lane, lease, tries = row
    return _head(connection, lane, lease, tries, consumer)


# Steps from one project to the next by the index: as many steps as projects, not lanes.
_PROJECTS: Final = """
WITH RECURSIVE projects (project) AS (
  SELECT min(project) FROM lanes WHERE consumer = :consumer AND topic = :topic
  UNION ALL
  SELECT (SELECT min(l.project) FROM lanes l WHERE l.consumer = :consumer AND l.topic = :topic
          AND l.project > p.project)
  FROM projects p WHERE p.project IS NOT NULL)
SELECT p.project,
  (SELECT count(*) FROM lanes h WHERE h.consumer = :consumer AND h.topic = :topic
   AND h.project = p.project AND h.owner IS NOT NULL AND h.ready_at > :now) AS held,
  (SELECT count(*) FROM lanes h WHERE h.consumer = :consumer AND h.topic = :topic
   AND h.project = p.project AND h.owner = :owner AND h.ready_at > :now) AS own,
  (SELECT min(r.ready_at) FROM lanes r WHERE r.consumer = :consumer AND r.topic = :topic
   AND r.project = p.project AND r.ready_at <= :now) AS ready
FROM projects p WHERE p.project IS NOT NULL
"""


def _next_project(
    connection: sqlite3.Connection, topic: str, consumer: str, *, owner: str, now: int, share: int
) -> str | None:
    rows = connection.execute(
        _PROJECTS, {"consumer": consumer, "topic": topic, "owner": owner, "now": now}
    ).fetchall()
    waiting = [
        (held, ready, project)
        for project, held, own, ready in rows
        if ready is not None and (own < share or not project)
    ]
    return min(waiting)[2] if waiting else None


def _head(
    connection: sqlite3.Connection, lane: int, lease: int, tries: int, consumer: str
) -> Claim | None:
    row = connection.execute(
        "SELECT m.id, m.topic, m.key, m.value, m.headers FROM pending p"
        " JOIN messages m ON m.id = p.message WHERE p.lane = ? ORDER BY p.message LIMIT 1",
        (lane,),
    ).fetchone()
    if row is None:
        connection.execute("DELETE FROM lanes WHERE id = ?", (lane,))
        return None
    message, topic, key, value, headers = row
    record = IncomingRecord(
        topic=topic,
        group=consumer,
        key=key,
        value=value,
        headers=_parse_headers(headers),
        position=f"{topic}@{message}",
        delivery=tries,
    )
    return Claim(lane, lease, message, record)


def _is_ours(connection: sqlite3.Connection, held: Claim, owner: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM lanes WHERE id = ? AND owner = ? AND lease = ?",
        (held.lane, owner, held.lease),
    ).fetchone()
    return found is not None


def advance(
    connection: sqlite3.Connection,
    held: Claim,
    owner: str,
    now: int,
    *,
    until: int | None,
    aside: SetAside | None = None,
) -> Claim | None:
    """The record is done (with `aside`: as a dead letter). Nothing happens if the lease was
    lost. until: keep the lane to then and answer with its next record; None: let it go.
    """
    if not _is_ours(connection, held, owner):
        return None
    if aside is not None:
        record = held.record
        connection.execute(
            "INSERT INTO dead_letters (topic, consumer, key, value, headers, cause, code,"
            " attempts, origin, set_aside_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.topic,
                record.group,
                record.key,
                record.value,
                _headers(record.headers),
                aside.cause,
                aside.code,
                aside.attempts,
                record.position,
                now,
            ),
        )
    connection.execute(
        "DELETE FROM pending WHERE lane = ? AND message = ?", (held.lane, held.message)
    )
    if until is not None:
        connection.execute(
            "UPDATE lanes SET ready_at = ?, tries = 1 WHERE id = ?", (until, held.lane)
        )
        return _head(connection, held.lane, held.lease, 1, held.record.group)
    if _head(connection, held.lane, held.lease, 0, held.record.group) is not None:
        connection.execute(
            "UPDATE lanes SET ready_at = ?, tries = 0, owner = NULL WHERE id = ?", (now, held.lane)
        )
    return None


def put_back(connection: sqlite3.Connection, held: Claim, owner: str, ready_at: int) -> None:
    """The same record again, at that time; nothing happens if the lease was lost."""
    connection.execute(
        "UPDATE lanes SET ready_at = ?, owner = NULL WHERE id = ? AND owner = ? AND lease = ?",
        (ready_at, held.lane, owner, held.lease),
    )


def renew(connection: sqlite3.Connection, owner: str, until: int) -> None:
    """Heartbeat: all leases of this owner."""
    connection.execute("UPDATE lanes SET ready_at = ? WHERE owner = ?", (until, owner))


def free(connection: sqlite3.Connection, owner: str, now: int) -> int:
    """Let go of all lanes of an owner; how many."""
    return connection.execute(
        "UPDATE lanes SET ready_at = ?, owner = NULL WHERE owner = ?", (now, owner)
    ).rowcount


def owners(connection: sqlite3.Connection) -> list[str]:
    """Who holds lanes."""
    rows = connection.execute("SELECT DISTINCT owner FROM lanes WHERE owner IS NOT NULL")
    return [str(name) for (name,) in rows]


def version(connection: sqlite3.Connection) -> int:
    """Changes when another connection has committed something."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def lag(connection: sqlite3.Connection) -> dict[str, int]:
    """Records not handled, by group."""
    return dict(
        connection.execute(
            "SELECT l.consumer, count(*) FROM pending p JOIN lanes l ON l.id = p.lane"
            " GROUP BY l.consumer"
        ).fetchall()
    )


def clean(connection: sqlite3.Connection, topic: str, before: int) -> int:
    """Forget handled records older than that; how many (call again while it is many)."""
    return connection.execute(
        "DELETE FROM messages WHERE id IN (SELECT m.id FROM messages m WHERE m.topic = ?"
        " AND m.published_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM pending p WHERE p.message = m.id) LIMIT ?)",
        (topic, before, CLEANUP_BATCH),
    ).rowcount


_LETTER = (
    "SELECT id, topic, consumer, key, value, headers, cause, code, attempts, origin,"
    " set_aside_at FROM dead_letters"
)


def dead_letters(
    connection: sqlite3.Connection, consumer: str | None, limit: int
) -> list[DeadLetter]:
    """The newest `limit` ones, newest last."""
    rows = connection.execute(
        f"{_LETTER} WHERE ? IS NULL OR consumer = ? ORDER BY id DESC LIMIT ?",
        (consumer, consumer, limit),
    ).fetchall()
    return [_letter(row) for row in reversed(rows)]


def dead_letter(connection: sqlite3.Connection, identifier: str) -> DeadLetter:
    """One; NotFound."""
    row = connection.execute(f"{_LETTER} WHERE id = ?", (identifier,)).fetchone()
    if row is None:
        raise NotFound(f"there is no dead letter {identifier!r}")
    return _letter(row)


def drop(connection: sqlite3.Connection, identifier: str) -> DeadLetter:
    """Forget one; NotFound."""
    letter = dead_letter(connection, identifier)
    connection.execute("DELETE FROM dead_letters WHERE id = ?", (identifier,))
    return letter


def replay(connection: sqlite3.Connection, identifier: str, now: int) -> DeadLetter:
    """Back to its own group alone; NotFound."""
    letter = drop(connection, identifier)
    record = OutgoingRecord(letter.topic, letter.key, letter.value, letter.headers)
    _store(connection, record, [letter.group], now, only=letter.group)
    return letter


def _letter(row: Sequence[object]) -> DeadLetter:
    identifier, topic, consumer, key, value, headers, cause, code, attempts, origin, at = row
    return DeadLetter(
        id=str(identifier),
        topic=str(topic),
        group=str(consumer),
        key=str(key),
        value=bytes(value),  # type: ignore[call-overload] # a BLOB column
        headers=_parse_headers(str(headers)),
        cause=str(cause),
        error_code=int(str(code)),
        attempts=int(str(attempts)),
        origin=str(origin),
        set_aside_at=int(str(at)),
    )
