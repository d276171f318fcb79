"""`layerline status`: everything that an operator asks first, on one screen."""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy
from sqlmodel.ext.asyncio.session import AsyncSession

from services.cli.work import in_transaction

STALE_S: Final = 90.0
OUTBOX_S: Final = 30.0
_NUMBERS: Final = sqlalchemy.text("""
SELECT
  (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
     FROM outbox WHERE published_at IS NULL) AS outbox_s,
  (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS outbox,
  (SELECT received_at FROM event_log ORDER BY gseq DESC LIMIT 1) AS last_event,
  (SELECT count(*) FROM dead_letter WHERE resolved_at IS NULL) AS dead,
  (SELECT count(*) FROM artifact WHERE state = 'checking') AS checking,
  (SELECT count(*) FROM notice_delivery WHERE state IN ('waiting', 'sending')) AS notices,
  (SELECT count(*) FROM notice_target JOIN notice_delivery ON target_id = notice_target.id
    AND notice_delivery.created_at > now() - interval '1 day'
    WHERE state IN ('failed', 'unknown')) AS lost,
  (SELECT version_num FROM alembic_version) AS schema
""")
_JOBS: Final = sqlalchemy.text("""
WITH open AS (
    SELECT queue, 'submitted' AS status FROM job WHERE state = 'submitted'
    UNION ALL
    SELECT queue, 'queued' FROM job WHERE state = 'queued' AND run_id IS NULL
    UNION ALL
    SELECT queue, CASE run.state WHEN 'attention' THEN 'attention' ELSE 'printing' END
    FROM run JOIN job ON job.run_id = run.id
    WHERE run.state NOT IN ('done', 'failed', 'cancelled', 'released')
)
SELECT queue.name AS queue,
       count(*) FILTER (WHERE status = 'submitted') AS submitted,
       count(*) FILTER (WHERE status = 'queued') AS queued,
       count(*) FILTER (WHERE status = 'printing') AS printing,
       count(*) FILTER (WHERE status = 'attention') AS attention
FROM queue LEFT JOIN open ON open.queue = queue.name GROUP BY queue.name ORDER BY queue.name
""")
_PRINTERS: Final = sqlalchemy.text("""
SELECT printer.name, printer.node, printer.queue, state.is_online, state.activity, state.bed,
       extract(epoch FROM now() - state.last_fact_at)::float8 AS silent_s,
       run.state AS run, run.percent
FROM printer LEFT JOIN printer_state state ON state.printer_id = printer.id
LEFT JOIN run ON run.printer_id = printer.id
  AND run.state IN ('claimed', 'transferring', 'starting', 'printing', 'paused', 'attention')
ORDER BY printer.name
""")


@dataclass(frozen=True)
class Picture:
    """What the database says."""

    numbers: Any
    jobs: list[Any]
    printers: list[Any]


def show_status() -> None:
    """Print the state of jobs, printers and what carries them."""

    async def act(session: AsyncSession) -> Picture:
        connection = await session.connection()
        return Picture(
            (await connection.execute(_NUMBERS)).one(),
            list(await connection.execute(_JOBS)),
            list(await connection.execute(_PRINTERS)),
        )

    for line in lines_of(in_transaction(act)):
        print(line)


def lines_of(picture: Picture) -> list[str]:
    """Return the screen."""
    return [*_jobs(picture.jobs), "", *_printers(picture.printers), "", *_carriers(picture.numbers)]


def _jobs(rows: list[Any]) -> list[str]:
    head = f"{'queue':16}{'submitted':>10}{'queued':>10}{'printing':>10}{'attention':>10}"
    lines = [
        f"{row.queue:16}{row.submitted:>10}{row.queued:>10}{row.printing:>10}{row.attention:>10}"
        for row in rows
    ]
    return [head, *(lines or ["no jobs yet"])]


def _printers(rows: list[Any]) -> list[str]:
    head = f"{'printer':20}{'node':16}{'state':12}{'bed':10}{'run':22}last heard"
    lines = [
        f"{row.name[:19]:20}{row.node[:15]:16}{_activity(row):12}{row.bed or '-':10}"
        f"{_run(row):22}{_ago(row.silent_s)}"
        for row in rows
    ]
    return [head, *(lines or ["no printers yet"])]


def _activity(row: Any) -> str:
    if row.is_online is None:
        return "never seen"
    return str(row.activity) if row.is_online else "offline"


def _run(row: Any) -> str:
    if row.run is None:
        return "-"
    silent = row.run != "attention" and (row.silent_s or 0) > STALE_S
    return f"{row.run} {row.percent} %{' (silent)' if silent else ''}"


def _carriers(numbers: Any) -> list[str]:
    last = f"{numbers.last_event:%Y-%m-%d %H:%M:%S} UTC" if numbers.last_event else "none"
    return [
        _fact(
            "outbox",
            f"{numbers.outbox} waiting, oldest {_ago(numbers.outbox_s)}",
            is_bad=numbers.outbox_s > OUTBOX_S,
        ),
        _fact("last event", last),
        _fact("dead letters", str(numbers.dead), is_bad=numbers.dead > 0),
        _fact("files being checked", str(numbers.checking)),
        _fact(
            "notices",
            f"{numbers.notices} waiting, {numbers.lost} lost in a day",
            is_bad=numbers.lost > 0,
        ),
        _fact("schema", str(numbers.schema)),
    ]


def _fact(name: str, value: str, *, is_bad: bool = False) -> str:
    return f"{'!' if is_bad else ' '} {name:20}{value}"


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
