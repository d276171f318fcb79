"""A bare COPY: the rows of the log into a table with the same indexes."""

import time
from pathlib import Path

import asyncpg


async def copy_again(database_url: str, file: Path) -> float:
    """Return the seconds that the rows of event_log take into such a table anew."""
    connection = await asyncpg.connect(database_url, command_timeout=None)
    try:
        await connection.copy_from_query("TABLE event_log", output=file, format="binary")
        await connection.execute("CREATE TABLE bare_log (LIKE event_log INCLUDING ALL)")
        began = time.perf_counter()
        await connection.copy_to_table("bare_log", source=file, format="binary")
        took = time.perf_counter() - began
        await connection.execute("DROP TABLE bare_log")
        return took
    finally:
        await connection.close()
