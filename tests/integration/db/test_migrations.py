"""Migrations make what the tables describe, beside the release before, and hold nothing up."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic import command

from services.cli.main import main
from services.db.migrate import MIGRATIONS, alembic_config, check, upgrade

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


async def test_an_upgrade_gives_up_before_it_holds_up_what_runs(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table that is in use for long ends the upgrade after 5 s, whole; then it goes through."""
    monkeypatch.setenv("LAYERLINE_DATABASE_URL", database_url)
    await asyncio.to_thread(command.downgrade, alembic_config(database_url), "0005")
    before = await _revision(database_url)
    reader = await asyncpg.connect(database_url)
    async with reader.transaction():
        await reader.execute("LOCK TABLE audit IN ROW EXCLUSIVE MODE")
        async with asyncio.timeout(30):
            with pytest.raises(SystemExit):
                await asyncio.to_thread(main, ["migrate"])
        assert "a table was in use for too long; nothing was changed" in capsys.readouterr().err
        assert await _revision(database_url) == before
        assert await reader.fetchval("SELECT 1") == 1
    await reader.close()
    await asyncio.to_thread(main, ["migrate"])
    assert await _revision(database_url) > before


async def _revision(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    finally:
        await connection.close()


VERSIONS = sorted((MIGRATIONS / "versions").glob("0*.py"))
_TAKES_AWAY = {"drop_column", "drop_table", "rename_table", "drop_constraint"}
_IN_SQL = re.compile(r"\bDROP (COLUMN|TABLE)\b|\bRENAME\b|SET NOT NULL", re.IGNORECASE)


def _breaks(path: Path) -> Iterator[str]:
    """Yield what in a migration the release before it could not live with."""
    tree = ast.parse(path.read_text())
    (upgrading,) = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"
    ]
    for node in ast.walk(upgrading):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _IN_SQL.search(node.value):
                yield f"{path.name}:{node.lineno}: {node.value[:60]}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            named = {word.arg: word.value for word in node.keywords}
            if node.func.attr in _TAKES_AWAY or _demands(node.func.attr, node, named):
                yield f"{path.name}:{node.lineno}: {node.func.attr}"


def _demands(verb: str, call: ast.Call, named: dict[str | None, ast.expr]) -> bool:
    """Tell whether a column gets a new name, or a value that nobody gives it yet."""
    if verb == "alter_column":
        return "new_column_name" in named or _is_false(named.get("nullable"))
    if verb != "add_column":
        return False
    words = {
        word.arg: word.value
        for inner in call.args
        if isinstance(inner, ast.Call)
        for word in inner.keywords
    }
    return _is_false(words.get("nullable")) and "server_default" not in words


def _is_false(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is False


@pytest.mark.parametrize("path", VERSIONS[1:], ids=lambda path: path.stem)
def test_a_migration_only_adds_or_says_whose_last_use_is_a_release_ago(path: Path) -> None:
    contracts = re.search(r'^CONTRACTS = "(\d{4})"', path.read_text(), re.MULTILINE)
    if contracts is not None:
        assert contracts[1] < path.stem[:4]
        return
    assert list(_breaks(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("job", "name")',
        'op.alter_column("job", "name", new_column_name="title")',
        'op.add_column("job", sa.Column("x", sa.Text(), nullable=False))',
        'op.execute("ALTER TABLE job DROP COLUMN name")',
    ],
)
def test_what_takes_away_is_noticed(tmp_path: Path, line: str) -> None:
    migration = tmp_path / "0099_take_away.py"
    migration.write_text(f"def upgrade() -> None:\n    {line}\n")
    assert len(list(_breaks(migration))) == 1
