"""One effect and one answer, however often a request comes."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import delete, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.ids import UserId
from runtime.clock import Clock
from services.api.errors import ApiError
from services.api.state import Services
from services.db.database import Transaction, in_session
from services.db.engine import DATABASE_AWAY, Sessions
from services.db.prepared import Prepared
from services.db.tables.people import Idempotency

KEPT = timedelta(hours=24)
SWEEP_S = 3600.0
_JSON = "application/json"

_TAKE = Prepared(
    text(
        """
    INSERT INTO idempotency AS mine
        (user_id, route, key, body_sha256, status, response, created_at)
    VALUES (:user_id, :route, :key, :content, 0, '', :now)
    ON CONFLICT (user_id, route, key) DO UPDATE
    SET body_sha256 = :content, status = 0, response = '', created_at = :now
    WHERE mine.created_at < :over
    """
    )
)
_RECORD = Prepared(
    text(
        """
        UPDATE idempotency SET status = :status, response = :response
        WHERE user_id = :user_id AND route = :route AND key = :key
        """
    )
)
_RECORDED = Prepared(
    text(
        """
        SELECT body_sha256, status, response FROM idempotency
        WHERE user_id = :user_id AND route = :route AND key = :key
        """
    )
)

log = structlog.get_logger()

Act = Callable[[AsyncSession], Awaitable[BaseModel]]
BareAct = Callable[[Transaction], Awaitable[BaseModel]]


async def sweep_keys(sessions: Sessions, clock: Clock) -> None:
    """Forget keys that nobody needs any more, hourly, until cancelled."""
    while True:
        over = delete(Idempotency).where(col(Idempotency.created_at) < clock.now() - KEPT)
        try:
            async with sessions() as session, session.begin():
                await session.exec(over)
        except DATABASE_AWAY as exc:
            log.info("keys_not_swept", error=f"{type(exc).__name__}: {exc}")
        await asyncio.sleep(SWEEP_S)


class Once:
    """Runs a change in one transaction together with the record of its answer.

    The same key from the same person on the same route: with the same content the stored
    answer, byte for byte; with other content 422. A second request under way at the same time
    waits for the first one's commit. An error changes nothing and is not recorded: the key may
    be tried again.
    """

    def __init__(
        self,
        services: Services,
        user_id: UserId,
        operation: str,
        key: str | None,
        content: bytes,
    ) -> None:
        self._sessions, self._database = services.sessions, services.database
        self._clock = services.clock
        self._user_id, self._route, self._key = user_id, operation, key
        self._content_sha256 = hashlib.sha256(content).digest()

    async def run(self, act: Act, *, status: int = 200) -> Response:
        """Return the answer of `act`, now or as it was recorded."""
        async with self._sessions() as session, session.begin():
            return await self._answer(in_session(session), lambda: act(session), status)

    async def run_bare(self, act: BareAct, *, status: int = 200) -> Response:
        """Do the same without a session, for what happens all the time."""
        async with self._database.begin() as transaction:
            return await self._answer(transaction, lambda: act(transaction), status)

    async def _answer(
        self, transaction: Transaction, act: Callable[[], Awaitable[BaseModel]], status: int
    ) -> Response:
        if self._key is not None and not await self._take_key(transaction):
            return await self._recorded(transaction)
        body = (await act()).model_dump_json().encode()
        if self._key is not None:
            await transaction.write(_RECORD, **self._mine(), status=status, response=body)
        return Response(body, status_code=status, media_type=_JSON)

    async def _take_key(self, transaction: Transaction) -> bool:
        """Return whether this request is the first; waits for one that holds the key."""
        now = self._clock.now()
        record = {**self._mine(), "content": self._content_sha256, "now": now, "over": now - KEPT}
        return await transaction.execute(_TAKE, **record) == 1

    async def _recorded(self, transaction: Transaction) -> Response:
        record = await transaction.fetchrow(_RECORDED, **self._mine())
        if record is None:
            raise LookupError("the key was taken, and is gone")
        if record["body_sha256"] != self._content_sha256:
            raise ApiError(
                409,
                "idempotency-key-reused",
                "This Idempotency-Key was used for another request. Use a new key.",
            )
        return Response(record["response"], status_code=record["status"], media_type=_JSON)

    def _mine(self) -> dict[str, object]:
        return {"user_id": self._user_id, "route": self._route, "key": self._key}
