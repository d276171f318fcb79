"""`layerline warden`: keeps the broker's idea of who may come in as the database has it.

It hands the broker an account JWT that lists every revoked key: when one is revoked, and at each
connect, for a broker that lost its store would let revoked nodes in again. And it makes the
consumers of nodes that were added or got a printer, and whatever streams and consumers a broker
has lost.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats.errors
import structlog
from nats.aio.client import Client
from pydantic import Field
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.backoff import backoff
from runtime.health import health_server
from runtime.logging import configure_logging
from runtime.nats import connect_nats
from runtime.process import run_until_stopped
from runtime.settings import CommonSettings, DatabaseSettings, NatsSettings
from runtime.tasks import Tasks
from runtime.tracing.switch import configure_tracing
from services.db.channels import NODES
from services.db.engine import DATABASE_AWAY, Sessions, make_engine, make_sessions, ping
from services.db.news import News
from services.db.tables.machines import Node
from services.db.tables.nodes import BrokerAccount, NodeKey
from services.provision.streams import StreamSettings, ensure_node, ensure_streams
from services.registry.printers import queues_of_node
from services.trust.authority import AccountKeeper

log = structlog.get_logger()

CLAIMS_UPDATE = "$SYS.REQ.CLAIMS.UPDATE"
ANSWER_TIMEOUT_S = 3.0
BACKSTOP_S = 15.0
"""Behind NOTIFY: a lost notification, or a consumer that somebody deleted, is noticed in this."""
RETRY_INITIAL_S = 0.2
RETRY_MAX_S = 5.0
POOL_SIZE = 2
VOID_FOR = timedelta(days=1)
"""A revoked key is never used again, so clocks that differ may not save a JWT of its."""
_AWAY = (nats.errors.Error, TimeoutError, *DATABASE_AWAY)


class WardenSettings(CommonSettings, DatabaseSettings, NatsSettings, StreamSettings):
    """What the warden reads from its environment; nats_creds are provision's."""

    account_keeper: Path = Field(description="file with the keys that revoke nodes, for the warden")
    nats_system_creds: Path = Field(
        description="file with the warden's credentials in the broker's system account"
    )


class NotTaken(nats.errors.Error):
    """The broker did not take the account JWT."""


def run() -> None:
    """Run until SIGTERM."""
    settings = WardenSettings()
    configure_logging("warden", log_format=settings.log_format, level=settings.log_level)
    configure_tracing("warden")
    run_until_stopped(lambda stop: serve(settings, stop))


async def serve(settings: WardenSettings, stop: asyncio.Event) -> None:
    """Keep the broker up to date until `stop` is set; raises AuthorityError for bad keys."""
    keeper = AccountKeeper.read(settings.account_keeper)
    engine = make_engine(settings, pool_size=POOL_SIZE)
    news = News(settings, NODES)
    stale = asyncio.Event()

    async def forget() -> None:
        stale.set()

    system = await connect_nats(
        settings.nats_url, settings.nats_system_creds, name="warden", on_reconnect=forget
    )
    client = await connect_nats(settings.nats_url, settings.nats_creds, name="warden consumers")
    try:
        backstop_s = BACKSTOP_S / settings.time_scale
        sessions = make_sessions(engine)
        replicas = settings.nats_replicas
        warden = Warden(
            sessions, keeper, system, client, stale, backstop_s=backstop_s, replicas=replicas
        )
        checks = {"database": lambda: ping(engine), "broker": warden.check}
        async with health_server(settings, checks), Tasks() as tasks:
            tasks.create_task(news.run())
            tasks.create_task(warden.keep(news))
            await stop.wait()
            await tasks.end()
    finally:
        await asyncio.gather(system.close(), client.close())
        await engine.dispose()


