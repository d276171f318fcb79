"""`layerline rebuild`: the read model made again from the log, compared, and put in place."""

import argparse
import asyncio
import json
import sys

import asyncpg

from services.cli.failure import CliError
from services.db.engine import connect_for_long
from services.projector.projection import Waits
from services.projector.settings import RebuildSettings
from services.projector.shadow import Comparison, RebuildRuns, Renewal, renew

EXIT_DIFFERENT = 1


def rebuild(options: argparse.Namespace) -> None:
    """Rebuild and say what was found; a check that finds a difference ends with 1."""
    try:
        renewal = asyncio.run(_renew(is_check=options.check))
    except RebuildRuns as exc:
        raise CliError("another rebuild is at work; wait for it") from exc
    except asyncpg.LockNotAvailableError as exc:
        raise CliError("the projector did not make room within 10 s; try again") from exc
    except OSError as exc:
        raise CliError("the database does not answer; is it running?") from exc
    except asyncpg.PostgresError as exc:
        raise CliError(f"the database refused: {exc}") from exc
    for table in renewal.tables:
        print(_line(table))
    print(_end(renewal))
    if options.check and not renewal.is_equal:
        sys.exit(EXIT_DIFFERENT)


async def _renew(*, is_check: bool) -> Renewal:
    settings = RebuildSettings()
    connection = await connect_for_long(settings)
    try:
        await connection.set_type_codec(
            "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
        )
        waits = Waits().scaled(settings.time_scale)
        return await renew(connection, waits, is_check=is_check)
    finally:
        await connection.close()


def _line(table: Comparison) -> str:
    verdict = "equal" if table.is_equal else "DIFFERENT"
    hashes = f"live {table.live_hash[:16]}  log {table.log_hash[:16]}"
    return f"{table.table:16}{table.rows:>8} rows  {hashes}  {verdict}"


def _end(renewal: Renewal) -> str:
    left = f"; {renewal.left_out} runs left as they are: news of them is on the way"
    words = "the live tables are what the log says"
    if renewal.is_swapped:
        words = "the live tables now are what the log says"
    elif not renewal.is_equal:
        words = "the live tables differ from the log; nothing was changed"
    return f"{renewal.events} events read: {words}{left if renewal.left_out else ''}"
