"""`layerline dead-letters ...`: messages that could not be read or folded."""

import argparse
import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from runtime.settings import DatabaseSettings
from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.engine import make_engine, make_sessions
from services.db.tables.bus import DeadLetter
from services.jobs import letters
from services.jobs.errors import WorkError

MAX_LISTED = 1000
ANSWER_WITHIN_S = 15.0
LOOK_EVERY_S = 0.2


def list_letters() -> None:
    """Print the letters that nobody has settled, the newest first."""
    rows, count = in_transaction(lambda session: letters.open_letters(session, MAX_LISTED))
    for row in rows:
        times = f"x{row.count}"
        print(f"{row.id}  {row.first_seen:%Y-%m-%d %H:%M:%S}  {times:6}{row.subject}")
        print(f"    {row.reason}")
    print(f"{count} open" if count else "no dead letters")


def show(options: argparse.Namespace) -> None:
    """Print all of one letter."""
    row = _do(lambda session: letters.find(session, options.id))
    print(f"id         {row.id}")
    print(f"subject    {row.subject}")
    print(f"reason     {row.reason}")
    print(f"first seen {row.first_seen:%Y-%m-%d %H:%M:%S} UTC, seen {row.count} times")
    if row.replayed_at is not None:
        print(f"replayed   {row.replayed_at:%Y-%m-%d %H:%M:%S} UTC")
    print(f"state      {row.resolution or 'open'}")
    print(_pretty(row.body))


def drop(options: argparse.Namespace) -> None:
    """Settle letters without their effect."""
    for letter_id in options.ids:
        _settle(letters.drop, letter_id)
        print(f"{letter_id} dropped")


def replay(options: argparse.Namespace) -> None:
    """Have the projector take letters again, and say what it answered."""
    ids = options.ids or [row.id for row in in_transaction(_all_open)]
    for letter_id in ids:
        _settle(letters.ask_replay, letter_id)
    refused = 0
    for letter_id in ids:
        row = asyncio.run(_answered(letter_id))
        if row.resolution is None:
            refused += 1
            print(f"{letter_id} refused again: {row.reason}")
        else:
            print(f"{letter_id} replayed, accepted")
    if refused:
        raise CliError(f"{refused} of {len(ids)} were refused again")


async def _all_open(session: AsyncSession) -> list[DeadLetter]:
    return (await letters.open_letters(session, MAX_LISTED))[0]


async def _answered(letter_id: UUID) -> DeadLetter:
    """Return the letter once the projector has tried it; raise CliError when it doesn't."""
    engine = make_engine(DatabaseSettings(), pool_size=1)
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN_S):
                while True:
                    async with make_sessions(engine)() as session:
                        row = await letters.find(session, letter_id)
                    if row.replay_asked_at is None:
                        return row
                    await asyncio.sleep(LOOK_EVERY_S)
    finally:
        await engine.dispose()
    raise CliError("the projector has not answered; is it running? It takes the letter when it is")


_Wish = Callable[[AsyncSession, None, UUID, datetime], Awaitable[DeadLetter]]


def _settle(wish: _Wish, letter_id: UUID) -> DeadLetter:
    return _do(lambda session: wish(session, None, letter_id, datetime.now(UTC)))


def _do(act: Callable[[AsyncSession], Awaitable[DeadLetter]]) -> DeadLetter:
    try:
        return in_transaction(act)
    except WorkError as exc:
        raise CliError(exc.detail) from exc


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return repr(body)
