"""One listener per process: reads each new fact once, encodes it once, hands it to everyone."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from runtime.backoff import backoff
from runtime.clock import Clock
from runtime.settings import DatabaseSettings
from services.api.feed.facts import BATCH, Told, log_bounds, read_facts
from services.api.metrics import SSE_CLIENTS
from services.db.channels import EVENTS, SESSIONS
from services.db.engine import connect
from services.jobs.actors import Actor

log = structlog.get_logger()

MAX_STREAMS: Final = 6
"""Of one person; all tabs of a browser share one."""
MAX_QUEUED: Final = 1000
"""A client that is further behind is dropped; it resumes by Last-Event-ID."""
TELEMETRY_QUEUED: Final = 100
"""Above this, last-value-wins news are left out."""
SWEEP_S: Final = 15.0
"""Also finds a listening connection that died without a word."""
READY_TIMEOUT_S: Final = 5.0
PING_TIMEOUT_S: Final = 5.0
MAX_RETRY_S: Final = 5.0


class FeedClient:
    """One open stream: frames wait here until they are sent."""

    def __init__(self, viewer: Actor, after: int) -> None:
        self.viewer = viewer
        self.after = after
        """Facts up to here were told, or are being replayed."""
        self.is_over = False
        self.is_doubted = False
        """A session or token of the viewer's ended: maybe this stream's."""
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()

    def tell(self, told: Told) -> None:
        """Queue a fact that the viewer may see."""
        if told.gseq > self.after and told.may_reach(self.viewer):
            self._push(told.frame)

    def hint(self, frame: bytes) -> None:
        """Queue telemetry, unless the client is slow."""
        if len(self._frames) < TELEMETRY_QUEUED:
            self._push(frame)

    def doubt(self) -> None:
        """Have the stream look at once whether it may go on."""
        self.is_doubted = True
        self._news.set()

    def end(self) -> None:
        """End the stream."""
        self.is_over = True
        self._frames.clear()
        self._news.set()

    async def take(self, *, within_s: float) -> bytes:
        """Return all that waits, or nothing when nothing came in time."""
        try:
            async with asyncio.timeout(within_s):
                await self._news.wait()
        except TimeoutError:
            return b""
        self._news.clear()
        frames = b"".join(self._frames)
        self._frames.clear()
        return frames

    def _push(self, frame: bytes) -> None:
        if len(self._frames) >= MAX_QUEUED:
            log.info("feed_client_dropped", user_id=self.viewer.id)
            self.end()
        elif not self.is_over:
            self._frames.append(frame)
            self._news.set()


class FeedHub:
    """Facts from the log to every client of this process."""

    def __init__(self, settings: DatabaseSettings, reads: AsyncEngine, clock: Clock) -> None:
        self._settings, self._reads, self._clock = settings, reads, clock
        self._clients: set[FeedClient] = set()
        self._ready = asyncio.Event()
        self._wake = asyncio.Event()
        self._is_closed = False
        self.last = 0
        """The newest fact that was handed out."""

    async def wait_ready(self) -> None:
        """Return once the log was reached; raise TimeoutError when that takes too long."""
        async with asyncio.timeout(READY_TIMEOUT_S):
            await self._ready.wait()

    def has_room(self, viewer: Actor) -> bool:
        """Tell whether the person may open one more stream here."""
        return sum(client.viewer.id == viewer.id for client in self._clients) < MAX_STREAMS

    @contextmanager
    def joined(self, viewer: Actor) -> Iterator[FeedClient]:
        """Yield a client that gets everything after `last`."""
        client = FeedClient(viewer, self.last)
        if self._is_closed:
            client.end()
        self._clients.add(client)
        SSE_CLIENTS.inc()
        try:
            yield client
        finally:
            self._clients.discard(client)
            SSE_CLIENTS.dec()

    def hint(self, frame: bytes) -> None:
        """Hand telemetry to every client."""
        for client in self._clients:
            client.hint(frame)

    def close(self) -> None:
        """End every stream, now and later: the process is about to stop."""
        self._is_closed = True
        for client in self._clients:
            client.end()

    async def run(self) -> None:
        """Listen for ever; a lost database is waited for."""
        waits = backoff(initial_s=0.2, max_s=MAX_RETRY_S)
        while True:
            try:
                await self._listen()
            except Exception as exc:  # noqa: BLE001 - the top loop of the feed
                log.warning("feed_lost_database", error=f"{type(exc).__name__}: {exc}")
            if self._ready.is_set():
                waits = backoff(initial_s=0.2, max_s=MAX_RETRY_S)
            await asyncio.sleep(next(waits))

    async def _listen(self) -> None:
        connection = await connect(self._settings)
        try:
            await connection.add_listener(EVENTS, self._hear)
            await connection.add_listener(SESSIONS, self._doubt)
            connection.add_termination_listener(self._ring)
            for client in self._clients:
                client.doubt()  # what ended while nobody listened
            if not self._ready.is_set():
                _, self.last = await log_bounds(self._reads)
                self._ready.set()
            while True:
                self._wake.clear()
                await self._hand_out()
                try:
                    async with asyncio.timeout(SWEEP_S):
                        await self._wake.wait()
                except TimeoutError:
                    await connection.fetchval("SELECT 1", timeout=PING_TIMEOUT_S)
                if connection.is_closed():
                    raise ConnectionError("the listening connection was closed")
        finally:
            connection.terminate()

    def _doubt(self, *told: object) -> None:
        whose = told[-1]
        for client in self._clients:
            if str(client.viewer.id) == whose:
                client.doubt()

    def _hear(self, *told: object) -> None:
        """Take note that there are facts up to the one that is named, all of them committed."""
        newest = str(told[-1])
        if not self._clients and newest.isdigit():
            self.last = max(self.last, int(newest))  # nobody is there to be told
        else:
            self._wake.set()

    def _ring(self, *_: object) -> None:
        self._wake.set()

    async def _hand_out(self) -> None:
        while True:
            facts = await read_facts(
                self._reads, after=self.last, limit=BATCH, now=self._clock.now()
            )
            for told in facts:
                for client in self._clients:
                    client.tell(told)
                self.last = told.gseq
            if len(facts) < BATCH:
                return
