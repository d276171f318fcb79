"""What an enrolled node keeps in its data folder, each file whole or not there at all.

The seed of the node's key is made here and never leaves; only its owner can read it.
"""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

import nkeys
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.ids import NodeName

ENROLMENT_FILE = "enrolment.json"
CREDS_FILE = "node.creds"
PENDING_FILE = "enrolling.seed"
"""The key of an enrolment whose answer has not been written down yet."""
_SEED_HEAD = "-----BEGIN USER NKEY SEED-----"
_JWT_HEAD = "-----BEGIN NATS USER JWT-----"


class NotEnrolled(Exception):
    """The folder holds no usable credentials; the text says what is wrong."""


class Enrolment(BaseModel):
    """Who the node is and where it belongs."""

    model_config = ConfigDict(frozen=True)

    node: NodeName
    nats_url: str
    api_url: str


@dataclass(frozen=True)
class Credentials:
    """A JWT, its key's seed, and the JWT's life in Unix seconds by the API's clock."""

    jwt: str
    seed: str
    issued_at: int
    expires_at: int | None


class NodeFiles:
    """The files of enrolment under a node's data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def creds(self) -> Path:
        """The credentials file that the broker's client reads at each connect."""
        return self._folder / CREDS_FILE

    def enrolment(self) -> Enrolment | None:
        """Return who the node is, or None; raise NotEnrolled when the file can't be read."""
        path = self._folder / ENROLMENT_FILE
        if not path.exists():
            return None
        try:
            return Enrolment.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as exc:
            raise NotEnrolled(f"{path} can't be read: enrol the node again") from exc

    def credentials(self) -> Credentials:
        """Return what the credentials file holds; raise NotEnrolled."""
        try:
            lines = self.creds.read_text().splitlines()
            jwt = lines[lines.index(_JWT_HEAD) + 1].strip()
            seed = lines[lines.index(_SEED_HEAD) + 1].strip()
            body = jwt.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            expires_at = claims.get("exp")
            return Credentials(
                jwt, seed, int(claims["iat"]), None if expires_at is None else int(expires_at)
            )
        except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as exc:
            raise NotEnrolled(f"{self.creds} can't be read: enrol the node again") from exc

    def key_to_enrol(self) -> str:
        """Return the seed to enrol with: one under way, the node's own, or a new one."""
        pending = self._folder / PENDING_FILE
        if pending.exists():
            return pending.read_text().strip()
        try:
            return self.credentials().seed
        except NotEnrolled:
            return self.new_key()

    def new_key(self) -> str:
        """Make a new seed and write it down before anybody hears of its key."""
        seed = make_seed()
        self._write(PENDING_FILE, seed + "\n")
        return seed

    def keep(self, enrolment: Enrolment, jwt: str, seed: str) -> None:
        """Write down that the node is enrolled; what was under way is over."""
        self._write(ENROLMENT_FILE, enrolment.model_dump_json(indent=2) + "\n")
        self.renew(jwt, seed)
        (self._folder / PENDING_FILE).unlink(missing_ok=True)

    def renew(self, jwt: str, seed: str) -> None:
        """Put a new JWT beside the same seed."""
        self._write(
            CREDS_FILE,
            f"{_JWT_HEAD}\n{jwt}\n------END NATS USER JWT------\n\n"
            f"{_SEED_HEAD}\n{seed}\n------END USER NKEY SEED------\n",
        )

    def _write(self, name: str, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / name
        temporary = path.with_name(f"{name}.{os.getpid()}.new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def make_seed() -> str:
    """Return the seed of a new user key."""
    return str(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode())


def public_key(seed: str) -> str:
    """Return the public key of a seed; raise NotEnrolled when it is none."""
    try:
        return str(nkeys.from_seed(seed.encode()).public_key.decode())
    except (nkeys.NkeysError, ValueError) as exc:
        raise NotEnrolled("the node's seed is damaged: enrol the node again") from exc


def signature(seed: str, message: bytes) -> str:
    """Return the base64 signature of `message`."""
    return base64.b64encode(nkeys.from_seed(seed.encode()).sign(message)).decode()
