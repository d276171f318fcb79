"""The read model made again from the log in a schema of its own, compared, and put in place.

Live events go on meanwhile: the log is read on until little is left; for that and the swap the
projector waits a moment, since it can't add to the log.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import asyncpg

from services.db.channels import EVENTS, QUEUE
from services.projector.projection import Waits
from services.projector.read_model import PRINTER_COLUMNS, RUN_STATE_COLUMNS
from services.projector.rebuilding import Folding, read_on

Connection: TypeAlias = asyncpg.Connection

LOCK_KEY = 0x72656275696C64  # "rebuild"
SCHEMA = "layerline_rebuild"
NEARLY = 500
"""So few events that the projector can wait for them."""
LOCK_WITHIN_MS = 10_000

_COLUMNS: Mapping[str, Sequence[str]] = {
    "run": ("id", *RUN_STATE_COLUMNS),
    "printer_state": PRINTER_COLUMNS,
    "edge_watermark": ("journal_id", "node", "contiguous_seq"),
}
"""What the log alone decides; the first column is the key. The rest of a run is its claim's."""

_IN_FLIGHT = """
SELECT DISTINCT convert_from(body, 'UTF8')::jsonb ->> 'run_id' FROM outbox
WHERE subject NOT LIKE 'command.%'
  AND NOT EXISTS (SELECT 1 FROM event_log WHERE event_id = outbox.id)
"""
"""Runs of which something is decided that has not come to the log yet."""
_HASH = """
SELECT count(*) AS rows, encode(sha256(convert_to(
    coalesce(string_agg(part::text, E'\\n' ORDER BY part.{key}), ''), 'UTF8')), 'hex') AS hash
FROM (SELECT {columns} FROM {schema}.{table} WHERE NOT {key} = ANY($1::uuid[])) AS part
"""


@dataclass(frozen=True)
class Comparison:
    """A table as it is live, and as the log has it."""

    table: str
    rows: int
    live_hash: str
    log_hash: str

    @property
    def is_equal(self) -> bool:
        """Tell whether not a byte differs."""
        return self.live_hash == self.log_hash


@dataclass(frozen=True)
class Renewal:
    """What a rebuild came to."""

    events: int
    tables: tuple[Comparison, ...]
    left_out: int
    """Runs that can't be compared yet: the log has no word of their claim or of a decision."""
    is_swapped: bool

    @property
    def is_equal(self) -> bool:
        """Tell whether the live tables were what the log says."""
        return all(table.is_equal for table in self.tables)


class RebuildRuns(Exception):
    """Another rebuild is at work."""


async def renew(connection: Connection, waits: Waits, *, is_check: bool) -> Renewal:
    """Make the read model again, compare, and put it in place unless it is only a check."""
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK_KEY):
        raise RebuildRuns
    try:
        folding = Folding(waits)
        last = await _catch_up(connection, folding)
        await _make_shadow(connection, folding)
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = {LOCK_WITHIN_MS}")
            await connection.execute("LOCK TABLE event_log IN SHARE MODE")
            folding.changed.clear()
            last = await read_on(connection, folding, after_gseq=last)
            await _fill_shadow(connection, folding)
            return await _compare_and_swap(connection, folding, last, is_check=is_check)
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK_KEY)


async def _catch_up(connection: Connection, folding: Folding) -> int:
    """Read on until few events are left; return the last gseq."""
    last, before = 0, -NEARLY
    while last - before >= NEARLY:
        before = last
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            last = await read_on(connection, folding, after_gseq=last)
    return last


async def _make_shadow(connection: Connection, folding: Folding) -> None:
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    await connection.execute(f"CREATE SCHEMA {SCHEMA}")
    for table, names in _COLUMNS.items():
        await connection.execute(
            f"CREATE TABLE {SCHEMA}.{table} AS "  # noqa: S608 - own names
            f"SELECT {', '.join(names)} FROM public.{table} WITH NO DATA"
        )
        await connection.execute(f"ALTER TABLE {SCHEMA}.{table} ADD PRIMARY KEY ({names[0]})")
    await _fill_shadow(connection, folding)


async def _fill_shadow(connection: Connection, folding: Folding) -> None:
    """Write what the fold has; of the runs those that changed."""
    rebuilt = folding.rebuilt
    runs = [rebuilt.runs[run_id] for run_id in folding.changed]
    await _put(connection, "run", [[run.id, *_values(run, RUN_STATE_COLUMNS)] for run in runs])
    printers = [_values(printer, PRINTER_COLUMNS) for printer in rebuilt.printers.values()]
    await _put(connection, "printer_state", printers)
    marks = [[each, rebuilt.owners[each], seq] for each, seq in rebuilt.watermarks.items()]
    await _put(connection, "edge_watermark", marks)


def _values(view: object, names: Sequence[str] | Mapping[str, str]) -> list[object]:
    return [getattr(view, name) for name in names]


async def _put(connection: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    names = _COLUMNS[table]
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    sets = ", ".join(f"{name} = EXCLUDED.{name}" for name in names[1:])
    await connection.executemany(
        f"INSERT INTO {SCHEMA}.{table} ({', '.join(names)}) VALUES ({places}) "  # noqa: S608 - own
        f"ON CONFLICT ({names[0]}) DO UPDATE SET {sets}",
        rows,
    )


async def _compare_and_swap(
    connection: Connection, folding: Folding, events: int, *, is_check: bool
) -> Renewal:
    live = {row["id"] for row in await connection.fetch("SELECT id FROM run FOR UPDATE")}
    unsettled = {UUID(row[0]) for row in await connection.fetch(_IN_FLIGHT) if row[0]}
    left_out = list((live ^ folding.rebuilt.runs.keys()) | unsettled)
    tables = [await _compare(connection, table, left_out) for table in _COLUMNS]
    is_equal = all(table.is_equal for table in tables)
    if not is_equal and not is_check:
        await _swap(connection, left_out)
    return Renewal(events, tuple(tables), len(left_out), is_swapped=not is_equal and not is_check)


async def _compare(connection: Connection, table: str, left_out: Sequence[UUID]) -> Comparison:
    names = _COLUMNS[table]
    said = {"key": names[0], "columns": ", ".join(names), "table": table}
    live = await connection.fetchrow(_HASH.format(schema="public", **said), left_out)
    log = await connection.fetchrow(_HASH.format(schema=SCHEMA, **said), left_out)
    return Comparison(table, live["rows"], live["hash"], log["hash"])


async def _swap(connection: Connection, left_out: Sequence[UUID]) -> None:
    """Put the shadow's content in place of the live one, for readers in one moment."""
    sets = ", ".join(f"{name} = new.{name}" for name in RUN_STATE_COLUMNS)
    await connection.execute(
        f"UPDATE public.run SET {sets} FROM {SCHEMA}.run AS new "  # noqa: S608 - own names
        "WHERE run.id = new.id AND NOT run.id = ANY($1::uuid[])",
        left_out,
    )
    for table, moments in (("printer_state", ""), ("edge_watermark", ", now()")):
        names = _COLUMNS[table]
        columns = ", ".join(names)
        more = ", updated_at" if moments else ""
        await connection.execute(f"DELETE FROM public.{table}")  # noqa: S608 - own names
        await connection.execute(
            f"INSERT INTO public.{table} ({columns}{more}) "  # noqa: S608 - own names
            f"SELECT {columns}{moments} FROM {SCHEMA}.{table}"
        )
    last = await connection.fetchval("SELECT max(gseq) FROM event_log")
    await connection.execute("SELECT pg_notify($1, $2)", EVENTS, str(last))
    await connection.execute("SELECT pg_notify($1, '')", QUEUE)
