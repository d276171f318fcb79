"""The journal's database: one file, one process, one transaction per change, gapless facts."""

import fcntl
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from contracts.ids import (
    CorrelationId,
    EventId,
    JobId,
    JournalId,
    PrinterId,
    RunId,
    fact_id_of,
)
from edge.journal.schema import SCHEMA
from edge.records import Draft, StoredFact
from runtime.clock import Clock

DATABASE_NAME = "journal.db"
LOCK_NAME = "journal.lock"
BUSY_TIMEOUT_S = 5.0
KEEP_FACTS_DAYS = 30


class JournalInUse(Exception):
    """Another process has this journal open."""


class Ledger:
    """Facts and the meta data; the stores of runs, printers and commands share it."""

    def __init__(self, folder: Path, node: str, clock: Clock) -> None:
        """Open or make the journal in `folder`; raise JournalInUse if it is taken."""
        self.node = node
        self.clock = clock
        self.on_fact: Callable[[], None] = lambda: None
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / LOCK_NAME).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            self._lock.close()
            raise JournalInUse(str(folder)) from exc
        self._db = _open_database(folder / DATABASE_NAME)
        self._depth = 0
        self._has_new_facts = False
        with self.transaction():
            if self._meta("journal_id") is None:
                self._set_meta("journal_id", str(uuid4()))
        self.journal_id = JournalId(UUID(self._meta("journal_id")))

    def close(self) -> None:
        """Close the database and free the lock."""
        self._db.close()
        self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what happens inside one transaction on the disk; nests into the outer one."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._has_new_facts = False
            raise
        else:
            self._db.execute("COMMIT")
        finally:
            self._depth = 0
        if self._has_new_facts:
            self._has_new_facts = False
            self.on_fact()

    def execute(self, sql: str, *args: object) -> int:
        """Run one statement in a transaction and return the number of changed rows."""
        with self.transaction():
            return self._db.execute(sql, args).rowcount

    def row(self, sql: str, *args: object) -> sqlite3.Row | None:
        """Return the first row of a query."""
        found: sqlite3.Row | None = self._db.execute(sql, args).fetchone()
        return found

    def rows(self, sql: str, *args: object) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        return self._db.execute(sql, args).fetchall()

    def append(
        self,
        draft: Draft,
        printer_id: PrinterId,
        *,
        run: tuple[RunId, JobId, int] | None = None,
        correlation_id: CorrelationId | None = None,
    ) -> None:
        """Give a fact its node_seq and write it; `run` is (run_id, job_id, run_seq)."""
        with self.transaction():
            node_seq = self.last_seq + 1
            common: dict[str, object] = {
                "id": fact_id_of(self.journal_id, node_seq),
                "occurred_at": self.clock.now(),
                "correlation_id": correlation_id or uuid4(),
                "node": self.node,
                "journal_id": self.journal_id,
                "node_seq": node_seq,
                "printer_id": printer_id,
            }
            if run is not None:
                common |= {"run_id": run[0], "job_id": run[1], "run_seq": run[2]}
            fact = draft.kind.model_validate(common | dict(draft.fields))
            self._db.execute(
                "INSERT INTO fact (node_seq, type, body, written_at) VALUES (?, ?, ?, ?)",
                (
                    node_seq,
                    draft.kind.model_fields["type"].default,
                    fact.model_dump_json().encode(),
                    self.clock.now().timestamp(),
                ),
            )
            self._has_new_facts = True

    @property
    def last_seq(self) -> int:
        """Return the node_seq of the last fact, 0 if there is none; pruning doesn't lower it."""
        found = self.row("SELECT seq FROM sqlite_sequence WHERE name = 'fact'")
        return int(found["seq"]) if found else 0

    def facts_after(self, node_seq: int, limit: int) -> list[StoredFact]:
        """Return up to `limit` facts above `node_seq`, in order."""
        return [
            StoredFact(
                r["node_seq"],
                EventId(fact_id_of(self.journal_id, r["node_seq"])),
                r["type"],
                r["body"],
            )
            for r in self.rows(
                "SELECT node_seq, type, body FROM fact WHERE node_seq > ? ORDER BY node_seq "
                "LIMIT ?",
                node_seq,
                limit,
            )
        ]

    def prune(self, watermark: int) -> int:
        """Forget facts that are confirmed and older than KEEP_FACTS_DAYS; return how many."""
        oldest = self.clock.now().timestamp() - KEEP_FACTS_DAYS * 86_400
        return self.execute(
            "DELETE FROM fact WHERE node_seq <= ? AND written_at < ?", watermark, oldest
        )

    def renew(self) -> None:
        """Become a new journal: its facts were already told by another copy of this one."""
        with self.transaction():
            self._db.execute("DELETE FROM fact")
            self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'fact'")
            self._set_meta("journal_id", str(uuid4()))
            self.journal_id = JournalId(UUID(self._meta("journal_id")))

    def _meta(self, key: str) -> str | None:
        found = self.row("SELECT value FROM meta WHERE key = ?", key)
        return str(found["value"]) if found else None

    def _set_meta(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def _open_database(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript(SCHEMA)
    return db


def as_json(value: object) -> str:
    """Return the journal's encoding of a small value."""
    return json.dumps(value, sort_keys=True, default=str)
