"""The data folder: what must be there before anything starts."""

import os
import secrets
import shutil
from pathlib import Path

from deploy.local.process import StartFailed

MIN_FREE_BYTES = 512 * 1024**2
MAX_LOG_BYTES = 10 * 1024**2
PRIVATE = ("keys", "logs", "nats", "nodes", "printers", "storage")
"""Readable by the owner alone; Postgres sees to its own."""


def prepare_folders(data: Path) -> None:
    """Make the folders and set large logs aside; raise StartFailed with what is wrong."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        for name in PRIVATE:
            folder = data / name
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        for log in (data / "logs").glob("*.log"):
            if log.stat().st_size > MAX_LOG_BYTES and log.name != "up.log":
                log.replace(log.with_suffix(".log.old"))
    except OSError as exc:
        raise StartFailed(f"the data folder {data} can't be used: {exc.strerror}") from exc
    if not os.access(data, os.W_OK):
        raise StartFailed(f"the data folder {data} can't be written to")
    if shutil.disk_usage(data).free < MIN_FREE_BYTES:
        raise StartFailed(f"less than {MIN_FREE_BYTES // 1024**2} MiB are free for {data}")


def kept_secret(path: Path) -> str:
    """Return a secret of this stack, made once."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text()
