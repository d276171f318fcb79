"""Challenges that need no memory: whoever has the signing key can tell its own ones."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

from services.trust.authority import NodeSigner

LIFE_S: Final = 60
_NONCE_BYTES: Final = 16
_PURPOSE: Final = b"layerline node challenge 1"


def make_challenge(signer: NodeSigner, public_key: str, *, now: datetime) -> str:
    """Return a challenge for this key, good for LIFE_S."""
    return _sealed(signer, public_key, f"{int(now.timestamp())}.{secrets.token_hex(_NONCE_BYTES)}")


def is_own_challenge(signer: NodeSigner, public_key: str, challenge: str, *, now: datetime) -> bool:
    """Tell whether the challenge was made for this key, less than LIFE_S ago."""
    head, _, _ = challenge.rpartition(".")
    if not hmac.compare_digest(_sealed(signer, public_key, head).encode(), challenge.encode()):
        return False
    made_at = int(head.partition(".")[0])
    return 0 <= int(now.timestamp()) - made_at <= LIFE_S


def _sealed(signer: NodeSigner, public_key: str, head: str) -> str:
    seed = signer.signing_seed.get_secret_value().encode()
    key = hmac.digest(seed, _PURPOSE, hashlib.sha256)
    seal = hmac.digest(key, f"{head}\n{public_key}".encode(), hashlib.sha256)
    return f"{head}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"
