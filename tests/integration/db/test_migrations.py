"""The schema that migrations make is the one that the tables describe."""

import asyncio

import asyncpg
from alembic import command

from services.db.migrate import alembic_config, check, upgrade

TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


async def _count_tables(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval(TABLES))
    finally:
        await connection.close()


async def test_models_and_migrations_agree(database_url: str) -> None:
    await asyncio.to_thread(check, database_url)


async def test_second_upgrade_changes_nothing(database_url: str) -> None:
    before = await _count_tables(database_url)
    await asyncio.to_thread(upgrade, database_url)
    assert await _count_tables(database_url) == before > 15


async def test_first_schema_can_be_taken_back_and_made_again(database_url: str) -> None:
    before = await _count_tables(database_url)
    await asyncio.to_thread(command.downgrade, alembic_config(database_url), "base")
    assert await _count_tables(database_url) == 1
    await asyncio.to_thread(upgrade, database_url)
    assert await _count_tables(database_url) == before
    await asyncio.to_thread(check, database_url)
