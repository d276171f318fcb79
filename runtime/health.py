"""A tiny HTTP face of every process: /livez, /readyz and /metrics, on loopback unless told."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime.settings import CommonSettings

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises with a sentence otherwise."""

CHECK_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 5.0
CACHED_S: Final = 10.0
_MAX_REQUEST_LINE = 2048
_JSON: Final = "application/json"


async def run_checks(checks: Mapping[str, Check]) -> dict[str, str]:
    """Return "ok" or what is wrong for each named check; each has CHECK_TIMEOUT_S."""

    async def outcome(check: Check) -> str:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await check()
        except TimeoutError:
            return f"no answer within {CHECK_TIMEOUT_S:g} s"
        except Exception as exc:  # noqa: BLE001 - whatever is wrong is the answer
            return f"{type(exc).__name__}: {exc}"[:200]
        return "ok"

    results = await asyncio.gather(*(outcome(check) for check in checks.values()))
    return dict(zip(checks, results, strict=True))


def cached(check: Check, *, for_s: float = CACHED_S) -> Check:
    """Return a check that, once passed, is not asked again for a while: it costs something."""
    passed_at: float | None = None

    async def cached_check() -> None:
        nonlocal passed_at
        if passed_at is None or time.monotonic() - passed_at >= for_s:
            passed_at = None
            await check()
            passed_at = time.monotonic()

    return cached_check


@asynccontextmanager
async def health_server(
    settings: CommonSettings, checks: Mapping[str, Check]
) -> AsyncIterator[None]:
    """Serve /livez (the loop runs), /readyz (every check passes) and /metrics in the block."""
    if settings.health_port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                line = (await reader.readline())[:_MAX_REQUEST_LINE]
                path = line.split(b" ")[1] if line.count(b" ") >= 2 else b""
                status, media_type, payload = await _respond(path, checks)
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n"
                    f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode()
                    + payload
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, settings.health_host, settings.health_port)
    try:
        yield
    finally:
        server.close()


async def _respond(path: bytes, checks: Mapping[str, Check]) -> tuple[str, str, bytes]:
    """Return status, media type and body."""
    if path == b"/metrics":
        return "200 OK", CONTENT_TYPE_LATEST, generate_latest()
    if path == b"/livez":
        return "200 OK", _JSON, b'{"status": "ok"}'
    if path == b"/readyz":
        results = await run_checks(checks)
        healthy = all(result == "ok" for result in results.values())
        status = "200 OK" if healthy else "503 Service Unavailable"
        body = {"status": "ok" if healthy else "unready", "checks": results}
        return status, _JSON, json.dumps(body).encode()
    return "404 Not Found", _JSON, b'{"status": "not found"}'
