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
from services.trust.grants import NODES_MAY_TAKE, SERVICE_GRANTS, SYSTEM_GRANTS, node_grants
from services.trust.nats_jwt import (
    Dealings,
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
_NODES_NAME = "NODES"
_SEEDS = {
    "operator": nkeys.PREFIX_BYTE_OPERATOR,
    "operator-signing": nkeys.PREFIX_BYTE_OPERATOR,
    "system": nkeys.PREFIX_BYTE_ACCOUNT,
    "app": nkeys.PREFIX_BYTE_ACCOUNT,
    "app-signing": nkeys.PREFIX_BYTE_ACCOUNT,
    "nodes": nkeys.PREFIX_BYTE_ACCOUNT,
    "nodes-signing": nkeys.PREFIX_BYTE_ACCOUNT,
}


@dataclass(frozen=True)
class BrokerTrust:
    """What the broker's configuration holds: whom it believes."""

    operator_jwt: str
    system_account: str
    system_jwt: str
    app_account: str
    app_jwt: str
    nodes_account: str
    nodes_jwt: str


class Keys:
    """The folder of keys; missing ones are made, present ones kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def trust(self) -> BrokerTrust:
        """Return the same trust at every call: it is written down when first made."""
        self._renew_operator()
        self._renew_app()
        parts = {
            name: self._text(f"{name}.jwt", make)
            for name, make in {
                "operator": self._operator_jwt,
                "system": self._system_jwt,
                "app": self._app_jwt,
                "nodes": self._nodes_jwt,
            }.items()
        }
        return BrokerTrust(
            operator_jwt=parts["operator"],
            system_account=self._public("system"),
            system_jwt=parts["system"],
            app_account=self._public("app"),
            app_jwt=parts["app"],
            nodes_account=self._public("nodes"),
            nodes_jwt=parts["nodes"],
        )

    def service_creds(self, service: str) -> Path:
        """Return the credentials file of a service process, made afresh with today's grants."""
        return self._creds(f"service-{service}", SERVICE_GRANTS[service], signed_by="app-signing")

    def node_key(self, node: NodeName) -> str:
        """Return the public key in a node's credentials file; raises ValueError for a bad name."""
        node_grants(node)
        return public_key(self._user_seed(f"node-{node}"))

    def node_creds(self, node: NodeName, *, life_s: int | None = NODE_LIFE_S) -> Path:
        """Return the credentials file of a node, made afresh; life_s None: they never expire.

        Raises ValueError for a bad name.
        """
        grants = node_grants(node)
        return self._creds(f"node-{node}", grants, signed_by="nodes-signing", life_s=life_s)

    def node_signer(self) -> Path:
        """Return the file with what the API needs to admit nodes."""
        signer = {
            "account": self._public("nodes"),
            "signing_seed": self._seed("nodes-signing"),
        }
        return self._json("node-signer", NodeSigner, signer)

    def account_keeper(self) -> Path:
        """Return the file with what the warden needs to revoke nodes."""
        keeper = {
            "account": self._public("nodes"),
            "name": _NODES_NAME,
            "signing_keys": [self._public("nodes-signing")],
            "services_account": self._public("app"),
            "operator_signing_seed": self._seed("operator-signing"),
        }
        return self._json("account-keeper", AccountKeeper, keeper)

    def system_creds(self) -> Path:
        """Return the credentials file of the warden in the system account."""
        return self._creds("system-warden", SYSTEM_GRANTS, signed_by="system")

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

    def _renew_app(self) -> None:
        """Have an account of an earlier release offer what nodes need."""
        path = self.folder / "app.jwt"
        if path.exists() and not claims_of(path.read_text().strip())["nats"].get("exports"):
            _write(path, self._app_jwt() + "\n")

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
            name="APP",
            signing_keys=(self._public("app-signing"),),
            has_jetstream=True,
            issued_at=_now(),
            dealings=Dealings(offers=NODES_MAY_TAKE),
        )

    def _nodes_jwt(self) -> str:
        return account_jwt(
            self._seed("operator"),
            self._public("nodes"),
            name=_NODES_NAME,
            signing_keys=(self._public("nodes-signing"),),
            has_jetstream=False,
            issued_at=_now(),
            dealings=Dealings(takes=NODES_MAY_TAKE, taken_from=self._public("app")),
        )

    def _creds(
        self, name: str, grants: Grants, *, signed_by: str, life_s: int | None = None
    ) -> Path:
        seed = self._user_seed(name)
        jwt = user_jwt(
            self._seed(signed_by),
            account=self._public(signed_by.removesuffix("-signing")),
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
