"""One client's stream: hello, what it missed, then news as they come."""

import time
from collections.abc import AsyncIterator
from typing import Final

import structlog

from services.api.auth.sessions import find_session
from services.api.dependencies import Person
from services.api.errors import DATABASE_AWAY
from services.api.feed.facts import log_bounds, read_facts
from services.api.feed.hub import FeedClient
from services.api.feed.schemas import FeedHello
from services.api.state import Services

log = structlog.get_logger()

PING_S: Final = 15.0
MAX_REPLAY: Final = 2000
"""Reading everything anew is cheaper than more facts than these."""
RETRY_MS: Final = 1000

_PING = b": ping\n\n"


async def stream_for(
    services: Services, viewer: Person, last_event_id: str | None
) -> AsyncIterator[bytes]:
    """Yield server-sent events until the session, the client or the process ends."""
    recheck_s = services.settings.feed_recheck_s
    with services.feed.joined(viewer) as client:
        yield _hello(services, client, is_resuming=last_event_id is not None)
        if last_event_id is not None:
            try:
                yield await _missed(services, client, last_event_id)
            except DATABASE_AWAY as exc:
                # The place has not moved: the client asks for the same again.
                log.warning("feed_replay_failed", error=f"{type(exc).__name__}: {exc}")
                return
        checked_at = time.monotonic()
        while not client.is_over:
            news = await client.take(within_s=min(PING_S, recheck_s))
            if client.is_over:
                return
            if client.is_doubted or time.monotonic() - checked_at >= recheck_s:
                checked_at, client.is_doubted = time.monotonic(), False
                if not await _is_signed_in(services, viewer):
                    return
            yield news or _PING


def _hello(services: Services, client: FeedClient, *, is_resuming: bool) -> bytes:
    """Return the greeting; it moves Last-Event-ID only when nothing is to be replayed."""
    hello = FeedHello(
        gseq=client.after, server_time=services.clock.now(), build_id=services.build_id
    )
    place = "" if is_resuming else f"id: {client.after}\n"
    text = f"retry: {RETRY_MS}\n{place}event: hello\ndata: {hello.model_dump_json()}\n\n"
    return text.encode()


async def _missed(services: Services, client: FeedClient, last_event_id: str) -> bytes:
    """Return what came after the client's last event, or the word to read everything anew."""
    reset = f"id: {client.after}\nevent: reset\ndata: {{}}\n\n".encode()
    if not last_event_id.isascii() or not last_event_id.isdigit():
        return reset
    after, until = int(last_event_id), client.after
    if after == until:
        return b""
    first, last = await log_bounds(services.reads)
    if after > last or after < first - 1:
        return reset
    client.after = max(after, until)
    facts = await read_facts(
        services.reads, after=after, limit=MAX_REPLAY + 1, now=services.clock.now()
    )
    if len(facts) > MAX_REPLAY:
        return reset
    return b"".join(
        told.frame for told in facts if told.gseq <= until and told.may_reach(client.viewer)
    )


async def _is_signed_in(services: Services, viewer: Person) -> bool:
    """Tell whether the session still lives with the same rights; a lost database decides nothing.

    Somebody whose rights have changed comes in again with the new ones.
    """
    if viewer.session_sha256 is None:
        return False
    try:
        found = await find_session(services, viewer.session_sha256)
    except DATABASE_AWAY as exc:
        log.warning("feed_session_unchecked", error=f"{type(exc).__name__}: {exc}")
        return True
    return found is not None and found.role is viewer.role
