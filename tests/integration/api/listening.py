"""A client of the live feed, and what the projector and the nodes would do to it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from sqlalchemy import text
from sqlmodel import SQLModel

from services.db.channels import EVENTS
from tests.integration.api.people import Json, World

NEWS_WITHIN_S = 10.0


@dataclass
class News:
    """One server-sent event."""

    event: str = ""
    id: str | None = None
    data: Json = field(default_factory=dict)


class Feed:
    """An open feed."""

    def __init__(self, response: httpx.Response) -> None:
        self._news = _events(response)

    async def next(self) -> News:
        """Return the next event; pings are passed over."""
        async with asyncio.timeout(NEWS_WITHIN_S):
            return await anext(self._news)

    async def until(self, wanted: Callable[[News], bool]) -> News:
        """Return the first event that is wanted."""
        while True:
            news = await self.next()
            if wanted(news):
                return news

    async def ends(self) -> bool:
        """Return true once the server has ended the stream."""
        async with asyncio.timeout(NEWS_WITHIN_S):
            async for _ in self._news:
                pass
        return True


async def _events(response: httpx.Response) -> AsyncIterator[News]:
    news = News()
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        match name:
            case "event":
                news.event = value
            case "id":
                news.id = value
            case "data":
                news.data = json.loads(value)
            case "" if news.event:
                yield news
                news = News()
            case _:
                pass


@asynccontextmanager
async def listening(http: httpx.AsyncClient, after: str | None = None) -> AsyncIterator[Feed]:
    """Yield the person's feed, from after an event on."""
    headers = {} if after is None else {"Last-Event-ID": after}
    async with http.stream("GET", "/api/feed", headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Feed(response)


async def project(world: World, *rows: SQLModel) -> None:
    """Put rows into the log and ring, as the projector does."""
    async with world.sessions() as session, session.begin():
        for row in rows:
            session.add(row)
            await session.flush()
        await session.exec(text(f"NOTIFY {EVENTS}"))  # type: ignore[call-overload]
