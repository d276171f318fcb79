"""NATS decentralised authentication: operator, account and user JWTs, credentials files."""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nkeys
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

_PUBLIC_KEY_BYTES = 35
"""Prefix, 32 bytes of Ed25519, CRC-16. [NATS nkeys]"""
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


@dataclass(frozen=True)
class Offer:
    """A subject of one account that another may take over."""

    subject: str
    is_heard: bool = False
    """The taker hears what is said there (NATS: a stream); else it asks there (a service)."""
    answered_within_s: float | None = None
    """For this long the broker keeps the way back; None: for one answer, its own 2 minutes.

    An answer that comes later goes nowhere.
    """

    def export(self) -> Claims:
        """Return the claim of the account that offers."""
        if self.answered_within_s is None:
            return self._named()
        return {
            **self._named(),
            "response_type": "Stream",
            "response_threshold": int(self.answered_within_s * NANOSECONDS),
        }

    def take(self, account: str) -> Claims:
        """Return the claim of the account that takes it of `account`."""
        return {**self._named(), "account": account}

    def _named(self) -> Claims:
        kind = "stream" if self.is_heard else "service"
        return {"name": self.subject, "subject": self.subject, "type": kind}


@dataclass(frozen=True)
class Dealings:
    """What an account offers to others, and what it takes of the account `taken_from`."""

    offers: tuple[Offer, ...] = ()
    takes: tuple[Offer, ...] = ()
    taken_from: str = ""


def make_seed(prefix: int) -> str:
    """Return a new seed: prefix is one of nkeys.PREFIX_BYTE_OPERATOR, _ACCOUNT, _USER."""
    return str(nkeys.encode_seed(os.urandom(32), prefix).decode())


def public_key(seed: str) -> str:
    """Return the public key of a seed."""
    return str(_pair(seed).public_key.decode())


def operator_jwt(
    operator_seed: str,
    *,
    name: str,
    system_account: str,
    signing_keys: tuple[str, ...],
    issued_at: int,
) -> str:
    """Return the operator's self-signed JWT; `signing_keys` may sign accounts in its place."""
    operator = public_key(operator_seed)
    nats = {
        "type": "operator",
        "version": 2,
        "system_account": system_account,
        "signing_keys": list(signing_keys),
    }
    return _sign(operator_seed, operator, name, nats, issued_at)


def account_jwt(
    operator_seed: str,
    account: str,
    *,
    name: str,
    signing_keys: tuple[str, ...],
    has_jetstream: bool,
    issued_at: int,
    revocations: Mapping[str, int] | None = None,
    dealings: Dealings | None = None,
) -> str:
    """Return an account's JWT, signed by the operator or a signing key of its.

    revocations: users' public keys, each with the second up to which its JWTs are void.
    """
    dealt = dealings or Dealings()
    storage = _UNLIMITED if has_jetstream else 0
    nats = {
        "type": "account",
        "version": 2,
        "signing_keys": list(signing_keys),
        "revocations": dict(revocations or {}),
        "exports": [offer.export() for offer in dealt.offers],
        "imports": [offer.take(dealt.taken_from) for offer in dealt.takes],
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
        # Named only where a signing key signs in the account's place.
        **({} if public_key(signing_seed) == account else {"issuer_account": account}),
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


def claims_of(jwt: str) -> Claims:
    """Return what a JWT says, its signature unchecked; raise ValueError for no JWT."""
    body = jwt.split(".")[1] if jwt.count(".") == 2 else ""
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if not isinstance(claims, dict):
        raise ValueError("not a JWT")
    return claims


def is_user_key(text: str) -> bool:
    """Tell whether `text` is the public key of a user."""
    try:
        raw = base64.b32decode(text)
    except ValueError:
        return False
    if len(raw) != _PUBLIC_KEY_BYTES or raw[0] != nkeys.PREFIX_BYTE_USER:
        return False
    return binascii.crc_hqx(raw[:-2], 0) == int.from_bytes(raw[-2:], "little")


def is_signed_by(user: str, message: bytes, signature: bytes) -> bool:
    """Tell whether the user with this public key signed `message`."""
    if not is_user_key(user):
        return False
    try:
        VerifyKey(base64.b32decode(user)[1:-2]).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


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
