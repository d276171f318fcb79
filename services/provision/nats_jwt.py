"""NATS decentralised authentication: operator, account and user JWTs, credentials files."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nkeys

_HEADER = {"typ": "JWT", "alg": "ed25519-nkey"}
_UNLIMITED = -1
NANOSECONDS = 1_000_000_000

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class Grants:
    """What a user may publish and subscribe; empty means nothing, not everything."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    can_answer: bool = False
    """May publish once to the reply subject of each request that it got."""
    max_subscriptions: int = _UNLIMITED
    max_payload_bytes: int = _UNLIMITED
    connection_types: tuple[str, ...] = field(default=("STANDARD", "WEBSOCKET"))


def make_seed(prefix: int) -> str:
    """Return a new seed: prefix is one of nkeys.PREFIX_BYTE_OPERATOR, _ACCOUNT, _USER."""
    return str(nkeys.encode_seed(os.urandom(32), prefix).decode())


def public_key(seed: str) -> str:
    """Return the public key of a seed."""
    return str(_pair(seed).public_key.decode())


def operator_jwt(operator_seed: str, *, name: str, system_account: str, issued_at: int) -> str:
    """Return the operator's self-signed JWT."""
    operator = public_key(operator_seed)
    nats = {"type": "operator", "version": 2, "system_account": system_account}
    return _sign(operator_seed, operator, name, nats, issued_at)


def account_jwt(
    operator_seed: str,
    account: str,
    *,
    name: str,
    signing_keys: tuple[str, ...],
    has_jetstream: bool,
    issued_at: int,
) -> str:
    """Return an account's JWT, signed by the operator."""
    storage = _UNLIMITED if has_jetstream else 0
    nats = {
        "type": "account",
        "version": 2,
        "signing_keys": list(signing_keys),
        "default_permissions": {"pub": {}, "sub": {}},
        "limits": {
            **dict.fromkeys(
                ("subs", "data", "payload", "imports", "exports", "conn", "leaf"), _UNLIMITED
            ),
            "wildcards": True,
            **dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), storage),
        },
    }
    return _sign(operator_seed, account, name, nats, issued_at)


def user_jwt(
    signing_seed: str,
    *,
    account: str,
    user: str,
    name: str,
    grants: Grants,
    issued_at: int,
    expires_at: int | None,
) -> str:
    """Return a user's JWT, signed by the account's signing key; times in Unix seconds."""
    nats: dict[str, Any] = {
        "type": "user",
        "version": 2,
        "issuer_account": account,
        "pub": _allow(grants.publish),
        "sub": _allow(grants.subscribe),
        "subs": grants.max_subscriptions,
        "data": _UNLIMITED,
        "payload": grants.max_payload_bytes,
        "allowed_connection_types": list(grants.connection_types),
    }
    if grants.can_answer:
        nats["resp"] = {"max": 1, "ttl": 30 * NANOSECONDS}
    return _sign(signing_seed, user, name, nats, issued_at, expires_at)


def creds_text(jwt: str, seed: str) -> str:
    """Return what stands in a .creds file."""
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )


def _allow(subjects: tuple[str, ...]) -> dict[str, list[str]]:
    # An empty allow list means "everything" to the server: deny everything instead.
    return {"allow": list(subjects)} if subjects else {"deny": [">"]}


def _sign(
    seed: str, subject: str, name: str, nats: Claims, issued_at: int, expires_at: int | None = None
) -> str:
    claims: dict[str, Any] = {
        "iat": issued_at,
        "iss": public_key(seed),
        "sub": subject,
        "name": name,
        "nats": nats,
    }
    if expires_at is not None:
        claims["exp"] = expires_at
    digest = hashlib.sha256(json.dumps(claims, sort_keys=True).encode()).digest()
    claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
    unsigned = f"{_encoded(_HEADER)}.{_encoded(claims)}"
    signature = _pair(seed).sign(unsigned.encode())
    return f"{unsigned}.{_base64url(signature)}"


def _pair(seed: str) -> Any:
    return nkeys.from_seed(seed.encode())


def _encoded(part: Claims) -> str:
    return _base64url(json.dumps(part, separators=(",", ":")).encode())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
