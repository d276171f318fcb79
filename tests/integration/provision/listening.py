"""A connection that remembers what the broker forbade."""

import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client

CONNECT_TIMEOUT_S = 5
_VIOLATION = re.compile(
    r'permissions violation for (publish|subscription) to "([^"]+)"', re.IGNORECASE
)


class Visitor:
    """A connection as somebody, and the acts that were refused."""

    def __init__(self, client: Client, errors: list[str]) -> None:
        self.client, self.errors = client, errors

    async def refused(self) -> set[tuple[str, str]]:
        """Return every (publish or subscription, subject) refused so far, in lower case."""
        for _ in range(2):  # the library's first ping overtakes what waits to be sent
            await self.client.flush(timeout=CONNECT_TIMEOUT_S)
        found = (_VIOLATION.search(error) for error in self.errors)
        return {(match[1], match[2]) for match in found if match}


@asynccontextmanager
async def visiting(
    url: str, creds: Path, *, inbox_prefix: str = "_INBOX"
) -> AsyncIterator[Visitor]:
    """Yield a connection with these credentials."""
    errors: list[str] = []

    async def remember(error: Exception) -> None:
        errors.append(str(error))

    client = await nats.connect(
        url,
        user_credentials=str(creds),
        inbox_prefix=inbox_prefix.encode(),
        error_cb=remember,
        connect_timeout=CONNECT_TIMEOUT_S,
        allow_reconnect=False,
    )
    try:
        yield Visitor(client, errors)
    finally:
        await client.close()


async def is_admitted(url: str, **options: Any) -> bool:
    """Tell whether the broker lets a connection with these options in."""
    client = Client()
    try:
        await client.connect(
            url, allow_reconnect=False, connect_timeout=CONNECT_TIMEOUT_S, **options
        )
    except (nats.errors.Error, OSError, TimeoutError):
        if client._transport is not None:  # left open by the library
            client._transport.close()  # type: ignore[no-untyped-call]
            with contextlib.suppress(OSError):
                await client._transport.wait_closed()  # type: ignore[no-untyped-call]
        return False
    await client.close()
    return True


def refusals(kind: str, subjects: list[str]) -> set[tuple[str, str]]:
    """Return what `Visitor.refused` says when all of these were."""
    return {(kind, subject.lower()) for subject in subjects}
