"""What dispatch does unasked: rings bells that are due, notices a lost stream, expires things."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.subjects import COMMANDS, JOBS
from contracts.waiting import RequeueReason
from services.db.engine import DATABASE_AWAY, Sessions
from services.db.news import News
from services.db.tables.bus import StreamSeen
from services.jobs import expiry, resending, ringing
from services.storage.bucket import Bucket, StorageUnavailable

log = structlog.get_logger()

BACKSTOP_S = 60.0
"""Behind NOTIFY: a bell whose notification was lost rings within this."""
EXPIRY_EVERY_S = 3600.0
STREAM_CHECK_S = 15.0
RETRY_S = 2.0
_AWAY = (NatsError, TimeoutError, *DATABASE_AWAY)
T = TypeVar("T")


class Chores:
    """Loops that run until they are cancelled."""

    def __init__(
        self, sessions: Sessions, news: News, jetstream: JetStreamContext, bucket: Bucket
    ) -> None:
        self._sessions, self._news, self._js = sessions, news, jetstream
        self._bucket = bucket

    async def ring(self) -> None:
        """Ring what became claimable: woken by the database, or when a `not_before` passes."""
        with self._news.heard() as heard:
            while True:
                heard.clear()
                wait_s = await self._retried(self._ring_once)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await heard.wait()

    async def expire(self) -> None:
        """Withdraw and refuse what nobody decided or finished, every hour."""
        while True:
            await self.expire_once()
            await asyncio.sleep(EXPIRY_EVERY_S)

    async def expire_once(self) -> None:
        """Do all that is due now."""
        withdrawn = 0
        while jobs := await self._retried(lambda: self._in_transaction(expiry.expire_jobs)):
            withdrawn += jobs
        keys = await self._retried(lambda: self._in_transaction(expiry.expire_uploads))
        for key in keys:
            try:
                await self._bucket.delete(key)
            except StorageUnavailable as exc:
                log.warning("upload_not_deleted", key=key, error=str(exc))
        if withdrawn or keys:
            log.info("things_expired", jobs=withdrawn, uploads=len(keys))

    async def watch_streams(self) -> None:
        """Ring and send again when a stream was made anew: what it held is gone."""
        while True:
            if await self._retried(lambda: self._is_new(JOBS.name)):
                rung = await self._retried(lambda: self._in_transaction(_ring_all))
                log.warning("stream_lost", stream=JOBS.name, rung=rung)
            if await self._retried(lambda: self._is_new(COMMANDS.name)):
                sent = await self._retried(lambda: self._in_transaction(resending.send_again))
                log.warning("stream_lost", stream=COMMANDS.name, sent=sent)
            await asyncio.sleep(STREAM_CHECK_S)

    async def _ring_once(self) -> float:
        """Return the seconds until the next bell is due."""
        now = datetime.now(UTC)
        async with self._sessions() as session, session.begin():
            rung = await ringing.ring_released(session, now)
            rung += await ringing.ring_due(session, now)
            due = await ringing.next_due(session, now)
        if rung:
            log.info("bells_rung", count=rung)
        return min(BACKSTOP_S, (due - now).total_seconds() + 0.005) if due else BACKSTOP_S

    async def _is_new(self, stream: str) -> bool:
        """Return whether the stream is another than last time; the first time it is not."""
        try:
            info = await self._js.stream_info(stream)
        except NotFoundError:
            log.error("stream_missing", stream=stream)
            return False
        created_at = info.created
        if created_at is None:
            return False
        async with self._sessions() as session, session.begin():
            seen = await session.get(StreamSeen, stream, with_for_update=True)
            if seen is None:
                session.add(StreamSeen(name=stream, created_at=created_at))
                return False
            is_new = seen.created_at != created_at
            seen.created_at = created_at
            session.add(seen)
            return is_new

    async def _in_transaction(self, act: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
        async with self._sessions() as session, session.begin():
            return await act(session, datetime.now(UTC))

    async def _retried(self, act: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await act()
            except _AWAY as exc:
                log.warning("chore_postponed", error=f"{type(exc).__name__}: {exc}")
                await asyncio.sleep(RETRY_S)


async def _ring_all(session: AsyncSession, now: datetime) -> int:
    return await ringing.ring_all(session, RequeueReason.STREAM_LOST, now)
