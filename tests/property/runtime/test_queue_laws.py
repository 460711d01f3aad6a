"""Any interleaving of publishing, handling, crashing and time keeps order and loses nothing."""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.kernel.adapters.sqlite_bus import queue
from services.kernel.contracts.telemetry import PROJECT
from services.kernel.contracts.topics import Service, Topic
from services.kernel.contracts.verdicts import SetAside
from services.kernel.ports.bus import OutgoingRecord

TOPIC = Topic("t.v1", Service.GATEWAY, ("one", "two"), "key", 1000, "Laws.")
READERS = {TOPIC.name: TOPIC.readers}
LEASE = 100

keys = st.sampled_from(["a", "b"])
groups = st.sampled_from(TOPIC.readers)
owners = st.sampled_from(["p1", "p2"])


@dataclass
class Held:
    """A claim in somebody's hands. sure: its lease has not ended and its owner has not died."""

    owner: str
    claim: queue.Claim
    until: int
    sure: bool = True


class Queue(RuleBasedStateMachine):
    """Two processes, two groups, two keys. A process that died keeps its claims in its hands
    (as a hung one would): what it says later must change nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.executescript(queue.SCHEMA)
        queue.know_readers(self.connection, (TOPIC,), 0)
        self.now = 0
        self.published: dict[str, list[bytes]] = defaultdict(list)
        self.handled: dict[tuple[str, str], list[bytes]] = defaultdict(list)
        self.held: list[Held] = []
        self.count = 0

    def teardown(self) -> None:
        """Whatever happened, the rest is handled in the end."""
        self.now += LEASE + 1
        for group in TOPIC.readers:
            while True:
                claim = self._claim(group, "last")
                if not isinstance(claim, queue.Claim):
                    break
                queue.advance(self.connection, claim, "last", self.now, until=None)
                self._note(claim)
        for group in TOPIC.readers:
            for key, values in self.published.items():
                assert self.handled[group, key] == values
        assert queue.lag(self.connection) == {}
        self.now += 2000
        queue.clean(self.connection, TOPIC.name, self.now)
        assert self.connection.execute("SELECT count(*) FROM messages").fetchone() == (0,)
        self.connection.close()

    def _claim(self, group: str, owner: str) -> queue.Claim | int | None:
        return queue.claim(
            self.connection, TOPIC.name, group, owner=owner, now=self.now, until=self.now + LEASE
        )

    def _note(self, claim: queue.Claim) -> None:
        self.handled[claim.record.group, claim.record.key].append(claim.record.value)

    def _holds(self, owner: str, claim: queue.Claim) -> bool:
        row = self.connection.execute(
            "SELECT owner, lease FROM lanes WHERE id = ?", (claim.lane,)
        ).fetchone()
        return bool(row == (owner, claim.lease))

    @rule(key=keys)
    def publish(self, key: str) -> None:
        value = str(self.count).encode()
        self.count += 1
        record = OutgoingRecord(TOPIC.name, key, value)
        queue.publish(self.connection, READERS, [record], self.now)
        self.published[key].append(value)

    @rule(group=groups, owner=owners)
    def take(self, group: str, owner: str) -> None:
        claim = self._claim(group, owner)
        if isinstance(claim, queue.Claim):
            done = self.handled[group, claim.record.key]
            assert claim.record.value == self.published[claim.record.key][len(done)]
            self.held.append(Held(owner, claim, self.now + LEASE))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), keep=st.booleans(), aside=st.booleans())
    def finish(self, data: st.DataObject, *, keep: bool, aside: bool) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        held = self.held.pop(index)
        owner, claim = held.owner, held.claim
        ours = self._holds(owner, claim)
        letter = SetAside("odd") if aside else None
        until = self.now + LEASE if keep else None
        following = queue.advance(
            self.connection, claim, owner, self.now, until=until, aside=letter
        )
        if ours:
            self._note(claim)
        else:
            assert following is None
        if following is not None:
            self.held.append(Held(owner, following, self.now + LEASE))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), pause=st.integers(0, 50))
    def put_back(self, data: st.DataObject, pause: int) -> None:
        held = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        queue.put_back(self.connection, held.claim, held.owner, self.now + pause)

    @rule(owner=owners)
    def die(self, owner: str) -> None:
        queue.free(self.connection, owner, self.now)
        for held in self.held:
            held.sure = held.sure and held.owner != owner

    @rule(seconds=st.sampled_from([1, LEASE // 2, LEASE, 2 * LEASE]))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        for held in self.held:
            held.sure = held.sure and held.until > self.now

    @rule(owner=owners)
    def heartbeat(self, owner: str) -> None:
        queue.renew(self.connection, owner, self.now + LEASE)
        for held in self.held:
            if held.owner == owner:
                held.until = self.now + LEASE

    @rule()
    def clean(self) -> None:
        queue.clean(self.connection, TOPIC.name, self.now)

    @invariant()
    def a_key_is_in_one_pair_of_hands(self) -> None:
        live = [held for held in self.held if self._holds(held.owner, held.claim)]
        keys = [(held.claim.record.group, held.claim.record.key) for held in live]
        assert len(keys) == len(set(keys))
        assert all(held in live for held in self.held if held.sure), "taken from the living"

    @invariant()
    def nothing_is_out_of_order(self) -> None:
        for (_, key), values in self.handled.items():
            assert values == self.published[key][: len(values)]


TestQueue = Queue.TestCase
TestQueue.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)


lanes = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 30)), max_size=40)


@settings(max_examples=150, deadline=None)
@given(lanes=lanes, workers=st.integers(1, 5), share=st.integers(1, 3), data=st.data())
def test_the_project_with_the_least_in_work_is_next(
    lanes: list[tuple[str, int]], workers: int, share: int, data: st.DataObject
) -> None:
    """Whatever waits: no project holds more than its share, the one that holds least is served,
    of its lanes the one that waited longest, and all are served in the end.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(queue.SCHEMA)
    queue.know_readers(connection, (TOPIC,), 0)
    waiting: dict[str, list[str]] = defaultdict(list)
    for number, (project, _) in enumerate(lanes):
        record = OutgoingRecord(TOPIC.name, f"k{number}", b"", {PROJECT: project.encode()})
        queue.publish(connection, READERS, [record], number)
        waiting[project].append(f"k{number}")
    now = len(lanes) + 1
    held: list[tuple[str, queue.Claim]] = []
    while any(waiting.values()) or held:
        counts = {project: sum(1 for p, _ in held if p == project) for project in "ABC"}
        may = [project for project in "ABC" if waiting[project] and counts[project] < share]
        claim = None
        if len(held) < workers:
            claim = queue.claim(
                connection, TOPIC.name, "one", owner="o", now=now, until=now + 99, share=share
            )
            assert isinstance(claim, queue.Claim) == bool(may)
        if isinstance(claim, queue.Claim):
            (project,) = [p for p in may if waiting[p][0] == claim.record.key]
            assert counts[project] == min(counts[p] for p in may)
            waiting[project].pop(0)
            held.append((project, claim))
        else:
            _, done = held.pop(data.draw(st.integers(0, len(held) - 1)))
            queue.advance(connection, done, "o", now, until=None)
    connection.close()


