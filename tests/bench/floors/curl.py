"""curl, doing the same transfers."""

import asyncio
import time


async def timed(*arguments: str) -> float:
    """Return the seconds that `curl` with these arguments took; raise when it failed."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--fail", *arguments),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"curl: {errors.decode()}")
    return time.monotonic() - began
