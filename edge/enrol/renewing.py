"""Renewing the node's JWT by itself, after a third of its life, or when the broker refused it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from edge.enrol.client import ApiAway, ApiRefused, NodeApi
from edge.enrol.files import NodeFiles, NotEnrolled
from runtime.backoff import backoff
from runtime.clock import Clock

log = structlog.get_logger()

RENEW_AFTER = 1 / 3
"""Of the JWT's life: two more thirds are left for an API that is away."""
RETRY_INITIAL_S = 1.0
RETRY_MAX_S = 3600.0
FINAL = frozenset({"key-revoked", "key-too-old"})
"""The API's words after which only a person can help."""
LOOK_EVERY_S = 3600.0
"""Waiting is cut into pieces: a clock may be put right meanwhile."""

OnRenewed = Callable[[], Awaitable[None]]


class Renewing:
    """Keeps the credentials file young for as long as it runs."""

    def __init__(self, files: NodeFiles, api_url: str, clock: Clock, on_renewed: OnRenewed) -> None:
        """`on_renewed` is awaited when the file holds a new JWT."""
        self._files, self._api_url, self._clock = files, api_url, clock
        self._on_renewed = on_renewed
        self._refused = asyncio.Event()
        self._renewed_at_s: float | None = None

    def broker_refused(self) -> None:
        """Renew now: the broker doesn't take the JWT, whatever the clock here says."""
        self._refused.set()

    async def run(self) -> None:
        """Renew whenever it is due, until cancelled."""
        waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
        while True:
            if await self._wait_until_due():
                waits = backoff(initial_s=RETRY_INITIAL_S, max_s=RETRY_MAX_S)
            self._refused.clear()
            wait_s = next(waits)
            try:
                await self.renew_once()
            except (ApiAway, NotEnrolled) as exc:
                log.warning("renewal_failed", reason=str(exc), again_in_s=round(wait_s, 1))
            except ApiRefused as exc:
                log.error("renewal_refused", code=exc.code, reason=str(exc))
                wait_s = RETRY_MAX_S if exc.code in FINAL else wait_s
            # Also after a success: a broker that refuses the new one too is not asked in a loop.
            await asyncio.sleep(wait_s)

    async def renew_once(self) -> None:
        """Get a new JWT for the same key; raises ApiAway, ApiRefused, NotEnrolled."""
        seed = self._files.credentials().seed
        async with NodeApi(self._api_url) as api:
            credentials = await api.renew(seed)
        self._files.renew(credentials.jwt, seed)
        self._renewed_at_s = self._clock.boottime()
        log.info("credentials_renewed", expires_at=credentials.expires_at.isoformat())
        await self._on_renewed()

    def due_in_s(self) -> float:
        """Return the seconds until the next renewal; 0 or less: now. Raises NotEnrolled."""
        credentials = self._files.credentials()
        if credentials.expires_at is None:
            return LOOK_EVERY_S
        young_s = (credentials.expires_at - credentials.issued_at) * RENEW_AFTER
        if self._renewed_at_s is not None:
            return self._renewed_at_s + young_s - self._clock.boottime()
        # A clock from before the JWT is a wrong one: renewing early does no harm.
        age_s = self._clock.now().timestamp() - credentials.issued_at
        return young_s - age_s if age_s >= 0 else 0.0

    async def _wait_until_due(self) -> bool:
        """Return whether the time has come, not the broker's refusal."""
        while not self._refused.is_set():
            try:
                due_s = self.due_in_s()
            except NotEnrolled:
                return False
            if due_s <= 0:
                return self._renewed_at_s is not None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(due_s, LOOK_EVERY_S)):
                    await self._refused.wait()
        return False
