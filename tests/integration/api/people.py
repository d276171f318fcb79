"""The API as tests meet it: people with a browser each, and the rows behind it."""

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import PostgresDsn
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel, col

from runtime.settings import DatabaseSettings
from services.db.engine import Sessions, make_engine, make_sessions
from services.db.tables.people import FirstAdminCode, Session, User
from services.db.tables.shop import Shop
from services.db.tables.work import Queue

Json = dict[str, Any]
Row = TypeVar("Row", bound=SQLModel)


def now() -> datetime:
    """Return the time as rows have it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Someone:
    """A person, signed in."""

    id: UUID
    http: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Json:
        """Return the body of a good answer."""
        return _body(await self.http.get(path, params=query))

    async def post(self, path: str, body: Json | None = None) -> Json:
        """Return the body of a good answer."""
        return _body(await self.http.post(path, json={} if body is None else body))

    async def put(self, path: str, body: Json) -> Json:
        """Return the body of a good answer."""
        return _body(await self.http.put(path, json=body))

    async def refused(self, path: str, body: Json | None = None) -> Json:
        """Return the problem that a POST is answered with."""
        return problem(await self.http.post(path, json={} if body is None else body))


@dataclass(frozen=True)
class World:
    """A running API."""

    url: str
    env: Mapping[str, str]
    engine: AsyncEngine
    sessions: Sessions
    stack: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def open(cls, env: Mapping[str, str]) -> AsyncIterator["World"]:
        """Yield the world of the API with this environment."""
        database = DatabaseSettings(database_url=PostgresDsn(env["LAYERLINE_DATABASE_URL"]))
        engine = make_engine(database, pool_size=4)
        async with AsyncExitStack() as stack:
            yield cls(env["LAYERLINE_PUBLIC_URL"], env, engine, make_sessions(engine), stack)
        await engine.dispose()

    async def browser(self, *, says_so: bool = True) -> httpx.AsyncClient:
        """Return a browser with a cookie jar of its own."""
        headers = {"Sec-Fetch-Site": "same-origin"} if says_so else {}
        client = httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)
        return await self.stack.enter_async_context(client)

    async def someone(self, *, is_admin: bool = False, name: str = "Mia") -> Someone:
        """Return a new person with a session, as a sign-in would have left it."""
        session_id = secrets.token_urlsafe(32)
        user = User(
            id=uuid4(),
            email=f"{uuid4().hex}@layerline.local",
            name=name,
            avatar_url=None,
            is_admin=is_admin,
            created_at=now(),
            disabled_at=None,
        )
        await self.add(user)
        await self.add(
            Session(
                id_sha256=hashlib.sha256(session_id.encode()).digest(),
                user_id=user.id,
                created_at=now(),
                last_used_at=now(),
                expires_at=now() + timedelta(days=30),
                user_agent=None,
                ip=None,
            )
        )
        http = await self.browser()
        http.cookies.set("layerline", session_id)
        return Someone(user.id, http)

    async def put_back(self) -> None:
        """Make what there is but one of as it was: further tests meet the same database."""
        async with self.sessions() as session, session.begin():
            await session.exec(delete(Shop))
            await session.exec(delete(FirstAdminCode))
            main = update(Queue).where(col(Queue.name) == "main")
            await session.exec(main.values(title="Main", is_held=False))

    async def add(self, *rows: SQLModel) -> None:
        """Put rows into the database."""
        async with self.sessions() as session, session.begin():
            session.add_all(rows)

    async def row(self, kind: type[Row], key: Any) -> Row:
        """Return one row as it is now."""
        async with self.sessions() as session:
            return await session.get_one(kind, key)

    async def select(self, statement: Any) -> list[Any]:
        """Return what a statement selects."""
        async with self.sessions() as session:
            return list((await session.exec(statement)).all())


def _body(response: httpx.Response) -> Json:
    assert response.is_success, f"{response.status_code} {response.text}"
    body: Json = response.json() if response.content else {}
    return body


def problem(response: httpx.Response) -> Json:
    """Return the problem; fail when the answer is none."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body: Json = json.loads(response.text)
    assert body["status"] == response.status_code
    assert body["detail"].endswith("."), body["detail"]
    return body
