"""From the event log to deliveries: each event once, in the transaction that moves the cursor."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from pydantic import ValidationError
from sqlalchemy import func
from sqlmodel import col, select

from contracts.events import EVENT_ADAPTER, AnyEvent
from contracts.lifecycle import RunState
from runtime.clock import Clock
from services.db.engine import DATABASE_AWAY, Sessions
from services.db.news import News
from services.db.tables.bus import EventLog
from services.db.tables.machines import Run
from services.db.tables.notices import NoticeCursor
from services.jobs.status_sql import unresolved
from services.notices.kinds import NoticeKind
from services.notices.targets import known_targets
from services.notify.addressing import address
from services.notify.planning import Notice, notice_of

log = structlog.get_logger()

THE_ONE: Final = 1
BATCH: Final = 500
SWEEP_S: Final = 15.0
RETRY_S: Final = 2.0
GATHER_S: Final = 0.2
"""What happens within this is taken together: a notice has time, each transaction costs."""
STALE_AFTER: Final = timedelta(hours=24)
"""What happened longer ago nobody wants to be told as news."""
REMIND_EVERY: Final = timedelta(minutes=30)


class Collector:
    """Reads what is new in the log whenever the projector says so, and behind that every 15 s."""

    def __init__(self, sessions: Sessions, clock: Clock, news: News, public_url: str) -> None:
        self._sessions, self._clock, self._news = sessions, clock, news
        self._public_url = public_url.rstrip("/")

    async def run(self) -> None:
        """Run until cancelled."""
        with self._news.heard() as heard:
            remind_at = 0.0
            while True:
                heard.clear()
                try:
                    while await self.collect():
                        pass
                    if time.monotonic() >= remind_at:
                        await self.remind()
                        remind_at = time.monotonic() + SWEEP_S
                except DATABASE_AWAY as exc:
                    log.warning("notices_postponed", error=f"{type(exc).__name__}: {exc}"[:300])
                    await asyncio.sleep(RETRY_S)
                    continue
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_S):
                        await heard.wait()
                        await asyncio.sleep(GATHER_S)

    async def collect(self) -> bool:
        """Take the next events of the log; return whether there may be more."""
        now = self._clock.now()
        async with self._sessions() as session, session.begin():
            cursor = await session.get_one(NoticeCursor, THE_ONE, with_for_update=True)
            newer = select(EventLog).where(col(EventLog.gseq) > cursor.gseq)
            rows = list(await session.exec(newer.order_by(col(EventLog.gseq)).limit(BATCH)))
            if not rows:
                return False
            if notices := _notices(rows, now):
                targets = await known_targets(session)
                for notice in notices:
                    await address(session, notice, targets, self._public_url, now)
            cursor.gseq = rows[-1].gseq
            session.add(cursor)
        return len(rows) == BATCH

    async def remind(self) -> None:
        """Tell again, every half an hour, of each run that still needs somebody."""
        now = self._clock.now()
        needing = select(Run).where(
            unresolved(),
            col(Run.state) == RunState.ATTENTION,
            func.coalesce(Run.last_fact_at, Run.claimed_at) < now - REMIND_EVERY,
        )
        async with self._sessions() as session, session.begin():
            targets = await known_targets(session)
            for run in await session.exec(needing):
                since = run.last_fact_at or run.claimed_at
                times = (now - since) // REMIND_EVERY
                about = f"attention:{run.id}:{times}"
                notice = Notice(
                    NoticeKind.ATTENTION, about, run.reason, run.job_id, to_approvers=True
                )
                await address(session, notice, targets, self._public_url, now)


def _notices(rows: Sequence[EventLog], now: datetime) -> list[Notice]:
    fresh = (row for row in rows if now - row.received_at < STALE_AFTER)
    found = (notice_of(event) for row in fresh if (event := _event(row)) is not None)
    return [notice for notice in found if notice is not None]


def _event(row: EventLog) -> AnyEvent | None:
    try:
        return EVENT_ADAPTER.validate_python(row.body)
    except ValidationError:
        # A newer release wrote it; the projector keeps count of what it can't read.
        log.warning("event_unreadable", gseq=row.gseq, type=row.type)
        return None
