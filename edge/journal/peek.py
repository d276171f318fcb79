"""Looking into the journal of a node that runs, from another process; it is never changed."""

import fcntl
import sqlite3
from contextlib import closing
from pathlib import Path

from contracts.ids import PrinterId
from contracts.lifecycle import RunState
from edge.journal.ledger import DATABASE_NAME, LOCK_NAME

BUSY_TIMEOUT_S = 2.0
_BETWEEN_CLAIM_AND_START = (RunState.CLAIMED, RunState.TRANSFERRING, RunState.STARTING)
"""Later states show in the printer's own report."""


def has_run_before_start(folder: Path, printer_id: PrinterId) -> bool:
    """Tell whether a running node has taken a run for this printer that has not started.

    Without a running node the answer is no: then nobody sends anything to the printer. A
    journal that can't be read counts as one with such a run.
    """
    if not _is_in_use(folder / LOCK_NAME):
        return False
    marks = ", ".join("?" for _ in _BETWEEN_CLAIM_AND_START)
    question = f"SELECT 1 FROM run WHERE printer_id = ? AND state IN ({marks}) LIMIT 1"  # noqa: S608 - marks only
    values = [str(printer_id), *(state.value for state in _BETWEEN_CLAIM_AND_START)]
    try:
        # The files beside the database are there while the node runs: nothing is made here.
        url = f"{(folder / DATABASE_NAME).resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(url, uri=True, timeout=BUSY_TIMEOUT_S)) as database:
            return database.execute(question, values).fetchone() is not None
    except sqlite3.Error:
        return True


def _is_in_use(lock: Path) -> bool:
    try:
        with lock.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
