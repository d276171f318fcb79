"""A notifier's parts on a real database, and a receiver on a real socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import PostgresDsn, SecretStr, TypeAdapter
from pydantic_core import from_json
from sqlmodel import col, select

from contracts.events import AnyEvent, event_bytes
from runtime.settings import DatabaseSettings
from services.db.channels import EVENTS, NOTICES
from services.db.engine import Sessions, make_engine, make_sessions
from services.db.news import News
from services.db.tables.notices import NoticeDelivery, NoticeTarget
from services.db.tables.people import User
from services.db.tables.work import Artifact, Job, Submission
from services.notices.kinds import CHOSEN, USUAL, Form
from services.notices.sealing import Sealer
from services.notices.targets import KEY_PREFIX
from services.notify.collecting import Collector
from services.notify.delivering import Courier
from tests.integration.api.rows import log_row, new_job

URL = "https://print.example.org"
KEY = KEY_PREFIX + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SEALER = Sealer(SecretStr("k" * 32))


class ShiftedClock:
    """The machine's time, further on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def boottime(self) -> float:
        return 0.0

    def boot_id(self) -> str:
        return "test"


@dataclass
class Receiver:
    """A web server that writes down what it is sent, and answers what it is told to."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    """Answers to come; 200 when there is none."""
    requests: list[tuple[str, dict[str, str], str]] = field(default_factory=list)

    @property
    def hook(self) -> str:
        """An address for a webhook."""
        return f"http://127.0.0.1:{self.port}/hook?from=layerline"

    def apprise(self, path: str) -> str:
        """An address for Apprise, which posts JSON there."""
        return f"json://127.0.0.1:{self.port}/{path}"

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append((request.path, dict(request.headers), body))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"})


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Yield a receiver that listens."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()


@dataclass
class Bench:
    """A collector, a courier and the rows that they need."""

    sessions: Sessions
    clock: ShiftedClock
    collector: Collector
    courier: Courier
    shy: Courier
    """Keeps to public addresses."""

    async def add(self, *rows: Any) -> None:
        async with self.sessions() as session, session.begin():
            for row in rows:
                session.add(row)
                await session.flush()

    async def person(self, name: str, **rights: bool) -> User:
        user = User(
            id=uuid4(),
            email=f"{name.lower()}@example.org",
            name=name,
            avatar_url=None,
            is_admin=rights.get("is_admin", False),
            is_approver=rights.get("is_approver", False),
            created_at=self.clock.now(),
            disabled_at=None,
        )
        await self.add(user)
        return user

    async def target(self, form: Form, address: str, by: User, **changes: Any) -> NoticeTarget:
        values: dict[str, Any] = {
            "id": uuid4(),
            "form": form,
            "name": form,
            "address_sealed": SEALER.seal(address),
            "key_sealed": SEALER.seal(KEY) if form is Form.WEBHOOK else None,
            "kinds": list(USUAL if form is Form.PERSONAL else CHOSEN),
            "is_enabled": True,
            "created_by": by.id,
            "created_at": self.clock.now(),
            "removed_at": None,
        }
        target = NoticeTarget(**{**values, **changes})
        await self.add(target)
        return target

    async def jobs(self, owner: User, count: int = 1) -> list[Job]:
        """Return jobs of one submission, which wait for approval."""
        at = self.clock.now()
        artifact = Artifact(
            id=uuid4(),
            owner_id=owner.id,
            filename="bracket.gcode.3mf",
            size_bytes=1,
            sha256="ab" * 32,
            state="ready",
            incoming_key="incoming/x",
            check_attempts=1,
            refusal_code=None,
            refusal=None,
            inspection={},
            created_at=at,
            submit_to="main",
        )
        sent = Submission(
            id=uuid4(), owner_id=owner.id, artifact_id=artifact.id, note=None, created_at=at
        )
        made = [new_job(sent, copy_no=number) for number in range(1, count + 1)]
        await self.add(artifact, sent, *made)
        return made

    async def happen(self, *events: AnyEvent) -> None:
        """Put events into the log, as the projector does, and have them collected."""
        await self.add(
            *(
                log_row(event.type, event_id=event.id, body=from_json(event_bytes(event)))
                for event in events
            )
        )
        while await self.collector.collect():
            pass

    async def deliveries(self) -> list[NoticeDelivery]:
        async with self.sessions() as session:
            rows = select(NoticeDelivery).order_by(col(NoticeDelivery.created_at))
            return list(await session.exec(rows))

    async def told(self) -> list[tuple[UUID | None, str]]:
        """Return who was told what."""
        return sorted(((row.user_id, row.kind) for row in await self.deliveries()), key=str)


@asynccontextmanager
async def running_bench(database_url: str) -> AsyncIterator[Bench]:
    """Yield a bench on a database."""
    url = TypeAdapter(PostgresDsn).validate_python(database_url)
    settings = DatabaseSettings(database_url=url)
    engine = make_engine(settings, pool_size=4)
    sessions, clock = make_sessions(engine), ShiftedClock()
    news = News(settings, NOTICES)
    yield Bench(
        sessions,
        clock,
        Collector(sessions, clock, News(settings, EVENTS), URL),
        Courier(sessions, clock, news, SEALER, allow_private=True),
        Courier(sessions, clock, news, SEALER, allow_private=False),
    )
    await engine.dispose()
