"""Key material in one folder, made once: operator, accounts, signing keys, credentials."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nkeys
from pydantic import BaseModel

from contracts.ids import NodeName
from services.trust.authority import AccountKeeper, NodeSigner
from services.trust.grants import SERVICE_GRANTS, SYSTEM_GRANTS, node_grants
from services.trust.nats_jwt import (
    Grants,
    account_jwt,
    claims_of,
    creds_text,
    make_seed,
    operator_jwt,
    public_key,
    user_jwt,
)

NODE_LIFE_S = 30 * 86_400
_APP_NAME = "APP"
_SEEDS = {
    "operator": nkeys.PREFIX_BYTE_OPERATOR,
    "operator-signing": nkeys.PREFIX_BYTE_OPERATOR,
    "system": nkeys.PREFIX_BYTE_ACCOUNT,
    "app": nkeys.PREFIX_BYTE_ACCOUNT,
    "app-signing": nkeys.PREFIX_BYTE_ACCOUNT,
}


@dataclass(frozen=True)
class BrokerTrust:
    """What the broker's configuration holds: whom it believes."""

    operator_jwt: str
    system_account: str
    system_jwt: str
    app_account: str
    app_jwt: str


class Keys:
    """The folder of keys; missing ones are made, present ones kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def trust(self) -> BrokerTrust:
        """Return the same trust at every call: it is written down when first made."""
        self._renew_operator()
        parts = {
            name: self._text(f"{name}.jwt", make)
            for name, make in {
                "operator": self._operator_jwt,
                "system": self._system_jwt,
                "app": self._app_jwt,
            }.items()
        }
        return BrokerTrust(
            operator_jwt=parts["operator"],
            system_account=self._public("system"),
            system_jwt=parts["system"],
            app_account=self._public("app"),
            app_jwt=parts["app"],
        )

    def service_creds(self, service: str) -> Path:
        """Return the credentials file of a service process, made afresh with today's grants."""
        return self._creds(f"service-{service}", SERVICE_GRANTS[service], life_s=None)

    def node_key(self, node: NodeName) -> str:
        """Return the public key in a node's credentials file; raises ValueError for a bad name."""
        node_grants(node)
        return public_key(self._user_seed(f"node-{node}"))

    def node_creds(self, node: NodeName, *, life_s: int | None = NODE_LIFE_S) -> Path:
        """Return the credentials file of a node, made afresh; life_s None: they never expire.

        Raises ValueError for a bad name.
        """
        return self._creds(f"node-{node}", node_grants(node), life_s=life_s)

    def node_signer(self) -> Path:
        """Return the file with what the API needs to admit nodes."""
        signer = {"account": self._public("app"), "signing_seed": self._seed("app-signing")}
        return self._json("node-signer", NodeSigner, signer)

    def account_keeper(self) -> Path:
        """Return the file with what the warden needs to revoke nodes."""
        keeper = {
            "account": self._public("app"),
            "name": _APP_NAME,
            "signing_keys": [self._public("app-signing")],
            "operator_signing_seed": self._seed("operator-signing"),
        }
        return self._json("account-keeper", AccountKeeper, keeper)

    def system_creds(self) -> Path:
        """Return the credentials file of the warden in the system account."""
        return self._creds("system-warden", SYSTEM_GRANTS, life_s=None, is_system=True)

    def _json(self, name: str, kind: type[BaseModel], fields: dict[str, Any]) -> Path:
        path = self.folder / f"{name}.json"
        _write(path, json.dumps(fields))
        kind.model_validate(fields)
        return path

    def _renew_operator(self) -> None:
        """Have an operator of an earlier release name its signing key."""
        path = self.folder / "operator.jwt"
        if not path.exists():
            return
        named = claims_of(path.read_text().strip())["nats"].get("signing_keys", [])
        if self._public("operator-signing") not in named:
            _write(path, self._operator_jwt() + "\n")

    def _operator_jwt(self) -> str:
        return operator_jwt(
            self._seed("operator"),
            name="layerline",
            system_account=self._public("system"),
            signing_keys=(self._public("operator-signing"),),
            issued_at=_now(),
        )

    def _system_jwt(self) -> str:
        return account_jwt(
            self._seed("operator"),
            self._public("system"),
            name="SYS",
            signing_keys=(),
            has_jetstream=False,
            issued_at=_now(),
        )

    def _app_jwt(self) -> str:
        return account_jwt(
            self._seed("operator"),
            self._public("app"),
            name=_APP_NAME,
            signing_keys=(self._public("app-signing"),),
            has_jetstream=True,
            issued_at=_now(),
        )

    def _creds(
        self, name: str, grants: Grants, *, life_s: int | None, is_system: bool = False
    ) -> Path:
        seed = self._user_seed(name)
        jwt = user_jwt(
            self._seed("system" if is_system else "app-signing"),
            account=self._public("system" if is_system else "app"),
            user=public_key(seed),
            name=name,
            grants=grants,
            issued_at=_now(),
            expires_at=None if life_s is None else _now() + life_s,
        )
        path = self.folder / f"{name}.creds"
        _write(path, creds_text(jwt, seed))
        return path

    def _user_seed(self, name: str) -> str:
        return self._text(f"{name}.seed", lambda: make_seed(nkeys.PREFIX_BYTE_USER))

    def _seed(self, name: str) -> str:
        return self._text(f"{name}.seed", lambda: make_seed(_SEEDS[name]))

    def _public(self, name: str) -> str:
        return public_key(self._seed(name))

    def _text(self, filename: str, make: Callable[[], str]) -> str:
        path = self.folder / filename
        if path.exists():
            return path.read_text().strip()
        text = make()
        _write(path, text + "\n")
        return text


def _now() -> int:
    return int(time.time())


def _write(path: Path, text: str) -> None:
    """Write whole or not at all, readable by the owner alone."""
    temporary = path.with_suffix(path.suffix + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