class Warden:
    """Brings the broker up to date, again and again."""

    def __init__(
        self,
        sessions: Sessions,
        keeper: AccountKeeper,
        system: Client,
        client: Client,
        stale: asyncio.Event,
        *,
        backstop_s: float,
        replicas: int,
    ) -> None:
        """`stale` is set when the broker may have forgotten everything."""
        self._backstop_s, self._replicas = backstop_s, replicas
        self._sessions, self._keeper = sessions, keeper
        self._system, self._client, self._stale = system, client, stale
        self._told: Mapping[str, int] | None = None
        self._has_streams = False
        self._ensured: dict[str, tuple[str, ...]] = {}

    async def keep(self, news: News) -> None:
        """Look at each notification and each reconnect, and now and then, until cancelled."""
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        with news.heard() as heard:
            while True:
                heard.clear()
                try:
                    await self.look()
                except _AWAY as exc:
                    log.warning("warden_retries", error=f"{type(exc).__name__}: {exc}"[:300])
                    await asyncio.sleep(next(waits))
                    continue
                waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
                if not await _first_of(heard, self._stale, within_s=self._backstop_s):
                    self._doubt()

    async def look(self) -> None:
        """Revoke what is revoked, and make the streams and consumers that are missing."""
        if self._stale.is_set():
            self._stale.clear()
            self._told = None
            self._doubt()
        if not self._has_streams:
            await ensure_streams(self._client.jetstream(), replicas=self._replicas)
            self._has_streams = True
        await self._revoke()
        await self._ensure_nodes()

    def _doubt(self) -> None:
        """Take nothing for granted that the broker had."""
        self._has_streams = False
        self._ensured.clear()

    async def check(self) -> None:
        """Raise unless the broker is connected and has heard of every revocation once."""
        if not (self._system.is_connected and self._client.is_connected):
            raise ConnectionError("not connected")
        if self._told is None:
            raise ConnectionError("the broker was not told yet")

    async def _revoke(self) -> None:
        async with self._sessions() as session, session.begin():
            account = await self._locked_account(session)
            rows = await session.exec(select(NodeKey).where(col(NodeKey.revoked_at).is_not(None)))
            revoked = {row.public_key: _void_until(row) for row in rows}
            if revoked == self._told:
                return
            now = datetime.now(UTC)
            issued_at = max(int(now.timestamp()), account.issued_at_s + 1)
            await self._push(self._keeper.sign(revoked, issued_at=issued_at))
            account.issued_at_s, account.pushed_at = issued_at, now
            session.add(account)
            cut = update(NodeKey).where(
                col(NodeKey.public_key).in_(list(revoked)), col(NodeKey.cut_at).is_(None)
            )
            await session.exec(cut.values(cut_at=now))
        self._told = revoked
        log.info("broker_told", revoked_keys=len(revoked))

    async def _locked_account(self, session: AsyncSession) -> BrokerAccount:
        """Return the account's row; its lock orders the JWTs of all wardens."""
        first = insert(BrokerAccount).values(
            account=self._keeper.account, issued_at_s=0, pushed_at=datetime.now(UTC)
        )
        await session.exec(first.on_conflict_do_nothing())
        return await session.get_one(BrokerAccount, self._keeper.account, with_for_update=True)

    async def _push(self, jwt: str) -> None:
        answer = await self._system.request(CLAIMS_UPDATE, jwt.encode(), timeout=ANSWER_TIMEOUT_S)
        try:
            code = json.loads(answer.data)["data"]["code"]
        except (ValueError, KeyError, TypeError) as exc:
            raise NotTaken(answer.data.decode(errors="replace")[:300]) from exc
        if code != 200:
            raise NotTaken(f"code {code}")

    async def _ensure_nodes(self) -> None:
        async with self._sessions() as session:
            names = await session.exec(select(Node.name).where(col(Node.revoked_at).is_(None)))
            wanted = {name: await queues_of_node(session, name) for name in names}
        for name, queues in wanted.items():
            if self._ensured.get(name) != queues:
                await ensure_node(self._client.jetstream(), name, queues)
                self._ensured[name] = queues
                log.info("node_consumers_ready", node=name, queues=queues)


def _void_until(key: NodeKey) -> int:
    if key.revoked_at is None:
        raise ValueError("not revoked")
    return int((key.revoked_at + VOID_FOR).timestamp())


async def _first_of(*events: asyncio.Event, within_s: float) -> bool:
    """Return whether one of the events was set in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s), asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(event.wait()) for event in events]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
    return any(event.is_set() for event in events)
