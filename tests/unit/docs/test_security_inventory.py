"""The inventory of what there is to guard says what the code says."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from deploy.dev.env_example import GROUPS
from services.db.tables import all as tables

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "security" / "inventory.md").read_text()
PRODUCT = ("contracts", "runtime", "services", "edge")
GRADES = {"group", "own", "admin", "nobody"}
_ADDRESS = re.compile(r"(_URL|_ENDPOINT|_ISSUER|BAMBU_IP)$")
_KEY_FILE = re.compile(r"(_CREDS|_SIGNER|_KEYS_DIR|DATABASE_URL)$")


def rows_of(section: str) -> list[list[str]]:
    """Return the cells of a section's table, without its head."""
    body = TEXT.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Yield the variable and the field of every setting."""
    for _, classes in GROUPS:
        for cls in classes:
            prefix = str(cls.model_config["env_prefix"])
            for name, field in cls.model_fields.items():
                yield f"{prefix}{name}".upper(), field


def named(section: str, column: int = 0) -> set[str]:
    """Return what stands in backquotes in a column."""
    return {name for row in rows_of(section) for name in re.findall(r"`([^`]+)`", row[column])}


@pytest.mark.asvs("V2.1.1", "V2.1.2", "V2.1.3", "V5.1.1", "V6.1.1", "V7.1.2", "V15.1.3")
def test_limits_are_those_of_the_code() -> None:
    defaults = {name: field.default for name, field in settings()}
    for what, limit, where in rows_of("Limits"):
        if where == "-":
            continue
        source = where.strip("`")
        module, _, constant = source.partition(":")
        value = getattr(importlib.import_module(module), constant) if constant else defaults[source]
        assert limit.split()[0] == str(value), what


@pytest.mark.asvs("V11.1.1", "V11.1.2", "V11.2.2")
def test_every_secret_is_there() -> None:
    secret = {
        name
        for name, field in settings()
        if field.annotation is SecretStr or _KEY_FILE.search(name)
    }
    assert secret == {name for name in named("Secrets and keys") if name.isupper()}


@pytest.mark.asvs("V14.1.1", "V14.1.2", "V8.1.2")
def test_every_table_has_a_grade() -> None:
    assert named("Data") == set(tables.METADATA.tables)
    assert {row[1] for row in rows_of("Data")} <= GRADES


@pytest.mark.asvs("V14.2.4", "V11.5.1")
def test_what_opens_a_door_is_stored_as_a_hash() -> None:
    for table in tables.METADATA.tables.values():
        for column in table.columns:
            if re.search(r"secret|code_|id_sha|password", column.name) and table.name != "job":
                assert column.name.endswith(("_sha256", "_code")), f"{table.name}.{column.name}"


@pytest.mark.asvs("V13.1.1", "V13.2.4", "V1.3.6")
def test_every_connection_is_there() -> None:
    assert {name for name, _ in settings() if _ADDRESS.search(name)} == named("Connections")


@pytest.mark.asvs("V16.1.1", "V16.2.3")
def test_every_process_that_logs_is_there() -> None:
    known = set()
    for folder in PRODUCT:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "configure_logging":
                    name = node.args[0]
                    first = name.values[0] if isinstance(name, ast.JoinedStr) else name
                    known.add(str(ast.literal_eval(first)).strip())
    assert known == named("Logs")


@pytest.mark.asvs("V14.3.3")
def test_the_browser_keeps_only_what_is_said() -> None:
    stored = re.compile(r'(?:STORED|PREFIX|KEY) = "([^"]+)"')
    keeping = [
        path
        for path in (ROOT / "web" / "src").rglob("*.ts*")
        if re.search(r"(local|session)Storage\.", path.read_text())
    ]
    assert keeping
    for path in keeping:
        names = stored.findall(path.read_text())
        assert names, path.name
        assert all(name.startswith("layerline.") for name in names), path.name
    assert not re.search(r"token|secret|cookie", " ".join(path.name for path in keeping))


@pytest.mark.asvs("V15.1.1", "V15.1.2")
def test_every_part_is_listed_with_its_hash() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    parts = re.split(r"^(?=[\w])", lock, flags=re.MULTILINE)[1:]
    assert len(parts) > 50
    assert all("==" in part and "--hash=sha256:" in part for part in parts)
    npm = (ROOT / "web" / "package-lock.json").read_text()
    assert npm.count('"integrity": "sha512-') >= npm.count('"version"') - 2
