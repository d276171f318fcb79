"""`layerline handout`: every secret of an installation, made once, one folder per process.

Each process is given its own folder and no other, as a volume or as secrets of its host. What is
made is kept in the folder of keys: a second run hands out the same.
"""

import json
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.provision.broker import CONTAINER, broker_config
from services.provision.keys import Keys

SECRET_BYTES = 32
OWNER_ONLY, READABLE = 0o600, 0o644
"""READABLE: for a foreign server that runs as a user of its own; its folder is its own too."""
SERVICES = ("dispatch", "relay", "projector", "inspector")
WITH_STORAGE = ("api", "dispatch", "inspector", "provision")


@dataclass(frozen=True)
class Handed:
    """A file for a process."""

    name: str
    text: str
    mode: int = OWNER_ONLY


def handout(keys: Keys, *, database_host: str) -> Mapping[str, tuple[Handed, ...]]:
    """Return what each process is given; the names of files are those of settings."""
    made = _Secrets(keys)
    database = Handed("layerline_database_url", made.database_url(database_host))
    folders: dict[str, tuple[Handed, ...]] = {
        "postgres": (Handed("password", made.text("postgres"), READABLE),),
        "nats": (Handed("nats.conf", broker_config(keys.trust(), CONTAINER)),),
        "storage": (Handed("s3.json", made.storage_identities()),),
        "migrate": (database,),
    }
    for name in ("api", "provision", *SERVICES):
        creds = _file("nats.creds", keys.service_creds(name))
        storage = made.storage_keys() if name in WITH_STORAGE else ()
        folders[name] = (database, creds, *storage)
    secrets_key = Handed("layerline_secrets_key", made.text("notices"))
    folders["notify"] = (database, secrets_key)
    folders["api"] += (
        secrets_key,
        Handed("layerline_session_secret", made.text("session")),
        _file("node-signer.json", keys.node_signer()),
    )
    folders["warden"] = (
        database,
        _file("nats.creds", keys.service_creds("provision")),
        _file("system.creds", keys.system_creds()),
        _file("account-keeper.json", keys.account_keeper()),
    )
    return folders


def write_handout(folders: Mapping[str, tuple[Handed, ...]], target: Path) -> None:
    """Write every folder; a folder that is there, a volume say, keeps its mode."""
    for process, files in folders.items():
        folder = target / process
        folder.mkdir(parents=True, exist_ok=True)
        for handed in files:
            _write(folder / handed.name, handed.text, handed.mode)


class _Secrets:
    """Random words kept beside the keys."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def text(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        path = self._keys.folder / f"{name}.secret"
        if not path.exists():
            _write(path, make() + "\n", OWNER_ONLY)
        return path.read_text().strip()

    def database_url(self, host: str) -> str:
        return f"postgresql://layerline:{self.text('postgres')}@{host}:5432/layerline"

    def storage_keys(self) -> tuple[Handed, Handed]:
        access = self.text("storage-access", lambda: secrets.token_hex(16))
        return (
            Handed("layerline_s3_access_key", access),
            Handed("layerline_s3_secret_key", self.text("storage")),
        )

    def storage_identities(self) -> str:
        access, secret = self.storage_keys()
        identity = {
            "name": "layerline",
            "credentials": [{"accessKey": access.text, "secretKey": secret.text}],
            "actions": ["Admin", "Read", "List", "Tagging", "Write"],
        }
        return json.dumps({"identities": [identity]})


def _file(name: str, source: Path) -> Handed:
    return Handed(name, source.read_text())


def _write(path: Path, text: str, mode: int) -> None:
    """Write whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
