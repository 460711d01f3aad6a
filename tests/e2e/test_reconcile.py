"""`memloom reconcile`: each difference between the stores is found, mended, and found no more."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.kernel.adapters.filesystem_blobs import FilesystemBlobs
from tests.support.embedded import Memloom, run, wait_until
from tests.support.operating import command, upload

pytestmark = pytest.mark.slow

KINDS = (
    "records without points",
    "points of older revisions",
    "points without records",
    "blobs without documents",
    "documents without passages",
    "unconfirmed removals",
    "corrections without records",
    "corrections of another state",
)


def reconcile(memloom: Memloom, *options: str) -> tuple[int, dict[str, int], str]:
    """Exit code, counts of the kinds that differ, and all that was printed."""
    done = command("reconcile", "--seconds", "0", *options, "--data", str(memloom.data))
    assert done.returncode in {0, 1}, done.stderr
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert set(KINDS) <= set(lines), done.stdout
    counts = {kind: int(lines[kind]) for kind in KINDS}
    return done.returncode, {kind: count for kind, count in counts.items() if count}, done.stdout


def change(memloom: Memloom, database: str, *statements: str) -> None:
    """Behind the back of a stopped Memloom."""
    with closing(sqlite3.connect(memloom.data / f"{database}.db")) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


def rows(memloom: Memloom, database: str, query: str) -> list[Any]:
    with closing(sqlite3.connect(memloom.data / f"{database}.db")) as connection:
        return connection.execute(query).fetchall()


def passages(memloom: Memloom, document: str) -> list[str]:
    """Ids of the passages that hold."""
    found = rows(
        memloom,
        "memorizer",
        "SELECT id, document_id FROM records WHERE kind='passage' AND status='activated'",
    )
    return [identifier for identifier, of in found if of == document]


def plant(memloom: Memloom, kept: str, emptied: str, removed: str) -> None:
    """One difference of each kind, while nothing runs."""
    # The index holds a revision that the records have left behind, ...
    ((old, body),) = rows(
        memloom,
        "memorizer",
        f"SELECT id, body FROM records WHERE document_id='{kept}' AND kind='passage' LIMIT 1",  # noqa: S608 - ids of this test
    )
    newer = json.loads(body)
    newer["revision"] += 1
    text = json.dumps(newer).replace("'", "''")
    change(
        memloom,
        "memorizer",
        f"UPDATE records SET revision=revision+1, body='{text}' WHERE id='{old}'",  # noqa: S608 - as above
        # ... passages of a document that are in the index alone, ...
        f"DELETE FROM records WHERE document_id='{emptied}' AND kind='passage'",  # noqa: S608 - as above
        # ... a record under another id than its point, ...
        "UPDATE records SET id='6f0d8d2c-61b1-4f0e-9a7e-1f6a3c0f7b21', body=replace(body, id, "
        "'6f0d8d2c-61b1-4f0e-9a7e-1f6a3c0f7b21') WHERE id=(SELECT id FROM records WHERE "
        "kind='fact' AND status='activated' LIMIT 1)",
        # ... and no record of a correction (digits occur in ids and times too).
        "DELETE FROM records WHERE kind='correction' AND body LIKE '%software%'",
    )
    change(
        memloom,
        "gateway",
        "UPDATE corrections SET active=0 WHERE decision LIKE '%hotel%'",
        f"UPDATE documents SET purged_at=NULL WHERE id='{removed}'",  # noqa: S608 - as above
    )
    run(FilesystemBlobs(memloom.data).put("originals/default/base0/file0/r1", b"left behind"))


def test_each_difference_is_found_mended_and_found_no_more(tmp_path: Path) -> None:
    with Memloom(tmp_path / "data") as memloom:
        kb = memloom.create_kb()
        kept = upload(memloom, kb, "kept.md", "# Software\n\nOffice software is capped at 800.\n")
        emptied = upload(memloom, kb, "travel.md", "# Travel\n\nA hotel night is capped at 850.\n")
        removed = upload(memloom, kb, "old.md", "# Old\n\nNobody reads this rule.\n")
        by_hand = upload(memloom, kb, "pets.md", "# Pets\n\nAn axolotl may come along.\n")
        memloom.wait_for_files([kept, emptied, removed, by_hand])
        said = [{"role": "user", "content": "I live in Trondheim."}]
        memloom.wait_for_task(memloom.add_messages("anna", said))
        for words in (
            "Office software is capped at 600, not 800.",
            "A hotel night is capped at 900, not 850.",
        ):
            memloom.wait_for_task(memloom.feedback("anna", words, [kb]))
        memloom.data_of("/delete/knowledgebase-file", {"file_ids": [removed]})
        # What was deleted passage by passage lacks nothing.
        memloom.data_of("/delete/memory", {"memory_ids": passages(memloom, by_hand)})
        # Also beside the running server nothing differs, once the deletion is confirmed.
        wait_until(lambda: reconcile(memloom)[:2] == (0, {}), 120, "all stores agree")

        memloom.stop()
        plant(memloom, kept, emptied, removed)
        code, found, _ = reconcile(memloom)
        assert code == 1
        assert set(found) == set(KINDS), found

        code, before, printed = reconcile(memloom, "--mend")
        assert (code, before) == (1, found)
        assert "mended" in printed
        # What is mended by an event waits for somebody to hear it.
        code, left, _ = reconcile(memloom)
        assert code == 1
        # A document that is in the pipeline again is not yet said to be searchable.
        assert set(left) == {"unconfirmed removals", "corrections without records"}

        memloom.start()
        memloom.wait_for_files([emptied])
        wait_until(lambda: reconcile(memloom)[:2] == (0, {}), 120, "all is mended")
        assert passages(memloom, emptied)
        assert passages(memloom, by_hand) == []
        assert "hotel" in str(memloom.search("bert", "What is the cap of a hotel night?", [kb]))
        assert "600" in str(memloom.search("bert", "What is the cap of office software?", [kb]))
        assert "Trondheim" in str(memloom.search("anna", "Where do I live?", []))
