"""A tiny HTTP face for processes that have none: /livez and /readyz on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

Check = Callable[[], Awaitable[None]]
"""Returns when all is well; raises with a sentence otherwise."""

CHECK_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 5.0
_MAX_REQUEST_LINE = 2048


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


@asynccontextmanager
async def health_server(port: int | None, checks: Mapping[str, Check]) -> AsyncIterator[None]:
    """Serve /livez (the loop runs) and /readyz (every check passes) while the block runs."""
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                line = (await reader.readline())[:_MAX_REQUEST_LINE]
                path = line.split(b" ")[1] if line.count(b" ") >= 2 else b""
                status, body = await _respond(path, checks)
                payload = json.dumps(body).encode()
                writer.write(
                    f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(payload)}\r\nConnection: close\r\n\r\n".encode()
                    + payload
                )
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _respond(path: bytes, checks: Mapping[str, Check]) -> tuple[str, dict[str, object]]:
    if path == b"/livez":
        return "200 OK", {"status": "ok"}
    if path == b"/readyz":
        results = await run_checks(checks)
        healthy = all(result == "ok" for result in results.values())
        status = "200 OK" if healthy else "503 Service Unavailable"
        return status, {"status": "ok" if healthy else "unready", "checks": results}
    return "404 Not Found", {"status": "not found"}