def test_a_file_of_an_earlier_release_is_taken_over() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(
        queue.SCHEMA.replace(" project TEXT NOT NULL DEFAULT '',\n", "").replace(
            "tries INTEGER NOT NULL DEFAULT 0,\n", "tries INTEGER NOT NULL DEFAULT 0,"
        )
    )
    columns = {row[1] for row in connection.execute("PRAGMA table_info(lanes)")}
    assert "project" not in columns
    connection.execute(
        "INSERT INTO lanes (topic, consumer, key, ready_at) VALUES (?, ?, ?, 0)",
        (TOPIC.name, "one", "k"),
    )
    connection.execute(
        "INSERT INTO messages (topic, key, value, headers, published_at)"
        " VALUES (?, 'k', x'00', '{}', 0)",
        (TOPIC.name,),
    )
    connection.execute("INSERT INTO pending VALUES (1, 1)")
    for topic_reader in TOPIC.readers:
        connection.execute("INSERT INTO readers VALUES (?, ?)", (TOPIC.name, topic_reader))
    queue.know_readers(connection, (TOPIC,), 0)
    claim = queue.claim(connection, TOPIC.name, "one", owner="o", now=5, until=9)
    assert isinstance(claim, queue.Claim)
    assert claim.record.value == b"\x00"
